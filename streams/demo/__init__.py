"""A small company that sells, so that a newcomer sees live numbers at once."""
