"""Readers of whole partitions, from the first record to an end known beforehand."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import MappingProxyType

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.kafka.client import client, close_client, safe_to_cancel
from streams.kafka.errors import Fatal
from streams.kafka.progress_tracker import report_progress

Records = list[ConsumerRecord]
Offsets = dict[TopicPartition, int]
# Longer than a dead worker's open transaction can hold a partition back, and shorter than what
# ends a worker without progress: this error says more.
STALLED_SECONDS = 45.0
POLL_MS = 200
# The client waits this long for each topic that it does not know yet.
BACKOFF_MS = 10
FETCH_BYTES = 4 * 1024 * 1024
# Single records are fetched with those beside them.
FEW_BYTES = 128 * 1024
# Records that are not wanted are read, too, if the next one that is follows so soon.
NEAR_OFFSETS = 500
# A poll decodes without a pause; other tasks of the event loop run between polls.
RECORDS_PER_POLL = 5_000


@asynccontextmanager
async def reader(
    settings: Settings, *, committed: bool = True, fetch_bytes: int = FETCH_BYTES
) -> AsyncIterator[AIOKafkaConsumer]:
    """Yield a started consumer without a group; it reads committed records only, or all."""
    consumer = safe_to_cancel(
        AIOKafkaConsumer(
            **client(settings),
            isolation_level="read_committed" if committed else "read_uncommitted",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=fetch_bytes,
            fetch_max_wait_ms=POLL_MS,
            retry_backoff_ms=BACKOFF_MS,
        )
    )
    try:
        await consumer.start()
        yield consumer
    except KafkaError as error:
        raise _failure(error) from error
    finally:
        if not await close_client("a reader", consumer.stop()):
            # It fails where one of its own tasks was cancelled, before it closes its connections.
            await close_client("a reader's connections", consumer._client.close())


async def ends(
    settings: Settings, partitions: Collection[TopicPartition], *, committed: bool = False
) -> dict[TopicPartition, int]:
    """Return where each partition ends, or where its first open transaction begins."""
    async with reader(settings, committed=committed) as consumer:
        learn(consumer, partitions)
        found: dict[TopicPartition, int] = await consumer.end_offsets(list(partitions))
        return found


async def beginnings(
    settings: Settings, partitions: Collection[TopicPartition]
) -> dict[TopicPartition, int]:
    """Return the offset of each partition's first record."""
    async with reader(settings) as consumer:
        learn(consumer, partitions)
        found: dict[TopicPartition, int] = await consumer.beginning_offsets(list(partitions))
        return found


def learn(consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition]) -> None:
    """Let a consumer request the metadata of all partitions at once, without fetching any."""
    consumer.assign(list(partitions))
    consumer.pause(*partitions)


async def since(
    settings: Settings, partitions: Collection[TopicPartition], at: int
) -> dict[TopicPartition, int]:
    """Return the offset of each partition's first record from an instant on, in milliseconds.

    Partitions that have no such record are left out.
    """
    async with reader(settings) as consumer:
        learn(consumer, partitions)
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, at))
        return {partition: each.offset for partition, each in found.items() if each is not None}


async def read_to(
    settings: Settings,
    stops: Mapping[TopicPartition, int],
    starts: Mapping[TopicPartition, int] = MappingProxyType({}),
) -> AsyncIterator[tuple[TopicPartition, Records]]:
    """Yield the committed records of each partition from its first up to its stop offset.

    A partition with a start offset is read from there.

    Waits for open transactions before that offset. Raises Fatal if there is no progress for
    STALLED_SECONDS.
    """
    # Many partitions are empty, and a client for nothing takes as long as a short read.
    stops = {each: stop for each, stop in stops.items() if starts.get(each, 0) < stop}
    if not stops:
        return
    clock = asyncio.get_running_loop().time
    async with reader(settings) as consumer:
        reached = await _seek(consumer, list(stops), starts)
        unread = {p for p in stops if reached[p] < stops[p]}
        progressed_at = clock()
        while unread:
            for partition, records in (
                await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_PER_POLL)
            ).items():
                report_progress()
                stop = stops[partition]
                if records and records[-1].offset >= stop:
                    records = [record for record in records if record.offset < stop]
                if records:
                    yield partition, records
            for partition in list(unread):
                position = await consumer.position(partition)
                # What was aborted moves the position alone.
                if position != reached[partition]:
                    reached[partition], progressed_at = position, clock()
                    report_progress()
                if position >= stops[partition]:
                    unread.discard(partition)
                    consumer.pause(partition)
            if clock() - progressed_at > STALLED_SECONDS:
                raise _stalled(unread)


