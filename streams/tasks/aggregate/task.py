"""Stage 1 of one shard: events into rows, and in one transaction rows, position and cells.

The order in which things happen here is the protocol; each step's reason is beside it.
"""

import time
from collections.abc import Callable, Collection, Sequence
from math import inf

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.aggregate.reroutes import Reroute
from streams.events.key_value import KeyValue
from streams.internal_topics import (
    dead_letters,
    partials,
    progress,
    reroutes,
)
from streams.internal_topics.partials import Published
from streams.internal_topics.progress import (
    BUSY_PROGRESS_SECONDS,
    PROGRESS_SECONDS,
    SourceOffsets,
)
from streams.internal_topics.reroutes import ReroutesRead
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.reader import (
    Records,
    beginnings,
    ends,
    read_to,
)
from streams.kafka.transactional_producer import TransactionalProducer
from streams.process.failpoint import armed
from streams.tasks.aggregate.alert_publisher import AlertPublisher
from streams.tasks.aggregate.catch_up import EndOf, no_end_offset
from streams.tasks.aggregate.intake import RecordIntake
from streams.tasks.aggregate.quarantine import (
    CRASH_NOTE_KEY,
    Crashed,
    CrashNote,
    attribute_to_shard,
    describe_error,
)
from streams.tasks.aggregate.restore import (
    SOURCE_OFFSETS_KEY,
    TARGET_OFFSETS_KEY,
    StateRestore,
)
from streams.tasks.commit_schedule import until_next_commit, values_slot
from streams.tasks.cooperative import run_cooperatively
from streams.tasks.early_begin import EarlyBegin
from streams.tasks.load_control import Load
from streams.tasks.metrics_port import TaskMetrics
from streams.tasks.ports import CorePort, Vectors
from streams.tasks.reference_data import ReferenceData

STAGE = "aggregate"
HEARTBEAT_SECONDS = 5.0
# More would outlast the transaction's time or the client's memory.
CELLS_PER_TRANSACTION = 20_000
Change = tuple[str, Vectors]
Outgoing = dict[TopicPartition, list[KeyValue]]


