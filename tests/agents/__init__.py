"""Whole workers against a real broker, with a core that only counts."""
