"""Mapping files: what they may hold, and what becomes of items."""
