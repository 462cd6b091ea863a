"""The group may change again while the last change is still being followed."""

import asyncio
import gc
from collections.abc import Iterable, Mapping

from aiokafka import TopicPartition
from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.config.settings import Settings
from streams.kafka import topics
from streams.tasks.aggregate.task import AggregateTask
from streams.tasks.merge.task import MergeTask
from streams.wiring.core import build_core
from streams.worker.metrics import WorkerMetrics
from streams.worker.task_manager import TaskManager
from tests.installation.counting import Counting
from tests.installation.installed import (
    event,
    eventually,
    produce,
)


def partitions_of(settings: Settings, number: int) -> list[TP]:
    """Return the source partitions of an aggregate task."""
    return [TP(topic, number) for topic in topics.sources(settings)]


class Group:
    """A consumer's answers, and a seek that can be held up as a first_change broker would."""

    def __init__(self) -> None:
        self.assigned: set[TP] = set()
        self.is_seeking = asyncio.Event()
        self.may_seek = asyncio.Event()
        self.may_seek.set()

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Wait until the test allows it."""
        assert partitions
        self.is_seeking.set()
        await self.may_seek.wait()

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Deliver nothing."""

    def assignment(self) -> set[TP]:
        """Return the last assignment."""
        return self.assigned

    def highwater(self, tp: TP) -> int | None:
        """Know nothing: nothing was read."""
        del tp
        return None


async def change(own: TaskManager, group: Group, tps: list[TP]) -> None:
    """Let the group assign other partitions."""
    await own.revoked()
    group.assigned = set(tps)
    await own.assigned(tps)


async def test_rebalance_during_a_rebalance_leaves_the_last_assignment(settings: Settings) -> None:
    failures: list[BaseException] = []
    first, second = partitions_of(settings, 0), partitions_of(settings, 1)
    group = Group()
    own = TaskManager(settings, Counting(), WorkerMetrics(CollectorRegistry()), failures.append)
    own.start(group)

    async def is_open(partition: TopicPartition) -> bool:
        return own.is_readable(TP(*partition))

    try:
        await change(own, group, first)
        await eventually(lambda: is_open(first[0]))
        group.may_seek.clear()
        group.is_seeking.clear()
        first_change = asyncio.create_task(change(own, group, [*first, *second]))
        await group.is_seeking.wait()
        second_change = asyncio.create_task(change(own, group, []))
        await asyncio.sleep(0)
        group.may_seek.set()
        await asyncio.gather(first_change, second_change)
        assert own.not_ready_reason() is None
        assert not own.is_readable(first[0])
    finally:
        await own.stop()
    assert failures == []


async def test_tasks_of_another_worker_are_freed_without_the_collector(
    settings: Settings,
) -> None:
    """A worker's collector passes over whatever it has found alive once."""
    failures: list[BaseException] = []
    merge_partitions = [TP(topics.PARTIALS, 0)]
    stays, goes = partitions_of(settings, 0), [*partitions_of(settings, 1), *merge_partitions]
    group = Group()
    await produce(settings, [event(number, "call.ended") for number in range(50)])
    metrics = WorkerMetrics(CollectorRegistry())
    own = TaskManager(settings, build_core(settings), metrics, failures.append)
    own.start(group)

    async def are_open() -> bool:
        return all(own.is_readable(partition) for partition in (*stays, *goes))

    def held() -> list[AggregateTask | MergeTask]:
        """Other tests' are known by their settings."""
        owned = (each for each in gc.get_objects() if isinstance(each, AggregateTask | MergeTask))
        return [each for each in owned if each._settings is settings]

    try:
        await change(own, group, [*stays, *goes])
        await eventually(are_open)
        assert len(held()) == 3
        gc.collect()
        gc.disable()
        await change(own, group, stays)
        assert len(held()) == 1
    finally:
        gc.enable()
        await own.stop()
    assert failures == []
