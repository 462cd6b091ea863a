"""Records of `<app>.moved`: what one shard says of merged subjects' events to another.

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
from streams.engine.aggregate.reroutes import Move
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.reader import ends, read_to
from streams.kafka.transactional_producer import Pair

_choose = DefaultPartitioner()


@dataclass
class Moved:
    """What a shard has said to others, and what others have said to it."""

    said: dict[bytes, Move] = field(default_factory=dict)
    reached: dict[int, int] = field(default_factory=dict)  # partition: offset of the last word
    heard: dict[bytes, Move] = field(default_factory=dict)
    heard_at: dict[bytes, int] = field(default_factory=dict)  # key: offset of the last word
    position: int = 0  # all below it is in `heard`

    @property
    def next_offset(self) -> int:
        """The offset after the last word heard."""
        return max(self.heard_at.values(), default=-1) + 1

    def before(self, offset: int) -> dict[bytes, Move]:
        """Leave out of `heard` what was said from an offset on."""
        if offset >= self.next_offset:
            return self.heard
        return {key: move for key, move in self.heard.items() if self.heard_at[key] < offset}


def partitions(settings: Settings) -> list[TopicPartition]:
    """List the topic's partitions, one a shard."""
    name = topics.moved(settings)
    return [TopicPartition(name, number) for number in range(settings.partitions)]


def shard_of(subject: str, settings: Settings) -> int:
    """Say which shard has a subject: Kafka's clients put its events there by its name."""
    numbers = list(range(settings.partitions))
    number: int = _choose(subject.encode(), numbers, numbers)
    return number


def writes(
    settings: Settings, shard: int, moves: Iterable[Move]
) -> dict[TopicPartition, list[Pair]]:
    """Sort a shard's words by the partition that each belongs in."""
    sorted_out: dict[TopicPartition, list[Pair]] = {}
    name, prefix = topics.moved(settings), b"%d|" % shard
    for move in moves:
        to = TopicPartition(name, shard_of(move.subject, settings))
        sorted_out.setdefault(to, []).append((prefix + move.key, move.value))
    return sorted_out


def read(record: ConsumerRecord) -> tuple[int, Move]:
    """Give a record's writer and what it says."""
    writer, _, key = (record.key or b"").partition(b"|")
    if not writer.isdigit():
        raise Fatal(f"{record.topic}/{record.partition} holds a record that is none of ours")
    return int(writer), Move.read(key, record.value)


async def moved(settings: Settings, shards: Collection[int]) -> dict[int, Moved]:
    """Read what some shards said and heard, to the end each partition has now.

    As for the partials: call it only when all those shards are taken.
    """
    found = {shard: Moved() for shard in shards}
    stops = await ends(settings, partitions(settings))
    for place, stop in stops.items():
        if place.partition in found:
            found[place.partition].position = stop
    async for place, records in read_to(settings, stops):
        reader = found.get(place.partition)
        for record in records:
            writer, move = read(record)
            if reader is not None:
                _note(reader.heard, record.key, move)
                reader.heard_at[record.key] = record.offset
            if writer in found:
                _note(found[writer].said, move.key, move)
                found[writer].reached[place.partition] = record.offset
    return found


def difference(standing: Iterable[Move], said: dict[bytes, Move]) -> list[Move]:
    """Give what has to be said so that others who heard one thing know the other."""
    wanted = {move.key: move for move in standing}
    back = [move._replace(value=None) for key, move in said.items() if key not in wanted]
    return back + [move for key, move in wanted.items() if said.get(key) != move]


def _note(standing: dict[bytes, Move], key: bytes, move: Move) -> None:
    if move.value is None:
        standing.pop(key, None)
    else:
        standing[key] = move
