"""The translation of fetched deliveries: translate, write, then commit the offsets.

At least once: what was not committed is translated again, into events with the same ids.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Protocol

from aiokafka import ConsumerRecord
from aiokafka.errors import CommitFailedError, IllegalStateError
from faust.types import TP

from streams.config.settings import Settings
from streams.internal_topics import dead_letters, reads
from streams.kafka.errors import Fatal
from streams.kafka.fetched_list import FetchedList
from streams.sources.mapping import Unmapped
from streams.translation.metrics import TranslationMetrics
from streams.translation.translator import Translated, Translator
from streams.translation.writer import Write, event_write

log = logging.getLogger(__name__)
# Of one write: what was translated is in memory until Kafka has it.
CHUNK_RECORDS = 200
# The event loop has heartbeats and metrics to serve between deliveries.
BUSY_SECONDS = 0.005
# A killed process leaves so much to be translated again.
COMMIT_SECONDS = 0.2


class InboxConsumer(Protocol):
    """The consumer of the group, as far as the task uses it."""

    async def commit_offsets(self, offsets: Mapping[TP, int]) -> None:
        """Commit offsets; raises CommitFailedError or IllegalStateError if the group changed."""

    async def committed_offset(self, tp: TP) -> int | None:
        """The committed offset of a partition, None if there is none."""

    def last_stable_offset(self, tp: TP) -> int | None:
        """The end of what can be read, as of the last fetch."""


def place_of(found: Translated, unmapped: Unmapped) -> dead_letters.Place:
    """Return where in a delivery something could not be translated."""
    source = f"{found.source}/{found.label}" if found.label else found.source
    return dead_letters.Place(source, unmapped.item, unmapped.rule)


def writes_of(
    settings: Settings, record: ConsumerRecord, found: Translated, clock: int
) -> Iterator[Write]:
    """Yield everything to be written for a delivery: events, dead letters, and what to read."""
    for event in found.events:
        for topic in event.topics:
            yield event_write(settings, topic, event.key, event.value)
    for each in found.unmapped:
        place = place_of(found, each)
        key, value = dead_letters.unmapped(record, place, each.field, each.reason, clock)
        yield Write(dead_letters.DESTINATION, key, value)
    for request in found.reads:
        key, value = reads.write(request)
        yield Write(reads.partition(settings), key, value)


class InboxTask:
    """Translates the deliveries of the assigned partitions.

    Attributes:
        received_at: When deliveries last came, in monotonic seconds.
    """

    def __init__(
        self,
        settings: Settings,
        translator: Translator,
        write: Callable[[Iterable[Write]], Awaitable[None]],
        metrics: TranslationMetrics,
    ) -> None:
        self.received_at = time.monotonic()
        self._settings, self._translator = settings, translator
        self._write, self._metrics = write, metrics
        self._consumer: InboxConsumer | None = None
        # Offsets from which to go on, of partitions of which something was received.
        self._next: dict[TP, int] = {}
        self._committed: dict[TP, int] = {}
        self._assigned: set[TP] = set()
        self._busy = asyncio.Lock()

    @property
    def not_ready_reason(self) -> str | None:
        """Why this process does not translate yet, in one line; None if it does."""
        return "has not joined the group yet" if self._consumer is None else None

    @property
    def is_busy(self) -> bool:
        """Whether deliveries are being translated or written."""
        return self._busy.locked()

    @property
    def partitions(self) -> frozenset[TP]:
        """The partitions of the inbox that are assigned."""
        return frozenset(self._assigned)

    def assigned(self, consumer: InboxConsumer, tps: Collection[TP]) -> None:
        """Follow an assignment."""
        self._consumer = consumer
        self._assigned = set(tps)
        self._next.clear()
        self._committed.clear()
        numbers = ", ".join(str(tp.partition) for tp in sorted(tps))
        log.info("ready: partitions %s of the inbox", numbers or "(none is left)")

    async def revoked(self) -> None:
        """Finish and commit what is being translated; the next owner goes on from there."""
        async with self._busy:
            await self.commit()

    async def receive(self, fetched: Mapping[TP, FetchedList]) -> None:
        """Translate fetched deliveries and return once what they became is in Kafka."""
        self.received_at = time.monotonic()
        async with self._busy:
            for tp, records in fetched.items():
                if tp not in self._assigned:
                    continue
                await self._check_start(tp, records.start)
                remaining = iter(records)
                while chunk := list(islice(remaining, CHUNK_RECORDS)):
                    await self._process(chunk)
                    self._next[tp] = chunk[-1].offset + 1
                self._next[tp] = records.next

    async def _check_start(self, tp: TP, start: int) -> None:
        """Count deliveries that Kafka deleted before they were read. Raises Fatal for a hole."""
        expected = self._next.get(tp)
        if expected is not None:
            if start > expected:
                raise Fatal(f"{tp.topic}/{tp.partition}: {expected} to {start} were not delivered")
            return
        consumer = self._consumer
        committed = await consumer.committed_offset(tp) if consumer else None
        if committed is not None and start > committed:
            log.error(
                "%d deliveries of %s/%d were deleted before they were translated: ask the senders"
                " for them again (`sales-kpis sources pull`), or keep the inbox longer",
                *(start - committed, tp.topic, tp.partition),
            )
            self._metrics.deleted(start - committed)

    async def _process(self, records: list[ConsumerRecord]) -> None:
        """Translate some deliveries and write what they became."""
        translated: list[Translated] = []
        writes: list[Write] = []
        since = time.monotonic()
        for record in records:
            found = self._translator.translate_record(record)
            translated.append(found)
            writes += writes_of(self._settings, record, found, self._settings.clock())
            if time.monotonic() - since > BUSY_SECONDS:
                await asyncio.sleep(0)
                since = time.monotonic()
        if writes:
            await self._write(writes)
        clock = self._settings.clock()
        for found in translated:
            self._metrics.translated(found, clock)

    async def keep_committing(self) -> None:
        """Commit what was written, again and again, and expose the lag."""
        while True:
            await asyncio.sleep(COMMIT_SECONDS)
            await self.commit()
            self._metrics.lags({tp.partition: lag for tp, lag in self.lags().items()})

    async def commit(self) -> None:
        """Commit the offsets that are not committed yet."""
        consumer = self._consumer
        due = {tp: at for tp, at in self._next.items() if self._committed.get(tp) != at}
        if consumer is None or not due:
            return
        try:
            await consumer.commit_offsets(due)
        except (CommitFailedError, IllegalStateError):
            log.info("the group has changed before a commit: some deliveries are translated again")
            return
        self._committed.update(due)

    def lags(self) -> dict[TP, int]:
        """How many records of each assigned partition are not translated yet."""
        consumer, found = self._consumer, {}
        for tp in self._assigned if consumer else ():
            assert consumer is not None  # noqa: S101 - for the type checker
            end = consumer.last_stable_offset(tp)
            if end is not None:
                found[tp] = max(0, end - self._next.get(tp, end))
        return found
