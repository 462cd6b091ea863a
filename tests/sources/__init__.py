"""Sources: mapping files, bodies, verification."""
