"""Reads the records that webhooks only name: what waits, in which order, and what comes of it."""
