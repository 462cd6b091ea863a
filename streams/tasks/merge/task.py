"""Stage 2 of one partition: partials merged, and what changed published in transactions."""

import asyncio
import time
from collections.abc import Collection, Iterator, Sequence
from math import inf

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.merge.record_builder import NO_AS_OF_FIELDS
from streams.events.key_value import KeyValue
from streams.internal_topics import (
    catalogue,
    partials,
    progress,
)
from streams.internal_topics.progress import BUSY_PROGRESS_SECONDS, PROGRESS_SECONDS
from streams.kafka import topics
from streams.kafka.reader import (
    Records,
    ends,
    read_to,
)
from streams.kafka.transactional_producer import Tombstone, TransactionalProducer
from streams.process.failpoint import armed
from streams.tasks.cooperative import run_cooperatively
from streams.tasks.load_control import Load, LoadControl
from streams.tasks.merge.output_writer import OutputWriter
from streams.tasks.merge.publish_schedule import PublishSchedule
from streams.tasks.merge.target_alert_publisher import TargetAlertPublisher
from streams.tasks.metrics_port import TaskMetrics
from streams.tasks.ports import CorePort, Publication
from streams.tasks.reference_data import ReferenceData

STAGE = "merge"
HEARTBEAT_SECONDS = 5.0
ADVANCE_SECONDS = 1.0
# Thousands of records at once keep brokers and readers busy while everything else waits; but each
# transaction costs time, so in a long round one may have a fourth of what went before.
RECORDS_PER_TRANSACTION, MAX_RECORDS_PER_TRANSACTION, GROWTH_DIVISOR = 500, 10_000, 4
# Wide windows are published window by window, so that a rep's day need not wait for all reps'
# years; so many scopes of them are enough for a transaction.
LONG_WINDOW_SCOPES = 100
# Partials that are merged, or cells that are added to their windows, in one go.
STEPS_PER_SLICE = 10


