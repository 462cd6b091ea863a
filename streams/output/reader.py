"""The one way of reading what is published: all of a topic first, then whatever comes."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.kafka.errors import Fatal
from streams.kafka.reader import (
    POLL_MS,
    STALLED_SECONDS,
    ends,
    reader,
)
from streams.kafka.topics import (
    ALERTS,
    KPIS,
    MERGE_PARTITIONS,
    TopicsMissing,
)

# Views are fed between two polls; more at once would hold up everything else in the process.
BATCH = 1_000


class View(Protocol):
    """Whatever keeps the latest records in a form of its own."""

    def update(self, key: str, record: bytes | None) -> None:
        """Take a key's newest record, exactly as published; None: it is gone."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in the order of their partitions.

    `is_caught_up` is true from the batch on that completes what was in the topic at the start.
    """

    records: Sequence[tuple[str, bytes | None]]
    is_caught_up: bool


def partitions(settings: Settings, topic: str) -> tuple[TopicPartition, ...]:
    """List the partitions of a topic of published records."""
    count = {KPIS: MERGE_PARTITIONS, ALERTS: settings.partitions}[topic]
    return tuple(TopicPartition(topic, number) for number in range(count))


async def read(settings: Settings, topic: str = KPIS) -> AsyncGenerator[Batch, None]:
    """Give every committed record of a topic from the first on, and go on without end.

    What was in the topic when this was called is complete with the first batch that is
    caught up, commits still on their way then included; a batch may be empty. Raises
    TopicsMissing if there is no such topic, Fatal if Kafka cannot be read or if nothing moves
    for a minute before that batch. Close the iterator when done with it.
    """
    async with reader(settings) as consumer:
        if topic not in await consumer.topics():
            raise TopicsMissing(
                f"topic {topic} is missing, or hidden from this user; run: sales-kpis topics apply"
            )
        places = partitions(settings, topic)
        stops = await ends(settings, places, committed=False)
        consumer.assign(places)
        # seek_to_beginning followed by position may answer the end.
        for partition, first in (await consumer.beginning_offsets(places)).items():
            consumer.seek(partition, first)
        unread = set(places)
        moved = asyncio.get_running_loop().time()
        while True:
            records = await _poll(consumer)
            if unread:
                # The marker that ends a transaction has an offset but is no record: the
                # position passes it, no record ever does.
                unread = {p for p in unread if await consumer.position(p) < stops[p]}
                moved = _patient(moved, bool(records), unread)
            yield Batch([_pair(record) for record in records], not unread)


async def _poll(consumer: AIOKafkaConsumer) -> list[ConsumerRecord]:
    found = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH)
    # A poll that finds records at hand does not let go of the loop by itself.
    await asyncio.sleep(0)
    return [record for records in found.values() for record in records]


def _patient(moved: float, has_moved: bool, unread: set[TopicPartition]) -> float:
    now = asyncio.get_running_loop().time()
    if has_moved or not unread:
        return now
    if now - moved > STALLED_SECONDS:
        names = ", ".join(f"{p.topic}/{p.partition}" for p in sorted(unread))
        raise Fatal(f"nothing to read for {STALLED_SECONDS:.0f} s before the end of {names}")
    return moved


def _pair(record: ConsumerRecord) -> tuple[str, bytes | None]:
    if record.key is None:
        record_key = f"{record.topic}/{record.partition}"
        raise Fatal(f"{record_key} holds a record without a key at {record.offset}")
    return record.key.decode(), record.value


class Feed:
    """Feeds views from one reader; `caught_up` is set once they have all there was at the start.

    Views are called on the event loop, one record at a time. Not for two runs at once.
    """

    def __init__(self, settings: Settings, *views: View, topic: str = KPIS) -> None:
        """Name the views; nothing is read before `run`."""
        self.caught_up = asyncio.Event()
        self._settings = settings
        self._topic = topic
        self._views = views

    async def run(self) -> None:
        """Read until cancelled. Raises what `read` raises, and whatever a view does."""
        puts = [view.update for view in self._views]
        async with aclosing(read(self._settings, self._topic)) as batches:
            async for batch in batches:
                for key, record in batch.records:
                    for put in puts:
                        put(key, record)
                if batch.is_caught_up:
                    self.caught_up.set()
