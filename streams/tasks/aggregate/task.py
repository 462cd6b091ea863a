"""The aggregate task: stage 1 of one partition, from source records to partials."""

import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from math import inf

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.internal_topics import progress
from streams.internal_topics.dead_letters import SHORTER
from streams.internal_topics.partials import PublishedPartials
from streams.internal_topics.progress import BUSY_PROGRESS_SECONDS, PROGRESS_SECONDS, SourceOffsets
from streams.internal_topics.reroutes import ReroutesRead
from streams.kafka import topics
from streams.kafka.fetched_list import FetchedList
from streams.kafka.reader import OffsetClient, Records
from streams.kafka.transactional_producer import TransactionalProducer
from streams.process.failpoint import armed
from streams.tasks.aggregate.alert_publisher import AlertPublisher
from streams.tasks.aggregate.commit_plan import CommitPlan, Outgoing, Uncommitted, plan_commit
from streams.tasks.aggregate.committer import Committer
from streams.tasks.aggregate.intake import RecordIntake
from streams.tasks.aggregate.publishable_changes import Changes, PublishableChanges
from streams.tasks.aggregate.quarantine import Crashed
from streams.tasks.aggregate.restore import Received, StateRestore, other_state
from streams.tasks.aggregate.retirement import SetRetirement
from streams.tasks.aggregate.snapshots.reader import Restoring, StateReading
from streams.tasks.aggregate.snapshots.writer import BesideEvents, SnapshotWriter
from streams.tasks.catch_up import EndOf, no_end_offset
from streams.tasks.commit_schedule import until_next_commit
from streams.tasks.cooperative import run_cooperatively
from streams.tasks.load_control import Load
from streams.tasks.metrics_port import TaskMetrics
from streams.tasks.ports import CorePort
from streams.tasks.progress_reporter import ProgressReporter
from streams.tasks.reference_data import ReferenceCursor, ReferenceData

STAGE = "aggregate"