class AggregateTask:
    """One partition number of all source topics, from taking it until another worker does.

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
        end_of: EndOf = no_end_offset,
        load: Callable[[], Load] = lambda: Load.HEAVY,
    ) -> None:
        """Own nothing yet; `end_of` says where a source partition ends, None if unknown.

        `demand` says how much else the worker has to do.
        """
        self.number = number
        self._settings = settings
        self._core = core
        self._metrics = metrics
        self._failpoint = armed(settings.failpoint)
        self._aggregator = core.aggregator(settings.clock(), number)
        self._state = TopicPartition(topics.state(settings), number)
        self._transactions = TransactionalProducer(settings, STAGE, number)
        self._early_begin = EarlyBegin(self._transactions, self._state)
        self._alerts = AlertPublisher(settings, number, end_of)
        self._intake = RecordIntake(
            settings, number, self._aggregator, metrics, self._alerts.catch_up
        )
        self._target_offsets: dict[str, int] = {}
        # What readers of the partials know; None once the difference has been published.
        self._published: Published | None = Published()
        self._partial_offsets: dict[int, int] = {}
        # The same of what was moved to other shards.
        self._reroute_offsets: dict[int, int] = {}
        self._reference = ReferenceData(settings, metrics)
        self._reference_cursor = 0
        self._reroutes_topic = topics.reroutes(settings)
        self._committed = b""
        self._reported = b""
        self._committed_at = self._reported_at = 0.0
        self._load = load
        self._values_slot = 0

    async def fence(self) -> None:
        """Fence the shard's earlier owner. Nothing may be read before this."""
        await self._transactions.fence()

    async def restore(self, published: Published, reference: ReferenceData) -> None:
        """Become what the last commit left, and publish what readers lack of that.

        `published` must have been read after `take`; `reference` must be complete.
        """
        self._reference, self._published, self._partial_offsets = (
            reference,
            published,
            published.partial_offsets,
        )
        await self._alerts.restore()
        # Reference data first: rows are read once, and right.
        self._apply_reference()
        restored = StateRestore(self._settings, self._aggregator, self.number)
        stops = await ends(self._settings, [self._state])
        async for _, records in read_to(self._settings, stops):
            for record in records:
                restored.apply(record)
            self._failpoint("during_restore")
        await self._rebuild(restored, published.reroutes)
        self._target_offsets = restored.target_offsets
        self._intake.resume_from(restored.source_offsets, restored.quarantine)
        await self._check_sources()
        self._reroute_offsets = published.reroutes.sent_offsets
        self._committed = self.source_offsets.encode()
        await self._commit()

    @property
    def source_offsets(self) -> SourceOffsets:
        """Up to where events and reference records are folded."""
        return self._intake.source_offsets

    @property
    def next_tick_in_s(self) -> float:
        """Seconds until time alone changes a cell and it may be told; infinite if it will not."""
        due = self._aggregator.next_due
        if due is None or self._settings.now is not None:
            return inf
        return max((due - self._settings.clock()) / 1000, until_next_commit(self._committed_at))

    def linger_s(
        self,
        waiting: Collection[Records],  # noqa: ARG002 - of an Owner
        since: float,  # noqa: ARG002
        found_idle: bool,
    ) -> float:
        """Seconds until events may be committed; 0 or less if they may be now.

        Those that come when nothing else is to be done need not wait for the beat.
        """
        return 0.0 if found_idle else until_next_commit(self._committed_at)

    @property
    def last_progress_at(self) -> float:
        """When something was last got done, in seconds of a clock that never goes back."""
        return max(self._intake.processed_at, self._transactions.answered_at)

    def resume_offsets(self) -> dict[TopicPartition, int]:
        """Say where reading has to go on in each source partition."""
        return {
            TopicPartition(topic, self.number): offset
            for topic, offset in self.source_offsets.source.items()
        }

    def positions(self) -> dict[TopicPartition, int]:
        """Say up to where it has read or written partitions: none can end before that."""
        return {**self._transactions.positions, **self.resume_offsets()}

    async def process(self, lists: Sequence[Records]) -> None:
        """Fold fetched lists, each of one partition in the order of its offsets, and commit.

        If a KPI raises, which of them were being folded is noted for the next owner: Crashed.
        """
        since, to = dict(self.source_offsets.source), dict[str, int]()
        for records in lists:
            to[records[0].topic] = records[-1].offset + 1
        try:
            await self._early_begin.begin(lists, self._may_publish_values())
            await self._intake.process(lists)
            await self._commit()
        except Crashed as crash:
            await self._write_crash_note(
                CrashNote(since, to, describe_error(crash.__cause__ or crash))
            )
            raise Crashed(
                f"{crash}; noted: the next owner looks for the event and sets it aside"
            ) from crash.__cause__

    async def tick(self) -> None:
        """Let time pass: publish what has matured, and now and then show that one is alive."""
        await self._commit()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._transactions.close()

    async def _rebuild(self, restored: StateRestore, sent: ReroutesRead) -> None:
        """Fold what the state holds, and what was moved here since.

        Not the state tells what was moved: that topic is itself all that has to be known of it.
        """
        since, crash_note = dict(restored.source_offsets.source), restored.quarantine.crash_note
        known = (
            sent.committed_offset
            if crash_note is None
            else crash_note.since.get(self._reroutes_topic, 0)
        )
        try:
            rebuild = restored.rebuild(sent.received_before(known), self._settings.clock())
            await run_cooperatively(lambda: next(rebuild, True) is None)
        except Crashed as crash:
            if crash_note is None:
                # It may be a move that nobody has folded before.
                to = {**since, self._reroutes_topic: sent.next_offset}
                await self._write_crash_note(
                    CrashNote(since, to, describe_error(crash.__cause__ or crash))
                )
            raise
        restored.source_offsets.source[self._reroutes_topic] = known
        if known < sent.next_offset:
            # What is tried one by one was folded once, and cells of it may be published.
            restored.target_offsets[self._reroutes_topic] = sent.next_offset

    async def _write_crash_note(self, crash_note: CrashNote) -> None:
        """Say in the state what was being folded; nothing that was folded is written."""
        await self._transactions.begin([self._state])
        await self._transactions.send({self._state: [(CRASH_NOTE_KEY, crash_note.encode())]})
        await self._transactions.commit()

    async def _check_sources(self) -> None:
        """Compare the position with what the source partitions still hold."""
        wanted = list(self.resume_offsets())
        first, last = await beginnings(self._settings, wanted), await ends(self._settings, wanted)
        self._alerts.catch_up.set_targets(self._external_offsets(last))
        for source, offset in self.resume_offsets().items():
            if last[source] < offset:
                raise Fatal(
                    f"{source.topic}/{self.number} ends at {last[source]}, but {offset} were read:"
                    f" it was made anew; begin with a new SALES_KPIS_APP as well"
                )
            if first[source] > offset:
                self._metrics.gap(source.topic, self.number, first[source] - offset)
                self.source_offsets.source[source.topic] = first[source]

    def _apply_reference(self) -> None:
        for record in self._reference.records[self._reference_cursor :]:
            self._aggregator.add_reference(record)
        self._reference_cursor = len(self._reference.records)

    def _read_reference(self) -> None:
        """Take the reference records that came since the last time."""
        self._apply_reference()
        # Shard 0 keeps the reference topics' dead letters, each once: its position says which.
        if self.number == 0:
            known = self.source_offsets.reference
            self._intake.dead_letters += [
                pair
                for topic, offset, pair in self._reference.rejected
                if offset >= known.get(topic, 0)
            ]
        self.source_offsets.reference = dict(self._reference.offsets)

    async def _changes(self, clock: int, with_values: bool) -> tuple[list[Change], list[Reroute]]:
        """Give the cells to publish and what has to be moved; not while short of the goal.

        A goal beyond the position is what a torn transaction leaves: cells of its rows may
        already be published, and without the events that are read again they would go back.
        """
        with attribute_to_shard(self.number):
            pending = self._aggregator.apply_pending(clock)
            await run_cooperatively(lambda: next(pending, True) is None)
            if with_values and self._aggregator.has_unpublished:
                self._values_slot = values_slot(self.number)
            changed, pending_reroutes = (
                self._aggregator.changed_cells(with_values=with_values),
                self._aggregator.pending_reroutes(),
            )
        if self._published is None:
            return list(changed.items()), pending_reroutes
        self._failpoint("during_reconcile")
        known, self._published = self._published, None
        # A torn transaction may have moved what its rows lack, or have rows without their moves.
        pending_reroutes = reroutes.difference(
            self._aggregator.current_reroutes(), known.reroutes.sent
        )
        return list(partials.difference(self._aggregator.cells(), known.cells)), pending_reroutes

    def _may_publish_values(self) -> bool:
        """Tell whether members' cells may be told: with every beat only when there is time."""
        is_busy = self._load() is Load.HEAVY
        is_next = values_slot(self.number) != self._values_slot
        return self._published is not None or is_next or not is_busy

    async def _alert_records(self, clock: int, now: float) -> list[KeyValue]:
        if not await self._alerts.may_publish(self._external_offsets(self.resume_offsets()), now):
            return []
        with attribute_to_shard(self.number):
            return self._alerts.pending_records(self._aggregator, clock)

    def _external_offsets(self, offsets: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Leave out what shards tell each other: its ends are those of transactions."""
        return {
            partition: offset
            for partition, offset in offsets.items()
            if partition.topic != self._reroutes_topic
        }

    async def _commit(self) -> None:
        """Make what was folded, matured and refused since the last commit visible at once."""
        began = time.monotonic()
        self._read_reference()
        clock = self._settings.clock()
        is_complete = self.source_offsets.reach(self._target_offsets)
        with_values = self._may_publish_values()
        changes, pending_reroutes = (
            await self._changes(clock, with_values) if is_complete else ([], [])
        )
        alerts = await self._alert_records(clock, began) if is_complete else []
        source_offsets = self.source_offsets.encode()
        is_due = began - self._committed_at > HEARTBEAT_SECONDS
        is_news = (
            bool(self._intake.state_records or self._intake.dead_letters)
            or source_offsets != self._committed
        )
        state = self._state_records(source_offsets) if is_news or is_due else []
        with_report = self._is_report_due(source_offsets, began, is_due)
        parts = [
            (
                changes[first : first + CELLS_PER_TRANSACTION],
                pending_reroutes[first : first + CELLS_PER_TRANSACTION],
            )
            for first in range(0, max(len(changes), len(pending_reroutes)), CELLS_PER_TRANSACTION)
        ]
        if not (state or parts or alerts or with_report):
            await self._transactions.end()
            return
        rejected_records = self._intake.flush()
        first, last = parts[:1], parts[1:]
        outgoing = self._outgoing(*first[0]) if first else {}
        if outgoing:
            self._early_begin.remember_destinations(outgoing, with_values)
        if alerts:
            outgoing[self._alerts.partition] = alerts
        await self._transact(rejected_records, state, outgoing, with_report and not last, clock)
        for number, part in enumerate(last, 1):
            is_end = number == len(last)
            await self._transact([], [], self._outgoing(*part), with_report and is_end, clock)
        self._committed, self._committed_at = source_offsets, began
        if with_report:
            self._reported, self._reported_at = source_offsets, began
        self._metrics.committed(STAGE, len(state), time.monotonic() - began)

    def _outgoing(self, changes: list[Change], pending_reroutes: list[Reroute]) -> Outgoing:
        return {
            **partials.writes(self._core, self.number, changes),
            **reroutes.writes(self._settings, self.number, pending_reroutes),
        }

    def _state_records(self, source_offsets: bytes) -> list[KeyValue]:
        """Give the rows between goal and position.

        The goal is the first and the position the last record of them all, so that any part of
        a torn transaction tells a new owner where it has to get before it may publish.
        """
        rows = self._intake.state_records
        last = [
            *self._intake.quarantine.forget_note_if_passed(self.source_offsets.source),
            (SOURCE_OFFSETS_KEY, source_offsets),
        ]
        if not rows:
            return last
        for topic, offset in self.source_offsets.source.items():
            self._target_offsets[topic] = max(offset, self._target_offsets.get(topic, 0))
        target_offsets = SourceOffsets(dict(self._target_offsets)).encode()
        return [(TARGET_OFFSETS_KEY, target_offsets), *rows, *last]

    def _is_report_due(self, source_offsets: bytes, now: float, is_due: bool) -> bool:
        """Tell whether to say how far the shard is: not for every commit, but soon after."""
        if self._published is not None or self._aggregator.has_unpublished:
            return False
        pause_s = BUSY_PROGRESS_SECONDS if self._intake.state_records else PROGRESS_SECONDS
        is_news = source_offsets != self._reported and now - self._reported_at > pause_s
        return is_news or is_due

    async def _transact(
        self,
        rejected_records: list[KeyValue],
        state: list[KeyValue],
        outgoing: Outgoing,
        with_report: bool,
        clock: int,
    ) -> None:
        restored = {dead_letters.DESTINATION: rejected_records} if rejected_records else {}
        rows = {self._state: state} if state else {}
        claims = [progress.destination(self._settings)] if with_report else []
        await self._transactions.begin([*restored, *rows, *outgoing, *claims])
        # Before the position that passes them: a torn transaction may show one twice, and
        # never loses one.
        if restored:
            await self._transactions.send(restored)
        # Rows and position are with the broker before the first partial or move leaves, so that
        # no part of a torn transaction shows one without the rows behind it.
        if rows:
            await self._transactions.send(rows)
            self._failpoint("after_state")
        if outgoing:
            for to, offset in (await self._transactions.send(outgoing)).items():
                if to.topic == topics.PARTIALS:
                    self._partial_offsets[to.partition] = offset
                elif to.topic == self._reroutes_topic:
                    self._reroute_offsets[to.partition] = offset
            self._failpoint("after_partials")
        for to in claims:
            sent = progress.aggregate_report(
                self.number,
                self.source_offsets,
                self._partial_offsets,
                self._reroute_offsets,
                clock,
            )
            await self._transactions.send({to: [sent]})
        self._failpoint("before_commit")
        await self._transactions.commit()
