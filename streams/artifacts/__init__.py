"""Pages that are generated from the code; tests hold the committed ones equal."""