async def read_at(
    settings: Settings, partition: TopicPartition, offsets: Collection[int]
) -> dict[int, ConsumerRecord]:
    """Return the committed records at some offsets; those that are gone are left out.

    Raises Fatal if there is no progress for STALLED_SECONDS.
    """
    found: dict[int, ConsumerRecord] = {}
    wanted, unread = set(offsets), deque(sorted(offsets))
    clock = asyncio.get_running_loop().time
    async with reader(settings, fetch_bytes=FEW_BYTES) as consumer:
        consumer.assign([partition])
        reached, progressed_at = -1, clock()
        while unread:
            if not reached <= unread[0] <= reached + NEAR_OFFSETS:
                reached = unread[0]
                consumer.seek(partition, reached)
            for records in (await consumer.getmany(partition, timeout_ms=POLL_MS)).values():
                found |= {each.offset: each for each in records if each.offset in wanted}
            position = await consumer.position(partition)
            if position > reached:
                reached, progressed_at = position, clock()
                report_progress()
            elif clock() - progressed_at > STALLED_SECONDS:
                raise _stalled([partition])
            while unread and unread[0] < reached:
                unread.popleft()
    return found


def _failure(error: KafkaError) -> Fatal:
    return Fatal(f"reading from Kafka failed: {error!r}; is it there? `sales-kpis doctor` looks")


def _stalled(unread: Collection[TopicPartition]) -> Fatal:
    names = ", ".join(f"{p.topic}/{p.partition}" for p in sorted(unread))
    return Fatal(
        f"nothing to read for {STALLED_SECONDS:.0f} s before the end of {names};"
        " was a transaction left open there? `sales-kpis doctor` looks"
    )


async def _seek(
    consumer: AIOKafkaConsumer,
    partitions: list[TopicPartition],
    starts: Mapping[TopicPartition, int],
) -> dict[TopicPartition, int]:
    """Let a consumer read partitions from their first records, or from their start offsets."""
    consumer.assign(partitions)
    # seek_to_beginning followed by position may answer the end.
    reached: dict[TopicPartition, int] = await consumer.beginning_offsets(partitions)
    for partition, first in reached.items():
        reached[partition] = max(first, starts.get(partition, 0))
        consumer.seek(partition, reached[partition])
    return reached


class OffsetClient:
    """Asks Kafka itself where partitions begin and end, with one client for many questions.

    What a reading client knows is as old as its last fetch, and a new client for each question
    takes longer than the answer. Several tasks may ask at the same time.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()
        # By whether what is not committed yet is left out.
        self._consumers: dict[bool, AIOKafkaConsumer] = {}
        self._known: dict[bool, set[TopicPartition]] = {}
        self._starting = asyncio.Lock()

    async def ends(
        self, partitions: Collection[TopicPartition], *, committed: bool = False
    ) -> Offsets:
        """Return where each partition ends, or where its first open transaction begins."""
        if not partitions:
            return {}
        async with self._consumer(partitions, committed=committed) as consumer:
            found: Offsets = await consumer.end_offsets(list(partitions))
            return found

    async def beginnings(self, partitions: Collection[TopicPartition]) -> Offsets:
        """Return the offset of each partition's first record."""
        if not partitions:
            return {}
        # Either client answers this.
        committed = next(iter(self._consumers), False)
        async with self._consumer(partitions, committed=committed) as consumer:
            found: Offsets = await consumer.beginning_offsets(list(partitions))
            return found

    async def close(self) -> None:
        """Close the connections; the next question opens new ones."""
        self._consumers.clear()
        await self._stack.aclose()

    @asynccontextmanager
    async def _consumer(
        self, partitions: Collection[TopicPartition], *, committed: bool
    ) -> AsyncIterator[AIOKafkaConsumer]:
        async with self._starting:
            consumer = self._consumers.get(committed)
            if consumer is None:
                started = reader(self._settings, committed=committed)
                consumer = await self._stack.enter_async_context(started)
                self._consumers[committed], self._known[committed] = consumer, set()
            known = self._known[committed]
            if not known.issuperset(partitions):
                known.update(partitions)
                learn(consumer, known)
        try:
            yield consumer
        except KafkaError as error:
            await self.close()
            raise _failure(error) from error
