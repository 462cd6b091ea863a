"""Records of `<app>.reroutes`: events of merged subjects, from one shard to another.

Key `shard|...` with the sending shard: a record replaces earlier ones with its key, and a null
value withdraws the event. The topic is compacted and always complete: a new owner reads the
reroutes to its shard from here, not from its state, and events withdrawn because a person was
erased do not stay.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.partitioner import DefaultPartitioner

from streams.config.settings import Settings
from streams.engine.aggregate.reroutes import Reroute
from streams.events.key_value import KeyValue
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.reader import ends, read_to

_choose = DefaultPartitioner()


@dataclass
class ReroutesRead:
    """The reroutes in force that a shard sent and received."""

    sent: dict[bytes, Reroute] = field(default_factory=dict)
    # By partition, the offset of the last record.
    sent_offsets: dict[int, int] = field(default_factory=dict)
    received: dict[bytes, Reroute] = field(default_factory=dict)
    # By record key, the offset of the last record.
    received_at: dict[bytes, int] = field(default_factory=dict)
    # All records below it are in `received`.
    committed_offset: int = 0

    @property
    def next_offset(self) -> int:
        """The offset after the last record received."""
        return max(self.received_at.values(), default=-1) + 1

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
    """The shard of a subject: Kafka's clients send its events there by its name."""
    numbers = list(range(settings.partitions))
    number: int = _choose(subject.encode(), numbers, numbers)
    return number


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


async def read_reroutes(settings: Settings, shards: Collection[int]) -> dict[int, ReroutesRead]:
    """Read what some shards sent and received, to the current end of each partition.

    Call it only when earlier owners of all these shards are fenced.
    """
    found = {shard: ReroutesRead() for shard in shards}
    stops = await ends(settings, partitions(settings))
    for partition, stop in stops.items():
        if partition.partition in found:
            found[partition.partition].committed_offset = stop
    async for partition, records in read_to(settings, stops):
        reader = found.get(partition.partition)
        for record in records:
            writer, reroute = parse(record)
            if reader is not None:
                _record(reader.received, record.key, reroute)
                reader.received_at[record.key] = record.offset
            if writer in found:
                _record(found[writer].sent, reroute.key, reroute)
                found[writer].sent_offsets[partition.partition] = record.offset
    return found


def difference(current: Iterable[Reroute], sent: dict[bytes, Reroute]) -> list[Reroute]:
    """The reroutes to send so that receivers of `sent` have `current`; None withdraws."""
    wanted = {reroute.key: reroute for reroute in current}
    back = [reroute._replace(value=None) for key, reroute in sent.items() if key not in wanted]
    return back + [reroute for key, reroute in wanted.items() if sent.get(key) != reroute]


def _record(current: dict[bytes, Reroute], key: bytes, reroute: Reroute) -> None:
    if reroute.value is None:
        current.pop(key, None)
    else:
        current[key] = reroute
