"""Generated pages are what the code says."""
