"""The ingest of a file of canonical events into Kafka.

One JSON object per line, in any order, reference records among the events. Keys and partitions are
the same as the gateway's, so that a file and live events of one subject are in one partition.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from streams.config.settings import Settings
from streams.events import TOPIC_OF, KnownNames
from streams.events.formats.json_text import BYTE_ORDER_MARK, without_mark
from streams.gateway.errors import Problem
from streams.gateway.event_producer import (
    UNAVAILABLE,
    abandon,
    check_topics,
    new_producer,
    silence_client_logs,
)
from streams.gateway.limits import EVENT_BYTES
from streams.gateway.records import Record, checked, record

BLANKS = b" \t\r\n"
# One more than the longest event with its line end.
PART_BYTES = EVENT_BYTES + 2
READ_BYTES = PART_BYTES + len(BYTE_ORDER_MARK)
# Bad lines that are reported; further ones are only counted.
LISTED = 100
LINES_PER_REPORT = 2_000


START_SECONDS = 15.0
# Without any acknowledgement for this long Kafka counts as unavailable; a restart is shorter.
STALLED_SECONDS = 60.0
# As many keys as fit into some tens of megabytes; hashing a key costs more than all other steps.
PARTITION_CACHE_KEYS = 200_000

PartitionOf = Callable[[str, bytes], TopicPartition]


class SendingFailed(Exception):
    """Kafka did not accept all records; sending them again is harmless: events are sets."""


@dataclass(frozen=True, kw_only=True)
class Ingested:
    """The result of an ingest: all sent lines are acknowledged, `bad` lists the first rejected."""

    sent: int
    rejected: int
    bad: tuple[Problem, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 if every line was an event, else 1."""
        return 1 if self.rejected else 0


def ingest(
    path: Path,
    settings: Settings,
    console: Console | None = None,
    known: KnownNames | None = None,
) -> Ingested:
    """Send a file's events to Kafka and wait until it has acknowledged them all.

    Lines that are not events are left out and reported; blank lines are ignored. Events of one key
    keep their order. Reference records may name what is `known`; None: that is not checked.
    Progress is shown on `console`, standard error if None. Raises SendingFailed
    with the number of accepted events, and OSError for an unreadable file. Not to be called from a
    running event loop.
    """
    console = Console(stderr=True) if console is None else console
    begun = time.monotonic()
    transfer = Transfer(settings, known)
    with (
        silence_client_logs(),
        path.open("rb") as stream,
        file_bar(path, console) as on_progress,
    ):
        asyncio.run(transfer.run(stream, on_progress))
    return Ingested(
        sent=transfer.sent,
        rejected=transfer.rejected,
        bad=tuple(transfer.bad),
        seconds=time.monotonic() - begun,
    )


