"""Stage 2 of one partition: partials merged, and changed records published in transactions."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.catalogue.publish_priority import Priority
from streams.internal_topics import catalogue, progress
from streams.kafka import topics
from streams.kafka.reader import OffsetClient, Records, read_to
from streams.kafka.record_batches import Record
from streams.kafka.transactional_producer import TransactionalProducer
from streams.process.failpoint import armed
from streams.tasks.cooperative import run_cooperatively
from streams.tasks.load_control import LoadControl
from streams.tasks.merge.output_comparison import OutputComparison, reconcile
from streams.tasks.merge.output_writer import OutputWriter, Removals
from streams.tasks.merge.publication_reports import PublicationReports
from streams.tasks.merge.publish_schedule import PublishSchedule, policy_of
from streams.tasks.merge.target_alert_publisher import TargetAlertPublisher
from streams.tasks.merge.unmerged_partials import UnmergedPartials
from streams.tasks.metrics_port import TaskMetrics
from streams.tasks.ports import CorePort, PublicationRoundPort
from streams.tasks.reference_data import ReferenceCursor, ReferenceData

STAGE = "merge"
ADVANCE_SECONDS = 1.0
# Thousands of records at once keep brokers and readers busy while everything else waits; but each
# transaction costs time, so in a long round one may have a fourth of what went before.
RECORDS_PER_TRANSACTION, MAX_RECORDS_PER_TRANSACTION, GROWTH_DIVISOR = 500, 10_000, 4


class MergeTask:
    """The merge task of one partition of the partials and of the output.

    `fence`, then `restore`, then any number of `process` and `tick`, one at a time. Whatever
    fails raises Fatal and leaves this object useless: the process has to end.
    """

    stage = STAGE

    def __init__(
        self,
        settings: Settings,
        core: CorePort,
        number: int,
        metrics: TaskMetrics,
        offsets: OffsetClient,
        load_control: LoadControl,
    ) -> None:
        self.number = number
        self._settings = settings
        self._metrics = metrics
        self._offsets = offsets
        self._failpoint = armed(settings.failpoint)
        self._load_control = load_control
        self._merger = core.merger(settings.clock(), number)
        self._catalogue = core.catalogue_records()
        self._source = TopicPartition(topics.PARTIALS, number)
        policy = policy_of(number)
        comparison = OutputComparison(f"{STAGE}/{number}", policy.later.max_s)
        self._output = OutputWriter(settings, number, comparison)
        interval_s = settings.publish_interval_ms / 1000
        self._schedule = PublishSchedule(policy, interval_s, settings.partitions)
        self._transactions = TransactionalProducer(settings, STAGE, number, metrics.set_aside)
        self._alerts = TargetAlertPublisher(settings, core, number)
        self._unmerged = UnmergedPartials()
        batches = self._transactions.batches
        reference = ReferenceCursor(ReferenceData(settings, metrics))
        self._reports = PublicationReports(
            settings, number, self._merger, self._unmerged, comparison, batches, reference
        )
        self._advanced_at = 0.0
        self._last_worked_at = 0.0

    async def fence(self) -> None:
        """Fence the earlier owner. Nothing may be read before this."""
        await self._transactions.fence()

    async def restore(self, reference: ReferenceData) -> None:
        """Catch up with the partials; the next rounds publish the differences to the output."""
        self._reports.reference = ReferenceCursor(reference)
        await self._alerts.restore(self._offsets)
        await self._output.restore(self._offsets)
        self._read_reference()
        stops = await self._offsets.ends([self._source], committed=True)
        async for _, records in read_to(self._settings, stops):
            self._unmerged.add(records)
        await self._merge()
        await self._advance_clock()
        if not self._reports.is_published:
            self._schedule.restored(time.monotonic())
            # Nothing counts as published before it is compared, whatever was reported.
            await self._commit([], with_report=True)
        if self.number == catalogue.WRITER_PARTITION:
            await self._publish_catalogue()

    @property
    def uncompared(self) -> int:
        """How many records, published before it was restored, may still differ from its own."""
        return len(self._output.comparison)

    @property
    def last_progress_at(self) -> float:
        """When work was last done, in seconds of the monotonic clock."""
        return max(self._last_worked_at, self._unmerged.merged_at, self._transactions.answered_at)

    def resume_offsets(self) -> dict[TopicPartition, int]:
        """Offset from which to read each source partition."""
        return {self._source: self._unmerged.source_offset}

    def positions(self) -> dict[TopicPartition, int]:
        """Offsets that partitions have at least: up to there they were read or written."""
        return {**self._transactions.positions, **self.resume_offsets()}

    async def process(self, lists: Sequence[Records]) -> None:
        """Read partials from fetched lists, and publish what is due."""
        self._schedule.received(lists)
        for records in lists:
            self._unmerged.add(records)
        await self.tick()

    async def tick(self) -> None:
        """Advance the clock, publish what is due, and commit a heartbeat now and then."""
        now = time.monotonic()
        if now - self._advanced_at > ADVANCE_SECONDS:
            self._advanced_at = now
            await self._advance_clock()
        await self._publish()
        await self._publish_alerts()

    async def finish(self, until: float) -> None:
        """Do nothing: the output says all."""

    async def close(self) -> None:
        """Close the connections."""
        await self._transactions.close()

    @property
    def next_tick_in_s(self) -> float:
        """Seconds until something that waits may be published; infinite if nothing waits."""
        next_due_at = self._schedule.next_due_at(self._load_control.load(), self._waiting())
        return next_due_at - time.monotonic()

    def linger_s(self, lists: Collection[Records], since: float, found_idle: bool) -> float:
        """Seconds after which to ask again whether to process `lists`; 0 or less: process now.

        `since` is when the first of them came, and `found_idle` whether the task had nothing to
        do then.
        """
        load = self._load_control.load()
        return self._schedule.linger_s(lists, since, found_idle, time.monotonic(), load)

    async def _advance_clock(self) -> None:
        clock = self._settings.clock()
        await run_cooperatively(lambda: self._merger.advance_clock(clock))

    def _waiting(self) -> dict[Priority, int]:
        """What waits; what is not known yet counts as first."""
        found = {each: self._merger.waiting(each) for each in Priority}
        found[Priority.FIRST] += len(self._unmerged) + self._unwritten
        return found

    @property
    def _unwritten(self) -> int:
        """How much of what is merged waits for no round: it is in one, or not chosen yet."""
        return self._merger.pending - sum(map(self._merger.waiting, Priority))

    async def _merge(self) -> float:
        """Merge all that was read; returns the seconds of work."""
        slice_s, between = self._schedule.policy.first.slice_s, self._transactions.end_if_kept
        return await self._unmerged.merge_all(self._merger, slice_s, between)

    def _read_reference(self) -> None:
        for record in self._reports.reference.advance():
            self._merger.add_reference(record)

    async def _compare_rest(self) -> None:
        """Remove published keys that no round can give; the next ones give the rest."""
        rest = self._output.comparison.pop_rest()
        between = self._transactions.end_if_kept
        impossible = await reconcile(self._merger, rest, between)
        await self._write(lambda: Removals(impossible))

    async def _publish_catalogue(self) -> None:
        """Publish the descriptions of KPIs that have changed."""
        pairs = await catalogue.differences(self._settings, self._catalogue)
        if pairs:
            await self._transactions.begin([catalogue.PARTITION])
            await self._transactions.send({catalogue.PARTITION: pairs})
            await self._transactions.commit()

    async def _publish(self) -> None:
        """Merge and publish what is due; `publish_schedule` says what that is."""
        self._read_reference()
        now, load = time.monotonic(), self._load_control.load()
        merge_s = 0.0
        if self._schedule.is_first_due(now, load):
            if self._schedule.policy.begin_early and self._unmerged:
                # Where to write to is mostly known by the time that merging takes.
                await self._transactions.begin([self._output.partition])
            merge_s = await self._merge()
        for due in self._schedule.due(now, load, self._waiting()):
            await self._run(due, now, merge_s)
        if self._output.comparison.is_rest_due(self._merger.pending):
            await self._compare_rest()
        await self._transactions.end()
        if self._reports.is_due(load):
            await self._commit([], with_report=True)

    async def _run(self, due: Priority, began: float, merge_s: float) -> None:
        """Publish a round; a first one began when merging did, which took `merge_s`."""
        if not self._waiting()[due]:
            return
        if due is not Priority.FIRST:
            began, merge_s = time.monotonic(), 0.0
        chosen = waits = 1

        def begin() -> PublicationRoundPort:
            nonlocal chosen, waits
            round_ = self._merger.begin_round(due, self._schedule.policy.of(due).max_scopes)
            self._reports.round_begun()
            chosen = self._unwritten
            waits = chosen + self._merger.waiting(due)
            return round_

        write_s = await self._write(begin, due)
        part = 1.0 if due is Priority.FIRST else (chosen - self._unwritten) / max(1, waits)
        self._schedule.record(due, began, merge_s + write_s, part)

    async def _publish_alerts(self) -> None:
        """Publish changed alerts on targets, once all that was read is merged."""
        if self._unmerged:
            return
        pairs = await self._alerts.pending_records(self._merger, time.monotonic())
        if pairs:
            await self._transactions.begin([self._alerts.partition])
            await self._transactions.send({self._alerts.partition: pairs})
            await self._transactions.commit()
            self._reports.committed()

    async def _write(
        self, begin: Callable[[], PublicationRoundPort], priority: Priority = Priority.FIRST
    ) -> float:
        """Write the records of a round in transactions; returns the seconds of work.

        The round begins in the first slot, since choosing its work may take a while. One of a
        lower priority ends when a first round is overdue: what is left of it is chosen again.
        """
        publications: PublicationRoundPort | None = None
        is_more, written, busy_s = True, 0, 0.0
        policy = self._schedule.policy.of(priority)
        while is_more:
            began = time.monotonic()
            enough = min(
                MAX_RECORDS_PER_TRANSACTION, max(RECORDS_PER_TRANSACTION, written // GROWTH_DIVISOR)
            )
            pairs: list[Record] = []
            while is_more and len(pairs) < enough:
                async with self._load_control.slot():
                    slice_began = time.monotonic()
                    if publications is None:
                        publications = begin()
                    until = slice_began + policy.slice_s
                    records, is_more = self._output.records(publications, until)
                    took_s = time.monotonic() - slice_began
                busy_s += took_s
                pairs += records
                self._last_worked_at = time.monotonic()
                load = self._load_control.load()
                if self._schedule.is_interrupted(priority, time.monotonic(), load):
                    is_more = False
                # A slice keeps the event loop from everything else, and what waits there has
                # many steps to do.
                await asyncio.sleep(policy.yield_factor.of(load) * took_s)
                await self._transactions.end_if_kept()
            written += len(pairs)
            with_report = not is_more and self._reports.is_due(load)
            if pairs or with_report:
                await self._commit(pairs, with_report)
                self._metrics.committed(STAGE, len(pairs), self._reports.committed_at - began)
        return busy_s

    async def _commit(self, pairs: list[Record], with_report: bool) -> None:
        writes: dict[TopicPartition, Sequence[Record]] = {}
        if pairs:
            writes[self._output.partition] = pairs
        if with_report:
            writes[progress.destination(self._settings)] = [self._reports.report()]
        await self._transactions.begin(writes)
        await self._transactions.send(writes)
        if pairs:
            self._failpoint("while_publishing")
        self._failpoint("before_merge_commit")
        await self._transactions.commit()
        self._reports.committed()
        self._metrics.published(len(pairs))
