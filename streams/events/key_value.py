"""A key and a value as Kafka keeps them; the pure rooms and the clients share this type."""

# The value of a tombstone is None.
KeyValue = tuple[bytes, bytes | None]
