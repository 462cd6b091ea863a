"""A file of canonical events into Kafka: what `POST /events` does for one request, for a history.

One JSON object a line, in any order; reference records stand among the events. Keys and
partitions are the gateway's, so a file and live events of one subject meet in one shard.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from streams.config.settings import Settings
from streams.events import TOPIC_OF
from streams.gateway.errors import Problem
from streams.gateway.event_producer import (
    check_topics,
    give_up,
    new_producer,
    silence_client_logs,
)
from streams.gateway.limits import EVENT_BYTES
from streams.gateway.records import Record, record

BLANKS = b" \t\r\n"
# One more than the longest event with its line's end.
PART_BYTES = EVENT_BYTES + 2
# Bad lines kept for the report; the others are counted.
LISTED = 100
START_SECONDS = 15.0
# Without any acknowledgement for so long Kafka is taken to be away; a restart is shorter.
STALLED_SECONDS = 60.0
LINES_A_REPORT = 2_000
# As many keys as fit into some tens of megabytes; hashing one takes longer than all the rest.
KEYS_REMEMBERED = 200_000


class IngestFailed(Exception):
    """Kafka did not take the whole file; running it again is harmless, for events are sets."""


@dataclass(frozen=True, kw_only=True)
class Ingested:
    """What became of a file: every line sent is acknowledged, `bad` lists the first rejected."""

    sent: int
    rejected: int
    bad: tuple[Problem, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        """0 if every line was an event, else 1."""
        return 1 if self.rejected else 0


def ingest(path: Path, settings: Settings, console: Console | None = None) -> Ingested:
    """Send a file's events to Kafka and wait until it has acknowledged them all.

    Lines that are no events are left out and reported; blank ones are passed over. Events of
    one key keep their order. Progress shows on `console`, standard error if None. Raises
    IngestFailed, naming how far it came, and OSError for a file that cannot be read. Not to be
    called from a running event loop.
    """
    console = Console(stderr=True) if console is None else console
    begun = time.monotonic()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with (
        silence_client_logs(),
        path.open("rb") as stream,
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task(path.name, total=path.stat().st_size)
        sending = Sending(settings)
        asyncio.run(sending.run(stream, lambda size: progress.update(task, completed=size)))
    return Ingested(
        sent=sending.sent,
        rejected=sending.rejected,
        bad=tuple(sending.bad),
        seconds=time.monotonic() - begun,
    )


def report(ingested: Ingested, console: Console) -> None:
    """Say what was sent and which lines were not."""
    pace = ingested.sent / max(ingested.seconds, 0.001)
    console.print(
        f"{ingested.sent:,} events sent in {ingested.seconds:.1f} s ({pace:,.0f}/s)",
        highlight=False,
    )
    for problem in ingested.bad:
        console.print(str(problem), style="red", markup=False, highlight=False)
    if more := ingested.rejected - len(ingested.bad):
        console.print(f"and {more:,} more", style="red", highlight=False)
    if ingested.rejected:
        console.print(
            f"{ingested.rejected:,} lines are no events and were not sent", style="bold red"
        )


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes, int]]:
    """Give each line's number, its text and the position after it.

    Of a line longer than an event may be, only the first PART_BYTES are given.
    """
    number, position = 0, 0
    while line := stream.readline(PART_BYTES):
        number += 1
        position += len(line)
        rest = line
        while len(rest) == PART_BYTES and not rest.endswith(b"\n"):
            rest = stream.readline(PART_BYTES)
            position += len(rest)
        yield number, line, position


class Sending:
    """One file on its way."""

    def __init__(self, settings: Settings) -> None:
        """Begin with nothing sent."""
        self.sent = 0
        self.rejected = 0
        self.bad: list[Problem] = []
        self._settings = settings
        self._acknowledged = 0
        self._filling: dict[TopicPartition, BatchBuilder] = {}
        self._waiting: deque[tuple[asyncio.Future[object], int]] = deque()

    async def run(self, stream: BinaryIO, progressed: Callable[[int], object]) -> None:
        """Send a stream of lines, telling how many bytes of it are read."""
        producer = new_producer(self._settings, attempt_ms=int(STALLED_SECONDS * 1000))
        try:
            async with asyncio.timeout(START_SECONDS):
                await producer.start()
                await check_topics(producer)
            topic_key = await places(producer)
            for number, line, position in lines(stream):
                if event := line if len(line) == PART_BYTES else line.strip(BLANKS):
                    await self._dispatch(producer, topic_key, record(event, number))
                if number % LINES_A_REPORT == 0:
                    progressed(position)
            for to in list(self._filling):
                await self._send(producer, to)
            while self._waiting:
                await self._acknowledge()
            progressed(stream.tell())
        except (KafkaError, TimeoutError) as error:
            raise IngestFailed(
                f"Kafka at {self._settings.bootstrap} took {self._acknowledged:,} events and then"
                f" failed ({error or type(error).__name__}); run it again, that repeats nothing"
            ) from error
        finally:
            await give_up(producer)
            await asyncio.gather(*(future for future, _ in self._waiting), return_exceptions=True)

    async def _dispatch(
        self,
        producer: AIOKafkaProducer,
        topic_key: Callable[[str, bytes], TopicPartition],
        outcome: Record | Problem,
    ) -> None:
        if isinstance(outcome, Problem):
            self.rejected += 1
            if len(self.bad) < LISTED:
                self.bad.append(outcome)
            return
        to = topic_key(outcome.topic, outcome.key)
        batch = self._filling.get(to)
        while batch is None or full(batch, outcome):
            if batch is not None:
                await self._send(producer, to)
            batch = self._filling[to] = producer.create_batch()
        self.sent += 1

    async def _send(self, producer: AIOKafkaProducer, to: TopicPartition) -> None:
        batch = self._filling.pop(to)
        batch.close()
        # Waits while an earlier batch of the partition has not left, which bounds the memory.
        future = await producer.send_batch(batch, to.topic, partition=to.partition)
        self._waiting.append((future, batch.record_count()))
        await asyncio.sleep(0)  # the producer's own task writes only while this one rests
        while self._waiting and self._waiting[0][0].done():
            await self._acknowledge()

    async def _acknowledge(self) -> None:
        future, count = self._waiting[0]
        async with asyncio.timeout(STALLED_SECONDS):
            await future
        self._waiting.popleft()
        self._acknowledged += count


def full(batch: BatchBuilder, added: Record) -> bool:
    """Add a record to a batch; True if it holds no more, and does not hold this one."""
    return batch.append(timestamp=None, key=added.key, value=added.value) is None


async def places(producer: AIOKafkaProducer) -> Callable[[str, bytes], TopicPartition]:
    """Give the function that finds a key's partition, as every client of Kafka would."""
    partitions = {
        topic: sorted(await producer.partitions_for(topic))
        for topic in sorted(set(TOPIC_OF.values()))
    }
    choose = DefaultPartitioner()

    @lru_cache(maxsize=KEYS_REMEMBERED)
    def topic_key(topic: str, key: bytes) -> TopicPartition:
        known = partitions[topic]
        return TopicPartition(topic, choose(key, known, known))

    return topic_key