class AggregateTask:
    """One partition number of all source topics, until another worker gets it.

    Call `fence`, then `restore`, then `process` and `tick` any number of times, one at a time.
    Whatever fails raises Fatal and leaves this object useless: the process has to end.
    """

    stage = STAGE

    def __init__(
        self,
        settings: Settings,
        core: CorePort,
        number: int,
        metrics: TaskMetrics,
        offsets: OffsetClient,
        end_of: EndOf = no_end_offset,
        load: Callable[[], Load] = lambda: Load.HEAVY,
    ) -> None:
        """`end_of` gives the end offset of a source partition, None if it is unknown.

        `load` is what else the worker has to do.
        """
        self.number = number
        self._settings = settings
        self._metrics = metrics
        self._offsets = offsets
        self._load = load
        self._failpoint = armed(settings.failpoint)
        aggregator = self._aggregator = core.aggregator(settings.clock(), number)
        self._state = TopicPartition(topics.state(settings), number)
        self._transactions = TransactionalProducer(
            settings, STAGE, number, metrics.set_aside, SHORTER
        )
        self._committer = Committer(settings, number, self._transactions, core.dimension_group)
        self._alerts = AlertPublisher(settings, number, end_of)
        self._snapshots = SnapshotWriter(settings, number, core, aggregator, self._transactions)
        self._retirement = SetRetirement(
            settings, number, aggregator, self._transactions, self._snapshots, metrics
        )
        bring_back = self._retirement.bring_back
        self._intake = RecordIntake(
            settings, number, aggregator, metrics, self._alerts.catch_up, bring_back
        )
        self._target_offsets: dict[str, int] = {}
        self._changes = PublishableChanges(
            settings, aggregator, number, load, core.counted_kpis, bring_back
        )
        self._reference = ReferenceCursor(ReferenceData(settings, metrics))
        self._committed = b""
        self._reporter = ProgressReporter()

    async def fence(self) -> None:
        """Fence the partition's earlier owner. Nothing may be read before this."""
        await self._transactions.fence()

    async def restore(self, published: PublishedPartials, reference: ReferenceData) -> None:
        """Restore the state of the last commit, and publish what its readers lack.

        `published` must have been read after `fence`; `reference` must be complete.
        """
        self._reference = ReferenceCursor(reference)
        self._changes.reconcile_with(published)
        await self._alerts.restore(self._offsets)
        restored = StateRestore(self._settings, self._aggregator, self.number)
        received = await self._restore_all(restored, published.reroutes)
        self._target_offsets = restored.target_offsets
        self._intake.resume_from(restored.source_offsets, restored.quarantine, received)
        self._intake.max_event_bytes = self._transactions.batches.max_event_bytes
        await self._check_sources()
        self._committer.resume_from(published)
        self._committed = self.source_offsets.encode()
        await self._commit()

    @property
    def source_offsets(self) -> SourceOffsets:
        """The next offsets of the source and reference topics."""
        return self._intake.source_offsets

    @property
    def next_tick_in_s(self) -> float:
        """Seconds until time alone changes a cell and a commit is due; infinite if never."""
        due = self._aggregator.next_due
        if due is None or self._settings.now is not None:
            return inf
        until_commit = until_next_commit(self._reporter.committed_at)
        return max((due - self._settings.clock()) / 1000, until_commit)

    def linger_s(
        self,
        waiting: Collection[Records],  # noqa: ARG002 - of the Task protocol
        since: float,  # noqa: ARG002 - of the Task protocol
        found_idle: bool,
    ) -> float:
        """Seconds until records may be committed; 0 or less if they may be now.

        Records that find the worker idle do not wait for the commit schedule.
        """
        return 0.0 if found_idle else until_next_commit(self._reporter.committed_at)

    @property
    def uncompared(self) -> int:
        """None: `restore` compares all that is published."""
        return 0

    @property
    def last_progress_at(self) -> float:
        """When something was last done, in seconds of the monotonic clock."""
        return max(self._intake.processed_at, self._transactions.answered_at)

    def resume_offsets(self) -> dict[TopicPartition, int]:
        """The next offset of each source partition."""
        return {
            TopicPartition(topic, self.number): offset
            for topic, offset in self.source_offsets.source.items()
        }

    def positions(self) -> dict[TopicPartition, int]:
        """The offsets after what was read or written: no partition can end before them."""
        return {**self._transactions.positions, **self.resume_offsets()}

    async def process(self, lists: Sequence[FetchedList]) -> None:
        """Process fetched lists, each of one partition in the order of offsets, and commit.

        If a KPI raises, a note of the records goes to the next owner, and Crashed is raised.
        """
        since, to = dict(self.source_offsets.source), {each.topic: each.next for each in lists}
        try:
            if lists:
                await self._committer.begin_early(lists, self._changes.priority())
            await self._intake.process(lists)
            await self._commit()
            is_idle = not lists and self._load() is not Load.BACKLOG
            # What is checked one by one has to find its event set.
            if self._intake.quarantine.crash_note is None:
                await self._retirement.retire_if_due(is_idle=is_idle)
            await self._snapshots.write_if_due(self._beside_events, is_idle=is_idle)
        except Crashed as crash:
            await self._committer.write_crash_note(crash, since, to)
            raise Crashed(
                f"{crash}; noted: the next owner finds the event and puts it in quarantine"
            ) from crash.__cause__

    async def tick(self) -> None:
        """Commit what time alone changed, or a heartbeat; events may have waited for this."""
        await self.process(())

    async def finish(self, until: float) -> None:
        """Write a snapshot, so that the next owner is ready sooner; after the last commit.

        `until` is when it has to be through, in monotonic seconds.
        """
        await self._snapshots.write_last(self._beside_events, until)

    async def close(self) -> None:
        """Close the connections."""
        await self._transactions.close()

    def _beside_events(self) -> BesideEvents:
        records = other_state(self._intake.quarantine, self._target_offsets, self._committed)
        return BesideEvents(records, self._reference.positions)

    async def _restore_all(self, restored: StateRestore, read: ReroutesRead) -> Received:
        """Restore the cells from the state changelog and the reroutes received."""
        into = Restoring(restored, self._aggregator, self._reference, self._settings.clock())
        passed = partial(self._failpoint, "during_restore")
        fingerprint = self._snapshots.fingerprint
        reading = StateReading(self._settings, self._offsets, self._state, fingerprint, passed)
        since: dict[str, int] | None = None
        try:
            found = await reading.restore(into)
            since = dict(restored.source_offsets.source)
            self._snapshots.resume_from(found)
            self._metrics.restored_state(with_snapshot=found.with_snapshot)
            if restored.quarantine.crash_note is not None:
                self._aggregator.check_releases()
            received = restored.resume_reroutes(read)
            await run_cooperatively(lambda: restored.rebuild(into.clock))
        except Crashed as crash:
            if restored.quarantine.crash_note is None:
                # It may be a reroute that no owner has processed before.
                since = dict(restored.source_offsets.source) if since is None else since
                to = {**since, topics.reroutes(self._settings): read.next_offset}
                await self._committer.write_crash_note(crash, since, to)
            raise
        return received

    async def _check_sources(self) -> None:
        """Compare what was restored with the sources: the last step before something is written."""
        await self._intake.check_sources(self._offsets)

    def _read_reference(self) -> None:
        """Apply the reference records that arrived since the last commit."""
        for record in self._reference.advance():
            self._aggregator.add_reference(record)
        # Partition 0 writes the reference topics' dead letters, once: its offsets say which.
        if self.number == 0:
            rejected = self._reference.rejected_since(self.source_offsets.reference)
            self._intake.dead_letters += rejected
        self.source_offsets.reference = self._reference.offsets

    async def _commit(self) -> None:
        """Commit all that was processed, matured or rejected since the last commit."""
        began = time.monotonic()
        self._read_reference()
        clock, priority = self._settings.clock(), self._changes.priority()
        changes = Changes()
        alerts: Outgoing = {}
        # Target offsets beyond the source offsets are what a torn transaction leaves: cells may
        # be published that include later events, and would go back without them.
        if self.source_offsets.reach(self._target_offsets):
            changes = await self._changes.collect(clock, priority, self._transactions.end_if_kept)
            self._intake.release()
            alerts = await self._alerts.collect(
                self._aggregator, self.resume_offsets(), clock, began
            )
        plan = plan_commit(self._uncommitted(changes, alerts, began))
        if plan is None:
            await self._committer.end_unused()
            return
        self._snapshots.committed(self._intake.state_records)
        self._intake.flush()
        await self._committer.execute(plan, self.source_offsets, clock, priority)
        self._committed_plan(plan, began)

    def _uncommitted(self, changes: Changes, alerts: Outgoing, now: float) -> Uncommitted:
        reporter, intake = self._reporter, self._intake
        interval_s = BUSY_PROGRESS_SECONDS if intake.state_records else PROGRESS_SECONDS
        return Uncommitted(
            state=self._state,
            progress=progress.destination(self._settings),
            source_offsets=self.source_offsets,
            target_offsets=self._target_offsets,
            committed=self._committed,
            is_heartbeat_due=reporter.is_heartbeat_due(now),
            is_report_due=self._changes.are_published
            and reporter.is_due(self.source_offsets.encode(), now, interval_s),
            dead_letters=intake.dead_letters,
            forwards=intake.forwards,
            event_records=intake.state_records,
            note_removal=intake.quarantine.note_removal(self.source_offsets.source),
            cells=changes.cells,
            reroutes=changes.reroutes,
            alerts=alerts,
            forward_removals=intake.forward_removals,
        )

    def _committed_plan(self, plan: CommitPlan, began: float) -> None:
        """Remember what a plan committed."""
        self._committed, self._target_offsets = plan.source_offsets, dict(plan.target_offsets)
        self._reporter.committed(began)
        if plan.has_report:
            self._reporter.reported(plan.source_offsets, began)
        if plan.state_records:
            self._intake.quarantine.forget_passed_note(self.source_offsets.source)
        self._metrics.future_events(self.number, self._aggregator.future_events)
        self._metrics.committed(STAGE, plan.state_records, time.monotonic() - began)
