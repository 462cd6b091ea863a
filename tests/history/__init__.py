"""The history: rows in SQLite and PostgreSQL."""
