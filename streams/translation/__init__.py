"""Translation of the inbox: from deliveries to events on Kafka, at least once."""
