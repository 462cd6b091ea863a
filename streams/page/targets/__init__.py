"""Targets that are set on the page: the form, what it sends, and the way to Kafka."""
