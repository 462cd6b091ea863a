"""Executes commit plans on the transactional producer of one aggregate task."""

from collections.abc import Callable, Collection, Mapping, Sequence

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.catalogue.publish_priority import Priority
from streams.events.key_value import KeyValue
from streams.internal_topics import (
    partials,
    progress,
    reroutes,
)
from streams.internal_topics.partials import PublishedPartials
from streams.internal_topics.progress import SourceOffsets
from streams.kafka import topics
from streams.kafka.reader import Records
from streams.kafka.transactional_producer import TransactionalProducer
from streams.process.failpoint import armed
from streams.tasks.aggregate.commit_plan import (
    CommitPlan,
    CommitStep,
    Outgoing,
    PlannedWrite,
)
from streams.tasks.aggregate.quarantine import CRASH_NOTE_KEY, Crashed, CrashNote, describe_error
from streams.tasks.aggregate.state_transaction import write_state
from streams.tasks.early_begin import EarlyBegin


class Committer:
    """Writes what plans say, with the failpoints between the steps.

    Remembers the offsets of the partition's last partials and reroutes, which its progress
    reports name.
    """

    def __init__(
        self,
        settings: Settings,
        number: int,
        transactions: TransactionalProducer,
        partition_of: Callable[[str], int],
    ) -> None:
        """`partition_of` gives the partials partition of a cell."""
        self._settings = settings
        self._number = number
        self._transactions = transactions
        self._partition_of = partition_of
        self._failpoint = armed(settings.failpoint)
        self._state = TopicPartition(topics.state(settings), number)
        self._early_begin = EarlyBegin(transactions, self._state)
        self._reroutes_topic = topics.reroutes(settings)
        # By partition, the offset of the last record.
        self._partial_offsets: dict[int, int] = {}
        self._reroute_offsets: dict[int, int] = {}

    def resume_from(self, published: PublishedPartials) -> None:
        """Continue after what earlier owners have published."""
        self._partial_offsets = published.partial_offsets
        self._reroute_offsets = published.reroutes.sent_offsets

    async def begin_early(self, lists: Sequence[Records], priority: Priority) -> None:
        """Begin the transaction of a commit while its records are still processed."""
        await self._early_begin.begin(lists, priority)

    async def execute(
        self, plan: CommitPlan, source_offsets: SourceOffsets, clock: int, priority: Priority
    ) -> None:
        """Run a plan's transactions; `priority` is the lowest of the cells that were due."""
        for number, writes in enumerate(plan.transactions):
            encoded = [self._encode(write) for write in writes]
            if number == 0:
                self._remember_destinations(writes, encoded, priority)
            await self._transactions.begin([to for outgoing in encoded for to in outgoing])
            for write, outgoing in zip(writes, encoded, strict=True):
                if CommitStep.PROGRESS_REPORT in write.steps:
                    report = self._report(source_offsets, clock)
                    await self._transactions.send({to: [report] for to in outgoing})
                else:
                    self._remember_offsets(await self._transactions.send(outgoing))
                if write.failpoint:
                    self._failpoint(write.failpoint)
            self._failpoint("before_commit")
            await self._transactions.commit()

    async def end_unused(self) -> None:
        """End a transaction that began early and has nothing to write."""
        await self._transactions.end()

    async def write_crash_note(
        self, crash: Crashed, since: dict[str, int], to: dict[str, int]
    ) -> None:
        """Write which records were being processed, and nothing that came of them."""
        note = CrashNote(since, to, describe_error(crash.__cause__ or crash))
        await write_state(self._transactions, self._state, [(CRASH_NOTE_KEY, note.encode())])

    def _encode(self, write: PlannedWrite) -> Outgoing:
        if not (write.cells or write.reroutes):
            return write.records
        return {
            **partials.writes(self._partition_of, self._number, write.cells),
            **reroutes.writes(self._settings, self._number, write.reroutes),
            **write.records,
        }

    def _remember_destinations(
        self, writes: Collection[PlannedWrite], encoded: Collection[Outgoing], priority: Priority
    ) -> None:
        for write, outgoing in zip(writes, encoded, strict=True):
            if write.cells or write.reroutes:
                destinations = outgoing.keys() - write.records.keys()
                self._early_begin.remember_destinations(destinations, priority)

    def _remember_offsets(self, last: Mapping[TopicPartition, int]) -> None:
        for to, offset in last.items():
            if to.topic == topics.PARTIALS:
                self._partial_offsets[to.partition] = offset
            elif to.topic == self._reroutes_topic:
                self._reroute_offsets[to.partition] = offset

    def _report(self, source_offsets: SourceOffsets, clock: int) -> KeyValue:
        return progress.aggregate_report(
            self._number,
            source_offsets,
            self._partial_offsets,
            self._reroute_offsets,
            clock,
            self._transactions.batches.described(),
        )
