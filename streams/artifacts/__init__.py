"""Files that are generated from the code and committed; nothing at run time uses them."""
