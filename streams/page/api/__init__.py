"""The HTTP API: answers, their description, and workbooks of what a page shows."""
