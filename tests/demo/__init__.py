"""The demo: what it makes up, what it shows, how it ends."""