class MergeTask:
    """One partition of the partials and of the output, from taking it until another does.

    `take`, then `restore`, then any number of `work` and `rest`, one at a time. Whatever fails
    raises Fatal and leaves this object useless: the process has to end.
    """

    stage = STAGE

    def __init__(
        self,
        settings: Settings,
        core: CorePort,
        number: int,
        metrics: TaskMetrics,
        pace: LoadControl,
    ) -> None:
        """Own nothing yet."""
        self.number = number
        self.source_offset = 0
        self._settings = settings
        self._metrics = metrics
        self._failpoint = armed(settings.failpoint)
        self._load_control = pace
        self._merger = core.merger(settings.clock(), number)
        self._catalogue = core.catalogue_records()
        self._source = TopicPartition(topics.PARTIALS, number)
        self._output = OutputWriter(settings, number)
        self._schedule = PublishSchedule(settings, number)
        self._transactions = TransactionalProducer(settings, STAGE, number)
        self._alerts = TargetAlertPublisher(settings, core, number)
        # The newest of each share that was read and is not merged yet.
        self._unmerged: dict[bytes, bytes | None] = {}
        self._reference = ReferenceData(settings, metrics)
        self._reference_cursor = 0
        self._reference_offsets: dict[str, int] = {}
        self._advanced_at = 0.0
        self._busy_s = self._last_worked_at = 0.0
        self._reported: object = None
        self._committed_at = self._reported_at = 0.0

    async def fence(self) -> None:
        """Fence the earlier owner. Nothing may be read before this."""
        await self._transactions.fence()

    async def restore(self, reference: ReferenceData) -> None:
        """Catch up with the partials, and only then publish in what the output differs."""
        self._reference = reference
        await self._alerts.restore()
        await self._output.restore()
        self._read_reference()
        stops = await ends(self._settings, [self._source], committed=True)
        async for _, records in read_to(self._settings, stops):
            self._collect(records)
        await self._merge()
        advance = self._merger.advance_clock(self._settings.clock())
        await run_cooperatively(lambda: next(advance, True) is None)
        await self._reconcile()
        if self.number == catalogue.WRITER_PARTITION:
            await self._publish_catalogue()

    @property
    def last_progress_at(self) -> float:
        """When something was last got done, in seconds of a clock that never goes back."""
        return max(self._last_worked_at, self._transactions.answered_at)

    def resume_offsets(self) -> dict[TopicPartition, int]:
        """Say where reading has to go on."""
        return {self._source: self.source_offset}

    def positions(self) -> dict[TopicPartition, int]:
        """Say up to where it has read or written partitions: none can end before that."""
        return {**self._transactions.positions, **self.resume_offsets()}

    async def process(self, lists: Sequence[Records]) -> None:
        """Merge fetched lists, and publish what is due."""
        self._schedule.received(lists)
        for records in lists:
            self._collect(records)
        await self.tick()

    async def tick(self) -> None:
        """Let time pass, publish what has become due, and now and then show that one is alive."""
        now = time.monotonic()
        if now - self._advanced_at > ADVANCE_SECONDS:
            self._advanced_at = now
            advance = self._merger.advance_clock(self._settings.clock())
            await run_cooperatively(lambda: next(advance, True) is None)
        await self._publish()
        await self._publish_alerts()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._transactions.close()

    @property
    def next_tick_in_s(self) -> float:
        """Seconds until something that waits may be published; infinite if nothing waits."""
        load, schedule = self._load_control.load(), self._schedule
        if self._unmerged or self._merger.pending > self._merger.pending_expensive:
            at = schedule.daily.next_at(load)
        elif self._merger.pending_expensive:
            at = max(schedule.daily.next_at(load), schedule.expensive.next_at(load))
        else:
            at = inf
        return at - time.monotonic()

    def linger_s(self, waiting: Collection[Records], since: float, found_idle: bool) -> float:
        """Seconds after which to ask again whether to take what waits; 0 or less: take it now.

        `since` is when the first of it came, and `found_idle` whether that was between two steps.
        """
        return self._schedule.linger_s(waiting, since, found_idle, self._load_control.load())

    def _collect(self, records: Records) -> None:
        """Take what was read; a share that changed again before it is merged is merged once."""
        news = self._unmerged
        for record in records:
            if record.offset >= self.source_offset:
                news[record.key] = record.value
        # Offsets have holes here: transactions end with a record of their own.
        self.source_offset = max(self.source_offset, records[-1].offset + 1)

    async def _merge(self) -> None:
        """Put all that was read on the board, a little at a time."""
        began = time.monotonic()
        for number, _ in enumerate(self._merge_steps(), 1):
            if number % STEPS_PER_SLICE == 0 and time.monotonic() - began >= self._schedule.slice_s:
                self._last_worked_at = time.monotonic()
                self._busy_s += self._last_worked_at - began
                await asyncio.sleep(0)
                began = time.monotonic()
        self._busy_s += time.monotonic() - began

    def _merge_steps(self) -> Iterator[None]:
        news, self._unmerged = self._unmerged, {}
        for key, value in news.items():
            shard, cell = partials.locate(key)
            self._merger.set_partial(shard, cell, partials.decode(value))
            yield
        yield from self._merger.apply_partials()

    def _read_reference(self) -> None:
        for record in self._reference.records[self._reference_cursor :]:
            self._merger.add_reference(record)
        self._reference_cursor = len(self._reference.records)
        self._reference_offsets = dict(self._reference.offsets)

    async def _reconcile(self) -> None:
        """Publish in what a board just restored and the output differ, tombstones included."""
        seen: set[str] = set()

        def noted() -> Iterator[Publication]:
            for publication in self._merger.publications():
                seen.add(publication[0])
                yield publication
            for key in self._output.published_keys():
                if key not in seen:
                    yield key, None, NO_AS_OF_FIELDS

        await self._write(noted())

    async def _publish_catalogue(self) -> None:
        """Say what the KPIs are, where consumers have been told otherwise."""
        pairs = await catalogue.differences(self._settings, self._catalogue)
        if pairs:
            await self._transactions.begin([catalogue.PARTITION])
            await self._transactions.send({catalogue.PARTITION: pairs})
            await self._transactions.commit()

    async def _publish(self) -> None:
        """Publish what changed, in rounds: after a pause the first change goes out at once.

        Whoever looks at one day sees it soon, however much changes. Members' wide windows and
        slow KPIs have rounds of their own, and come at once when nothing else has changed.
        """
        self._read_reference()
        began, load = time.monotonic(), self._load_control.load()
        merger, schedule = self._merger, self._schedule
        is_quiet = False
        if schedule.daily.is_due(began, load):
            self._busy_s = 0.0
            if schedule.is_total and self._unmerged:
                # What is written is mostly known by the time that merging takes.
                await self._transactions.begin([self._output.partition])
            await self._merge()
            is_quiet = merger.pending == merger.pending_long_windows + merger.pending_expensive
            if not is_quiet:
                with_expensive = schedule.expensive_with_daily and schedule.expensive.is_due(
                    began, load
                )
                await self._write(
                    merger.publications(max_long_windows=0, with_expensive=with_expensive)
                )
                schedule.daily.done(began, self._busy_s)
                if with_expensive:
                    schedule.expensive.done(began, self._busy_s)
            await self._transactions.end()
        if merger.pending_long_windows and (is_quiet or schedule.long_windows.is_due(began, load)):
            await self._publish_long_windows()
        if merger.pending_expensive and schedule.expensive.is_due(began, load):
            began, self._busy_s = time.monotonic(), 0.0
            await self._write(merger.publications(max_long_windows=0))
            schedule.expensive.done(began, self._busy_s)
        is_idle = load is Load.IDLE
        if self._is_report_due(PROGRESS_SECONDS if is_idle else BUSY_PROGRESS_SECONDS):
            await self._commit([], True)

    async def _publish_long_windows(self) -> None:
        """Publish those of members' wide windows that wait longest."""
        began, self._busy_s, waited = time.monotonic(), 0.0, self._merger.pending_long_windows
        await self._write(self._merger.publications(LONG_WINDOW_SCOPES, with_expensive=False))
        self._schedule.long_windows.done(
            began, self._busy_s, 1 - self._merger.pending_long_windows / waited
        )

    async def _publish_alerts(self) -> None:
        """Say which targets are off their pace, once all that was read is on the board."""
        pairs = (
            []
            if self._unmerged
            else await self._alerts.pending_records(self._merger, time.monotonic())
        )
        if pairs:
            await self._transactions.begin([self._alerts.partition])
            await self._transactions.send({self._alerts.partition: pairs})
            await self._transactions.commit()
            self._committed_at = time.monotonic()

    async def _write(self, publications: Iterator[Publication]) -> None:
        is_more, written = True, 0
        while is_more:
            began = time.monotonic()
            enough = min(
                MAX_RECORDS_PER_TRANSACTION, max(RECORDS_PER_TRANSACTION, written // GROWTH_DIVISOR)
            )
            pairs: list[KeyValue | Tombstone] = []
            while is_more and len(pairs) < enough:
                async with self._load_control.slot():
                    turn = time.monotonic()
                    rendered, is_more = self._output.records(publications, self._schedule.slice_s)
                    self._busy_s += time.monotonic() - turn
                pairs += rendered
                self._last_worked_at = time.monotonic()
                # What is rendered in one go keeps the event loop from everything else, and what
                # waits there has many steps to take.
                took_s = self._last_worked_at - turn
                await asyncio.sleep(self._schedule.yield_s(took_s, self._load_control.load()))
            written += len(pairs)
            with_report = not is_more and self._is_report_due(PROGRESS_SECONDS)
            if pairs or with_report:
                await self._commit(pairs, with_report)
                self._metrics.committed(STAGE, len(pairs), self._committed_at - began)

    async def _commit(self, pairs: list[KeyValue | Tombstone], with_report: bool) -> None:
        writes: dict[TopicPartition, Sequence[KeyValue | Tombstone]] = {}
        if pairs:
            writes[self._output.partition] = pairs
        if with_report:
            writes[progress.destination(self._settings)] = [self._progress_report()]
        await self._transactions.begin(writes)
        await self._transactions.send(writes)
        if pairs:
            self._failpoint("while_publishing")
        self._failpoint("before_merge_commit")
        await self._transactions.commit()
        self._committed_at = time.monotonic()
        self._metrics.published(len(pairs))

    def _is_report_due(self, pause_s: float) -> bool:
        """Tell whether to say that all is published up to here: only if nothing waits."""
        if self._merger.pending or self._unmerged:
            return False
        now = time.monotonic()
        is_news = self._reported != (self.source_offset, self._reference_offsets)
        return (is_news and now - self._reported_at > pause_s) or (
            now - self._committed_at > HEARTBEAT_SECONDS
        )

    def _progress_report(self) -> KeyValue:
        self._reported = self.source_offset, self._reference_offsets
        self._reported_at = time.monotonic()
        return progress.merge_report(
            self.number, self.source_offset, self._reference_offsets, self._settings.clock()
        )
