"""The state of an aggregate task: snapshots, and event sets out of memory."""
