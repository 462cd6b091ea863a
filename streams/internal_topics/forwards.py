"""Records of `<app>.reroutes` that are events found in another partition than their subject's.

Not every client's default partitioner hashes as Java's does. The task that reads such an event
forwards it to the task of its subject. The key names the record that was read, so that compaction
drops no event, and nobody. The receiver stores the event in its own state, and writes a tombstone
in the same transaction, so that nothing of an erased subject is left here.
"""

from collections.abc import Iterable
from dataclasses import replace

from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.events import Rejected
from streams.events.formats.kafka_records import canonical_value
from streams.events.key_value import KeyValue
from streams.internal_topics.partitioner import partition_of
from streams.kafka import topics

# Keys of reroutes begin with a digit.
PREFIX = b"event|"


def is_forward(key: bytes | None) -> bool:
    """Whether a record of the topic is a forwarded event, or the tombstone of one."""
    return key is not None and key.startswith(PREFIX)


def writes(
    settings: Settings, records: Iterable[ConsumerRecord]
) -> dict[TopicPartition, list[KeyValue]]:
    """Encode the forwarded events of source topics, by partition; canonical, without headers."""
    by_partition: dict[TopicPartition, list[KeyValue]] = {}
    name = topics.reroutes(settings)
    for record in records:
        to = TopicPartition(name, partition_of(record.key, settings.partitions))
        key = b"%b%b|%d|%d" % (PREFIX, record.topic.encode(), record.partition, record.offset)
        value = canonical_value(record.value, record.headers)
        assert not isinstance(value, Rejected)  # noqa: S101 - what is forwarded was decoded
        by_partition.setdefault(to, []).append((key, value))
    return by_partition


def sender_of(key: bytes) -> int:
    """The shard that forwarded an event: the partition that it was found in."""
    return int(key.split(b"|")[2])


def original(record: ConsumerRecord, key: bytes | None) -> ConsumerRecord:
    """The record of the source topic that was forwarded, given its key."""
    _, topic, partition, offset = record.key.split(b"|")
    return replace(
        record, topic=topic.decode(), partition=int(partition), offset=int(offset), key=key
    )
