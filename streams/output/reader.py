"""The reader of published topics: all records of a topic first, then each new one."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.kafka.errors import Fatal, TopicsMissing, TopicsWrong
from streams.kafka.reader import (
    POLL_MS,
    STALLED_SECONDS,
    ends,
    learn,
    reader,
)
from streams.kafka.topics import (
    ALERTS,
    CATALOGUE,
    KPIS,
    MERGE_PARTITIONS,
)

# Views are updated between two polls; larger batches would block the rest of the process.
BATCH_RECORDS = 1_000


class View(Protocol):
    """A view that is kept up to date with the latest record of each key."""

    def update(self, key: str, record: bytes | None) -> None:
        """Replace a key's record by the newest, exactly as published; None removes it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Keys with their records, in the order of their partitions; None is a tombstone.

    `is_caught_up` is true from the batch on that completes the records present at the start.
    """

    records: Sequence[tuple[str, bytes | None]]
    is_caught_up: bool


class Entry(NamedTuple):
    """A record with its place in the topic; None is a tombstone. `written_ms` is Kafka's time."""

    key: str
    record: bytes | None
    partition: int
    offset: int
    written_ms: int


@dataclass(frozen=True, slots=True)
class PlacedBatch:
    """Like `Batch`, with where each partition is to be read from after it."""

    entries: Sequence[Entry]
    positions: Mapping[int, int]
    is_caught_up: bool


def partitions(settings: Settings, topic: str) -> tuple[TopicPartition, ...]:
    """Return the partitions of a topic of published records."""
    count = {KPIS: MERGE_PARTITIONS, ALERTS: settings.partitions, CATALOGUE: 1}[topic]
    return tuple(TopicPartition(topic, number) for number in range(count))


async def offsets(settings: Settings, topic: str) -> dict[int, tuple[int, int]]:
    """Return the first and the next offset of each partition.

    Raises TopicsMissing if there is no such topic, TopicsWrong if it has another number of
    partitions than the settings say, Fatal if Kafka cannot be read.
    """
    assigned = partitions(settings, topic)
    async with reader(settings, committed=False) as consumer:
        await _require(consumer, topic)
        # The client knows how many partitions a topic has once it has asked about one.
        learn(consumer, assigned[:1])
        await consumer.beginning_offsets(assigned[:1])
        there = consumer.partitions_for_topic(topic) or ()
        if len(there) != len(assigned):
            raise TopicsWrong(
                f"topic {topic} has {len(there)} partitions, not {len(assigned)}: is"
                " SALES_KPIS_PARTITIONS what it was created with?"
            )
        learn(consumer, assigned)
        first = await consumer.beginning_offsets(assigned)
        stops = await consumer.end_offsets(assigned)
    return {each.partition: (first[each], stops[each]) for each in assigned}


async def _require(consumer: AIOKafkaConsumer, topic: str) -> None:
    if topic not in await consumer.topics():
        raise TopicsMissing(
            f"topic {topic} is missing, or hidden from this user; run: sales-kpis topics apply"
        )


async def read(settings: Settings, topic: str = KPIS) -> AsyncGenerator[Batch, None]:
    """Yield every committed record of a topic from the first on, without end.

    The first batch that is caught up completes the records present when this was called,
    including those of commits under way; a batch may be empty. Raises TopicsMissing if there is
    no such topic, Fatal if Kafka cannot be read or if there is no progress for STALLED_SECONDS
    before that batch. The caller closes the iterator.
    """
    async with aclosing(read_from(settings, topic)) as batches:
        async for batch in batches:
            yield Batch([(each.key, each.record) for each in batch.entries], batch.is_caught_up)


async def read_from(
    settings: Settings, topic: str, starts: Mapping[int, int] = MappingProxyType({})
) -> AsyncGenerator[PlacedBatch, None]:
    """Yield committed records as `read` does, from a start offset in each partition that has one.

    A reader that keeps the positions of a batch with its records goes on there after a restart.
    """
    async with reader(settings) as consumer:
        await _require(consumer, topic)
        assigned = partitions(settings, topic)
        stops = await ends(settings, assigned, committed=False)
        consumer.assign(assigned)
        # seek_to_beginning followed by position may answer the end.
        for partition, first in (await consumer.beginning_offsets(assigned)).items():
            consumer.seek(partition, max(first, starts.get(partition.partition, 0)))
        unread = set(assigned)
        clock = asyncio.get_running_loop().time
        progressed_at = clock()
        while True:
            records = await _poll(consumer)
            # The marker that ends a transaction has an offset but is no record: the position
            # passes it, no record ever does.
            positions = {p: await consumer.position(p) for p in assigned}
            if unread:
                unread = {p for p in unread if positions[p] < stops[p]}
                progressed_at = _require_progress(progressed_at, bool(records), unread)
            places = {p.partition: position for p, position in positions.items()}
            given_at = clock()
            yield PlacedBatch([_entry(record) for record in records], places, not unread)
            # The time that the caller needs is not Kafka's.
            progressed_at += clock() - given_at


async def _poll(consumer: AIOKafkaConsumer) -> list[ConsumerRecord]:
    found = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH_RECORDS)
    # A poll of records that were fetched before does not yield to the event loop by itself.
    await asyncio.sleep(0)
    return [record for records in found.values() for record in records]


def _require_progress(
    progressed_at: float, has_progressed: bool, unread: set[TopicPartition]
) -> float:
    now = asyncio.get_running_loop().time()
    if has_progressed or not unread:
        return now
    if now - progressed_at > STALLED_SECONDS:
        names = ", ".join(f"{p.topic}/{p.partition}" for p in sorted(unread))
        raise Fatal(f"nothing to read for {STALLED_SECONDS:.0f} s before the end of {names}")
    return progressed_at


def _entry(record: ConsumerRecord) -> Entry:
    if record.key is None:
        record_key = f"{record.topic}/{record.partition}"
        raise Fatal(f"{record_key} holds a record without a key at {record.offset}")
    place = (record.partition, record.offset, record.timestamp)
    return Entry(record.key.decode(), record.value, *place)


class Feed:
    """Updates views from one reader, on the event loop, one record at a time.

    `caught_up` is set once they have all records that were there at the start. Not for two runs at
    once.
    """

    def __init__(self, settings: Settings, *views: View, topic: str = KPIS) -> None:
        self.caught_up = asyncio.Event()
        self._settings = settings
        self._topic = topic
        self._views = views

    async def run(self) -> None:
        """Read until cancelled. Raises what `read` and the views raise."""
        updates = [view.update for view in self._views]
        async with aclosing(read(self._settings, self._topic)) as batches:
            async for batch in batches:
                for key, record in batch.records:
                    for update in updates:
                        update(key, record)
                if batch.is_caught_up:
                    self.caught_up.set()
