"""The translation of the inbox, on a real Kafka."""
