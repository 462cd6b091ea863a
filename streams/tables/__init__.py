"""Durable tables: rows, positions and publications, kept by fenced Kafka transactions."""
