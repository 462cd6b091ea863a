"""Records of `<app>.reroutes`: events of merged subjects, from one shard to another.

Forwarded events are in this topic too: see `forwards`.

Key `shard|...` with the sending shard: a record replaces earlier ones with its key, and a null
value withdraws the event. The topic is compacted and always complete: a new owner reads the
reroutes to its shard from here, not from its state, and events withdrawn because a person was
erased do not stay.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.engine.aggregate.reroutes import Reroute
from streams.events.key_value import KeyValue
from streams.internal_topics import forwards
from streams.internal_topics.partitioner import partition_of
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.reader import OffsetClient, read_to


@dataclass
class ReroutesRead:
    """The reroutes in force that a shard sent and received, and the forwarded events."""

    sent: dict[bytes, Reroute] = field(default_factory=dict)
    # By partition, the offset of the last record, forwarded events included.
    sent_offsets: dict[int, int] = field(default_factory=dict)
    received: dict[bytes, Reroute] = field(default_factory=dict)
    # By record key, the offset of the last record.
    received_at: dict[bytes, int] = field(default_factory=dict)
    # By record key, the offset of each forwarded event that has no tombstone yet.
    forwarded_at: dict[bytes, int] = field(default_factory=dict)
    # All records below it are in `received` and `forwarded_at`.
    committed_offset: int = 0
    # The offset after the last record received.
    next_offset: int = 0

    def add_sent(self, record: ConsumerRecord, reroute: Reroute | None) -> None:
        """Apply a record of the shard; None is for a forwarded event."""
        self.sent_offsets[record.partition] = record.offset
        if reroute is not None:
            _replace(self.sent, reroute.key, reroute)

    def add_received(self, record: ConsumerRecord, reroute: Reroute | None) -> None:
        """Apply a record to the shard; None is for a forwarded event."""
        self.next_offset = record.offset + 1
        if reroute is not None:
            _replace(self.received, record.key, reroute)
            self.received_at[record.key] = record.offset
        elif record.value is not None:
            self.forwarded_at[record.key] = record.offset
        else:
            self.forwarded_at.pop(record.key, None)

    @property
    def notices_at(self) -> list[int]:
        """The offsets of the notices received."""
        return [self.received_at[key] for key, each in self.received.items() if each.is_notice]

    def received_before(self, offset: int) -> dict[bytes, Reroute]:
        """The reroutes received whose last record is before an offset."""
        if offset >= self.next_offset:
            return self.received
        return {
            key: reroute for key, reroute in self.received.items() if self.received_at[key] < offset
        }


def partitions(settings: Settings) -> list[TopicPartition]:
    """The topic's partitions, one per shard."""
    name = topics.reroutes(settings)
    return [TopicPartition(name, number) for number in range(settings.partitions)]


def shard_of(subject: str, settings: Settings) -> int:
    """The shard of a subject: most of Kafka's clients send its events there by its name."""
    return partition_of(subject.encode(), settings.partitions)


def writes(
    settings: Settings, shard: int, reroutes: Iterable[Reroute]
) -> dict[TopicPartition, list[KeyValue]]:
    """Encode a shard's reroutes, by partition."""
    by_partition: dict[TopicPartition, list[KeyValue]] = {}
    name, prefix = topics.reroutes(settings), b"%d|" % shard
    for reroute in reroutes:
        to = TopicPartition(name, shard_of(reroute.subject, settings))
        by_partition.setdefault(to, []).append((prefix + reroute.key, reroute.value))
    return by_partition


def parse(record: ConsumerRecord) -> tuple[int, Reroute]:
    """Decode a record into the sending shard and the reroute."""
    writer, _, key = (record.key or b"").partition(b"|")
    if not writer.isdigit():
        raise Fatal(f"{record.topic}/{record.partition} holds a record of another program")
    return int(writer), Reroute.read(key, record.value)


async def read_reroutes(
    settings: Settings, shards: Collection[int], offsets: OffsetClient
) -> dict[int, ReroutesRead]:
    """Read what some shards sent and received, to the current end of each partition.

    Call it only when earlier owners of all these shards are fenced.
    """
    found = {shard: ReroutesRead() for shard in shards}
    stops = await offsets.ends(partitions(settings))
    for partition, stop in stops.items():
        if partition.partition in found:
            found[partition.partition].committed_offset = stop
    async for partition, records in read_to(settings, stops):
        for record in records:
            if forwards.is_forward(record.key):
                writer, reroute = forwards.sender_of(record.key), None
            else:
                writer, reroute = parse(record)
            if writer in found:
                found[writer].add_sent(record, reroute)
            if partition.partition in found:
                found[partition.partition].add_received(record, reroute)
    return found


def difference(current: Iterable[Reroute], sent: dict[bytes, Reroute]) -> list[Reroute]:
    """The reroutes to send so that receivers of `sent` have `current`; None withdraws."""
    wanted = {reroute.key: reroute for reroute in current}
    back = [reroute._replace(value=None) for key, reroute in sent.items() if key not in wanted]
    return back + [reroute for key, reroute in wanted.items() if sent.get(key) != reroute]


def _replace(current: dict[bytes, Reroute], key: bytes, reroute: Reroute) -> None:
    if reroute.value is None:
        current.pop(key, None)
    else:
        current[key] = reroute
