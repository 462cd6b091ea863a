"""Bodies: forms, JSON, XML, and their items."""
