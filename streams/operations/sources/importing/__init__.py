"""The import of exported files into Kafka."""
