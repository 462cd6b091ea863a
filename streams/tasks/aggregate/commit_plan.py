"""What one commit of the aggregate task writes, and in which order.

The order is the commit protocol, and tests/model plays the same steps: see CommitStep.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain

from aiokafka import TopicPartition

from streams.engine.aggregate.reroutes import Reroute
from streams.engine.algebra.measures import Grouped
from streams.events.key_value import KeyValue
from streams.internal_topics.dead_letters import DESTINATION as DEAD_LETTERS
from streams.internal_topics.progress import SourceOffsets
from streams.tasks.aggregate.restore import SOURCE_OFFSETS_KEY, TARGET_OFFSETS_KEY

# More would outlast the transaction's time or the client's memory.
CELLS_PER_TRANSACTION = 20_000
Change = tuple[str, Grouped]
Outgoing = Mapping[TopicPartition, Sequence[KeyValue]]


class CommitStep(StrEnum):
    """One step of the commit protocol."""

    BEGIN = "begin"
    DEAD_LETTERS = "dead letters"
    FORWARDS = "forwarded events"
    TARGET_OFFSETS = "target offsets"
    EVENTS = "event records"
    SOURCE_OFFSETS = "source offsets"
    ACKNOWLEDGED = "acknowledged"
    PARTIALS = "partials"
    FORWARD_REMOVALS = "removals of forwarded events"
    PROGRESS_REPORT = "progress report"
    END = "EndTxn"


@dataclass(frozen=True)
class PlannedWrite:
    """Records that are sent together; the next write waits until they are acknowledged.

    Cells and reroutes are encoded when their transaction begins, for they may be many. A
    progress report names the offsets of earlier writes, so that it is made when it is sent.
    `failpoint` is passed after the acknowledgement.
    """

    steps: tuple[CommitStep, ...]
    records: Outgoing
    cells: Sequence[Change] = ()
    reroutes: Sequence[Reroute] = ()
    failpoint: str = ""


@dataclass(frozen=True)
class CommitPlan:
    """The transactions of one commit, and what the task remembers once they are committed."""

    transactions: tuple[tuple[PlannedWrite, ...], ...]
    source_offsets: bytes
    target_offsets: Mapping[str, int]
    state_records: int
    has_report: bool

    @property
    def steps(self) -> tuple[CommitStep, ...]:
        """All steps in their order."""
        return tuple(chain.from_iterable(map(transaction_steps, self.transactions)))


@dataclass(frozen=True)
class Uncommitted:
    """What an aggregate task has to commit, at one instant.

    `state` and `progress` are the partitions of the state changelog and of progress reports,
    `committed` the encoded source offsets of the last commit. `note_removal` removes a crash
    note that the source offsets have passed.
    """

    state: TopicPartition
    progress: TopicPartition
    source_offsets: SourceOffsets
    target_offsets: Mapping[str, int]
    committed: bytes
    is_heartbeat_due: bool
    is_report_due: bool
    dead_letters: Sequence[KeyValue] = ()
    forwards: Outgoing = field(default_factory=dict)
    event_records: Sequence[KeyValue] = ()
    note_removal: Sequence[KeyValue] = ()
    cells: Sequence[Change] = ()
    reroutes: Sequence[Reroute] = ()
    alerts: Outgoing = field(default_factory=dict)
    forward_removals: Outgoing = field(default_factory=dict)


def plan_commit(pending: Uncommitted) -> CommitPlan | None:
    """Plan the transactions of one commit; None if there is nothing to write.

    Everything but cells and reroutes beyond the first chunk is in the first transaction; a
    progress report is in the last, for it says that all before it is published.
    """
    source_offsets = pending.source_offsets.encode()
    target_offsets = _target_offsets(pending)
    state = _state_records(pending, source_offsets, target_offsets)
    chunks = _chunks(pending)
    last = pending.alerts or pending.forward_removals
    if not (state or chunks or last or pending.is_report_due):
        return None
    first = [
        *_aside(pending),
        *_state(pending.state, state),
        *_partials(*(chunks[0] if chunks else ((), ())), pending.alerts),
        *_forward_removals(pending),
    ]
    transactions = [first, *([*_partials(*chunk, {})] for chunk in chunks[1:])]
    if pending.is_report_due:
        report = PlannedWrite((CommitStep.PROGRESS_REPORT,), {pending.progress: ()})
        transactions[-1].append(report)
    return CommitPlan(
        tuple(map(tuple, transactions)),
        source_offsets,
        target_offsets,
        len(state),
        pending.is_report_due,
    )


def transaction_steps(writes: Sequence[PlannedWrite]) -> tuple[CommitStep, ...]:
    """The steps of one transaction in their order."""
    acknowledged = ((*write.steps, CommitStep.ACKNOWLEDGED) for write in writes)
    return (CommitStep.BEGIN, *chain.from_iterable(acknowledged), CommitStep.END)


def _aside(pending: Uncommitted) -> list[PlannedWrite]:
    """Dead letters and forwarded events go before the source offsets that pass their records.

    A torn transaction may show one twice, and never loses one.
    """
    writes = []
    if pending.dead_letters:
        letters = {DEAD_LETTERS: pending.dead_letters}
        writes.append(PlannedWrite((CommitStep.DEAD_LETTERS,), letters))
    if pending.forwards:
        step = (CommitStep.FORWARDS,)
        writes.append(PlannedWrite(step, pending.forwards, failpoint="after_forwards"))
    return writes


def _state(partition: TopicPartition, records: Sequence[KeyValue]) -> list[PlannedWrite]:
    """State is acknowledged before the first partial or reroute is sent.

    So no part of a torn transaction shows one of these without the event records behind it.
    """
    if not records:
        return []
    steps: tuple[CommitStep, ...] = (CommitStep.SOURCE_OFFSETS,)
    if records[0][0] == TARGET_OFFSETS_KEY:
        steps = (CommitStep.TARGET_OFFSETS, CommitStep.EVENTS, CommitStep.SOURCE_OFFSETS)
    return [PlannedWrite(steps, {partition: records}, failpoint="after_state")]


def _partials(
    cells: Sequence[Change], reroutes: Sequence[Reroute], alerts: Outgoing
) -> list[PlannedWrite]:
    if not (cells or reroutes or alerts):
        return []
    return [PlannedWrite((CommitStep.PARTIALS,), alerts, cells, reroutes, "after_partials")]


def _forward_removals(pending: Uncommitted) -> list[PlannedWrite]:
    """Forwarded events are removed once the state that has them is acknowledged.

    A torn transaction may leave one, which the next owner removes, and never loses one.
    """
    if not pending.forward_removals:
        return []
    return [PlannedWrite((CommitStep.FORWARD_REMOVALS,), pending.forward_removals)]


def _target_offsets(pending: Uncommitted) -> Mapping[str, int]:
    """The offsets that a new owner has to reach before it publishes: never less than before."""
    if not pending.event_records:
        return pending.target_offsets
    targets = dict(pending.target_offsets)
    for topic, offset in pending.source_offsets.source.items():
        targets[topic] = max(offset, targets.get(topic, 0))
    return targets


def _state_records(
    pending: Uncommitted, source_offsets: bytes, target_offsets: Mapping[str, int]
) -> list[KeyValue]:
    """The event records between target offsets and source offsets, if there is news.

    Target offsets are the first and source offsets the last record, so that any part of a torn
    transaction tells a new owner how far it has to read before it may publish.
    """
    is_news = bool(pending.event_records or pending.dead_letters or pending.forwards)
    if not (is_news or source_offsets != pending.committed or pending.is_heartbeat_due):
        return []
    last = [*pending.note_removal, (SOURCE_OFFSETS_KEY, source_offsets)]
    if not pending.event_records:
        return last
    targets = SourceOffsets(dict(target_offsets)).encode()
    return [(TARGET_OFFSETS_KEY, targets), *pending.event_records, *last]


def _chunks(pending: Uncommitted) -> list[tuple[Sequence[Change], Sequence[Reroute]]]:
    """Cells and reroutes in parts that fit in a transaction each."""
    size, most = CELLS_PER_TRANSACTION, max(len(pending.cells), len(pending.reroutes))
    return [
        (pending.cells[first : first + size], pending.reroutes[first : first + size])
        for first in range(0, most, size)
    ]
