"""Workers in which one rule of the commit protocol is broken, by replacing methods in tests only.

Each is what somebody could write by mistake; `become` breaks the rule in this process for good.
"""

import os
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.agents import transport
from streams.config.settings import Settings
from streams.engine.catalogue.publish_priority import Priority
from streams.internal_topics import dead_letters
from streams.internal_topics.progress import SourceOffsets
from streams.kafka.reader import OffsetClient, Offsets
from streams.kafka.record_batches import Record
from streams.kafka.transactional_producer import (
    TransactionalProducer,
    Writes,
)
from streams.tasks.aggregate.publishable_changes import Changes, PublishableChanges
from streams.tasks.aggregate.restore import SOURCE_OFFSETS_KEY
from streams.tasks.aggregate.task import AggregateTask
from streams.tasks.merge.task import MergeTask
from streams.tasks.reference_data import ReferenceData


class UncommittedOffsets(OffsetClient):
    """Takes what is not committed for committed."""

    async def ends(
        self, partitions: Collection[TopicPartition], *, committed: bool = False
    ) -> Offsets:
        """Return where each partition ends."""
        del committed
        return await super().ends(partitions)


class Mutant(NamedTuple):
    """One broken rule, and the faults under which it has to show."""

    rule: str
    become: Callable[[], None]
    faults: Mapping[str, int]
    points: tuple[str, ...] = ()


def read_before_the_fence() -> None:
    """Restore first, and call InitProducerId when all is read."""
    check = AggregateTask._check_sources

    async def fence(_: AggregateTask) -> None:
        """Leave it for later."""

    async def check_sources(self: AggregateTask) -> None:
        await check(self)
        await self._transactions.fence()

    _replace(AggregateTask, fence=fence, _check_sources=check_sources)


def fence_no_owner() -> None:
    """Give every process transactional ids of its own."""
    begin = TransactionalProducer.__init__

    def named(self: TransactionalProducer, settings: Settings, stage: str, partition: int) -> None:
        begin(self, settings, stage, partition)
        self.name += f"-{os.getpid()}"

    _replace(TransactionalProducer, __init__=named)


def source_offsets_first() -> None:
    """Write the source offsets, and when they are acknowledged the event records."""
    send = TransactionalProducer.send

    async def in_two(self: TransactionalProducer, writes: Writes) -> dict[TopicPartition, int]:
        if (state := _state_of(writes)) is None:
            return await send(self, writes)
        to, pairs = state
        await send(self, {to: pairs[-1:]})
        return await send(self, {to: pairs[:-1]})

    _replace(TransactionalProducer, send=in_two)


def partials_first() -> None:
    """Write the partials, and when they are acknowledged the event records behind them."""
    send, commit = TransactionalProducer.send, TransactionalProducer.commit
    held: dict[TransactionalProducer, Writes] = {}

    async def later(self: TransactionalProducer, writes: Writes) -> dict[TopicPartition, int]:
        if _state_of(writes) is not None:
            held[self] = writes
            return {}
        sent = await send(self, writes)
        if self in held:
            await send(self, held.pop(self))
        return sent

    async def all_sent(self: TransactionalProducer) -> None:
        if self in held:
            await send(self, held.pop(self))
        await commit(self)

    _replace(TransactionalProducer, send=later, commit=all_sent)


def dead_letters_last() -> None:
    """Write dead letters after the source offsets that pass their records."""
    send, commit = TransactionalProducer.send, TransactionalProducer.commit
    held: dict[TransactionalProducer, Writes] = {}

    async def later(self: TransactionalProducer, writes: Writes) -> dict[TopicPartition, int]:
        if dead_letters.DESTINATION in writes:
            held[self] = writes
            return {}
        return await send(self, writes)

    async def all_sent(self: TransactionalProducer) -> None:
        if self in held:
            await send(self, held.pop(self))
        await commit(self)

    _replace(TransactionalProducer, send=later, commit=all_sent)


def stage_2_reads_uncommitted() -> None:
    """Let stage 2 see what is never committed."""
    real = AIOKafkaConsumer

    def uncommitted(*rest: Any, **named: Any) -> AIOKafkaConsumer:
        return real(*rest, **{**named, "isolation_level": "read_uncommitted"})

    _replace(transport, AIOKafkaConsumer=uncommitted)

    restore = MergeTask.restore

    async def restored(self: MergeTask, reference: ReferenceData) -> None:
        self._offsets = UncommittedOffsets(self._settings)
        await restore(self, reference)

    _replace(MergeTask, restore=restored)


def no_reconciliation() -> None:
    """Assume that the published partials are what the event sets add up to."""
    real = PublishableChanges.collect

    async def collect(self: PublishableChanges, clock: int, priority: Priority) -> Changes:
        if self._published is not None:
            self._published = None
            await real(self, clock, priority)
            return Changes()
        return await real(self, clock, priority)

    _replace(PublishableChanges, collect=collect)


def no_target_offsets() -> None:
    """Publish although event records may be ahead of the source offsets."""

    def reach(_: SourceOffsets, target_offsets: Mapping[str, int]) -> bool:
        del target_offsets
        return True

    _replace(SourceOffsets, reach=reach)


def _state_of(writes: Writes) -> tuple[TopicPartition, list[Record]] | None:
    """The state records, if that is what is written."""
    for to, pairs in writes.items():
        listed = list(pairs)
        if len(listed) > 1 and listed[-1][0] == SOURCE_OFFSETS_KEY:
            return to, listed
    return None


def _replace(owner: Any, **named: Any) -> None:
    for name, other in named.items():
        if not hasattr(owner, name):
            raise AttributeError(f"{owner} has no {name}: the mutant would break nothing")
        setattr(owner, name, other)


LATE_ENDS = MappingProxyType({"late_ends": 6})
ZOMBIES = MappingProxyType({"zombies": 4})
KILLS = MappingProxyType({"killed": 2, "failpoints": 4})

MUTANTS = {
    "no-fence": Mutant("one transactional.id a shard and stage", fence_no_owner, ZOMBIES),
    "read-first": Mutant("InitProducerId before anything is read", read_before_the_fence, ZOMBIES),
    "position-first": Mutant("source offsets are the last record", source_offsets_first, LATE_ENDS),
    "partials-first": Mutant(
        "event records are acknowledged before partials", partials_first, LATE_ENDS
    ),
    "letters-last": Mutant("dead letters are acknowledged first", dead_letters_last, LATE_ENDS),
    "no-reconcile": Mutant("a new owner compares and republishes", no_reconciliation, LATE_ENDS),
    "uncommitted": Mutant(
        "stage 2 reads committed records only",
        stage_2_reads_uncommitted,
        KILLS,
        points=("after_partials",),
    ),
    "no-goal": Mutant(
        "short of the target offsets nothing is published", no_target_offsets, LATE_ENDS
    ),
}