@contextmanager
def file_bar(path: Path, console: Console) -> Iterator[Callable[[int], object]]:
    """Show a bar for a file on a terminal; yield what to call with the number of bytes read."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(path.name, total=path.stat().st_size)
        yield lambda size: progress.update(task, completed=size)


def report(ingested: Ingested, console: Console) -> None:
    """Print the number of events sent and the lines that were not."""
    rate = ingested.sent / max(ingested.seconds, 0.001)
    console.print(
        f"{ingested.sent:,} events sent in {ingested.seconds:.1f} s ({rate:,.0f}/s)",
        highlight=False,
    )
    for problem in ingested.bad:
        console.print(str(problem), style="red", markup=False, highlight=False)
    if more := ingested.rejected - len(ingested.bad):
        console.print(f"and {more:,} more", style="red", highlight=False)
    if ingested.rejected:
        console.print(
            f"{ingested.rejected:,} lines are not events and were not sent", style="bold red"
        )


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes, int]]:
    """Yield each line's number, its text and the position after it.

    Of a line longer than an event may be, only the first PART_BYTES are yielded. A byte order
    mark is no part of the first line.
    """
    number, position = 0, 0
    while line := stream.readline(READ_BYTES):
        number += 1
        position += len(line)
        rest = line
        while len(rest) == READ_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(READ_BYTES)
            position += len(rest)
        text = without_mark(line) if number == 1 else line
        yield number, text[:PART_BYTES], position


class Transfer:
    """The transfer of one file; counts what it has sent and rejected."""

    def __init__(self, settings: Settings, known: KnownNames | None = None) -> None:
        self._known = known
        self.sent = 0
        self.rejected = 0
        self.bad: list[Problem] = []
        self._settings = settings

    async def run(self, stream: BinaryIO, on_progress: Callable[[int], object]) -> None:
        """Send a stream of lines; `on_progress` is called with the number of bytes read."""
        async with open_sender(self._settings) as sender:
            for number, line, position in lines(stream):
                if event := line if len(line) == PART_BYTES else line.strip(BLANKS):
                    await self._add(sender, checked(record(event, number), self._known))
                if number % LINES_PER_REPORT == 0:
                    on_progress(position)
            await sender.flush()
            on_progress(stream.tell())

    async def _add(self, sender: "EventSender", outcome: Record | Problem) -> None:
        if isinstance(outcome, Problem):
            self.rejected += 1
            if len(self.bad) < LISTED:
                self.bad.append(outcome)
            return
        await sender.add(outcome)
        self.sent += 1


class EventSender:
    """Writes records where clients of Kafka would, a batch a partition at a time.

    Records of one key keep their order. `open_sender` gives one.
    """

    def __init__(self, producer: AIOKafkaProducer, partition_of: PartitionOf) -> None:
        self.acknowledged = 0
        self._producer = producer
        self._partition_of = partition_of
        self._filling: dict[TopicPartition, BatchBuilder] = {}
        self._waiting: deque[tuple[asyncio.Future[object], int]] = deque()

    async def add(self, record: Record) -> None:
        """Add a record to the batch of each of its topics; sends batches that are full."""
        for topic in record.topics:
            to = self._partition_of(topic, record.key)
            batch = self._filling.get(to)
            while batch is None or full(batch, record):
                if batch is not None:
                    await self._send(to)
                batch = self._filling[to] = self._producer.create_batch()

    async def flush(self) -> None:
        """Send everything and wait until Kafka has acknowledged it."""
        for to in list(self._filling):
            await self._send(to)
        while self._waiting:
            await self._acknowledge()

    async def _send(self, to: TopicPartition) -> None:
        batch = self._filling.pop(to)
        batch.close()
        # Waits until the earlier batch of the partition has been sent, which bounds the memory.
        future = await self._producer.send_batch(batch, to.topic, partition=to.partition)
        self._waiting.append((future, batch.record_count()))
        await asyncio.sleep(0)  # the producer's own task writes only while this one yields
        while self._waiting and self._waiting[0][0].done():
            await self._acknowledge()

    async def _acknowledge(self) -> None:
        future, count = self._waiting[0]
        async with asyncio.timeout(STALLED_SECONDS):
            await future
        self._waiting.popleft()
        self.acknowledged += count

    async def settle(self) -> None:
        """Wait for what was sent, whether or not it is accepted."""
        await asyncio.gather(*(future for future, _ in self._waiting), return_exceptions=True)


@asynccontextmanager
async def open_sender(settings: Settings) -> AsyncIterator[EventSender]:
    """Open a sender for the block, at whose end everything is acknowledged.

    Raises SendingFailed, with the number of records that were accepted.
    """
    producer = new_producer(settings, attempt_ms=int(STALLED_SECONDS * 1000))
    sender: EventSender | None = None
    try:
        async with asyncio.timeout(START_SECONDS):
            await producer.start()
            await check_topics(producer)
        sender = EventSender(producer, await partitioner(producer))
        yield sender
        await sender.flush()
    except UNAVAILABLE as error:
        accepted = 0 if sender is None else sender.acknowledged
        raise SendingFailed(
            f"Kafka at {settings.bootstrap} took {accepted:,} records and then"
            f" failed ({error or type(error).__name__}); run it again, that repeats nothing"
        ) from error
    finally:
        await abandon(producer)
        if sender is not None:
            await sender.settle()


def full(batch: BatchBuilder, added: Record) -> bool:
    """Add a record to a batch; return True if it is full and the record was not added."""
    return batch.append(timestamp=None, key=added.key, value=added.value) is None


async def partitioner(producer: AIOKafkaProducer) -> PartitionOf:
    """Return the function that maps a topic and key to the partition, as Kafka clients do."""
    partitions = {
        topic: sorted(await producer.partitions_for(topic))
        for topic in sorted(set(TOPIC_OF.values()))
    }
    choose = DefaultPartitioner()

    @lru_cache(maxsize=PARTITION_CACHE_KEYS)
    def partition_of(topic: str, key: bytes) -> TopicPartition:
        known = partitions[topic]
        return TopicPartition(topic, choose(key, known, known))

    return partition_of
