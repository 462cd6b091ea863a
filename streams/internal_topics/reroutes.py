"""Records of `<app>.reroutes`: what one shard says of merged subjects' events to another.

Key `shard|...`, the shard being the one that says it: whatever it said before under the same key
no longer counts, and a null value takes it back. The topic is compacted, so it is at any time all
that has to be known: a new owner reads the words to its shard from here, not from its state, and
what was taken back because a person was erased does not stay.
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
    """What a shard has said to others, and what others have said to it."""

    sent: dict[bytes, Reroute] = field(default_factory=dict)
    sent_offsets: dict[int, int] = field(default_factory=dict)  # partition: offset of the last word
    received: dict[bytes, Reroute] = field(default_factory=dict)
    received_at: dict[bytes, int] = field(default_factory=dict)  # key: offset of the last word
    committed_offset: int = 0  # all below it is in `heard`

    @property
    def next_offset(self) -> int:
        """The offset after the last word heard."""
        return max(self.received_at.values(), default=-1) + 1

    def received_before(self, offset: int) -> dict[bytes, Reroute]:
        """Leave out of `heard` what was said from an offset on."""
        if offset >= self.next_offset:
            return self.received
        return {
            key: reroute for key, reroute in self.received.items() if self.received_at[key] < offset
        }


def partitions(settings: Settings) -> list[TopicPartition]:
    """List the topic's partitions, one a shard."""
    name = topics.reroutes(settings)
    return [TopicPartition(name, number) for number in range(settings.partitions)]


def shard_of(subject: str, settings: Settings) -> int:
    """Say which shard has a subject: Kafka's clients put its events there by its name."""
    numbers = list(range(settings.partitions))
    number: int = _choose(subject.encode(), numbers, numbers)
    return number


def writes(
    settings: Settings, shard: int, reroutes: Iterable[Reroute]
) -> dict[TopicPartition, list[KeyValue]]:
    """Sort a shard's words by the partition that each belongs in."""
    sorted_out: dict[TopicPartition, list[KeyValue]] = {}
    name, prefix = topics.reroutes(settings), b"%d|" % shard
    for reroute in reroutes:
        to = TopicPartition(name, shard_of(reroute.subject, settings))
        sorted_out.setdefault(to, []).append((prefix + reroute.key, reroute.value))
    return sorted_out


def parse(record: ConsumerRecord) -> tuple[int, Reroute]:
    """Give a record's writer and what it says."""
    writer, _, key = (record.key or b"").partition(b"|")
    if not writer.isdigit():
        raise Fatal(f"{record.topic}/{record.partition} holds a record that is none of ours")
    return int(writer), Reroute.read(key, record.value)


async def read_reroutes(settings: Settings, shards: Collection[int]) -> dict[int, ReroutesRead]:
    """Read what some shards said and heard, to the end each partition has now.

    As for the partials: call it only when all those shards are taken.
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


def difference(current: Iterable[Reroute], reports: dict[bytes, Reroute]) -> list[Reroute]:
    """Give what has to be said so that others who heard one thing know the other."""
    wanted = {reroute.key: reroute for reroute in current}
    back = [reroute._replace(value=None) for key, reroute in reports.items() if key not in wanted]
    return back + [reroute for key, reroute in wanted.items() if reports.get(key) != reroute]


def _record(current: dict[bytes, Reroute], key: bytes, reroute: Reroute) -> None:
    if reroute.value is None:
        current.pop(key, None)
    else:
        current[key] = reroute
