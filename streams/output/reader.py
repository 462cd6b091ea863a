"""The reader of published topics: all records of a topic first, then each new one."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.kafka.errors import Fatal, TopicsMissing
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


def partitions(settings: Settings, topic: str) -> tuple[TopicPartition, ...]:
    """Return the partitions of a topic of published records."""
    count = {KPIS: MERGE_PARTITIONS, ALERTS: settings.partitions}[topic]
    return tuple(TopicPartition(topic, number) for number in range(count))


async def read(settings: Settings, topic: str = KPIS) -> AsyncGenerator[Batch, None]:
    """Yield every committed record of a topic from the first on, without end.

    The first batch that is caught up completes the records present when this was called,
    including those of commits under way; a batch may be empty. Raises TopicsMissing if there is
    no such topic, Fatal if Kafka cannot be read or if there is no progress for STALLED_SECONDS
    before that batch. The caller closes the iterator.
    """
    async with reader(settings) as consumer:
        if topic not in await consumer.topics():
            raise TopicsMissing(
                f"topic {topic} is missing, or hidden from this user; run: sales-kpis topics apply"
            )
        assigned = partitions(settings, topic)
        stops = await ends(settings, assigned, committed=False)
        consumer.assign(assigned)
        # seek_to_beginning followed by position may answer the end.
        for partition, first in (await consumer.beginning_offsets(assigned)).items():
            consumer.seek(partition, first)
        unread = set(assigned)
        progressed_at = asyncio.get_running_loop().time()
        while True:
            records = await _poll(consumer)
            if unread:
                # The marker that ends a transaction has an offset but is no record: the
                # position passes it, no record ever does.
                unread = {p for p in unread if await consumer.position(p) < stops[p]}
                progressed_at = _require_progress(progressed_at, bool(records), unread)
            yield Batch([_pair(record) for record in records], not unread)


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


def _pair(record: ConsumerRecord) -> tuple[str, bytes | None]:
    if record.key is None:
        record_key = f"{record.topic}/{record.partition}"
        raise Fatal(f"{record_key} holds a record without a key at {record.offset}")
    return record.key.decode(), record.value


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
