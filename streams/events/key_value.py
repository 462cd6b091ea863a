"""The type of a Kafka record's key and value, shared by the pure rooms and the clients."""

# The value of a tombstone is None.
KeyValue = tuple[bytes, bytes | None]
