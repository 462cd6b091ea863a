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


def shard(settings: Settings, number: int) -> list[TP]:
    """Give the partitions that a shard is assigned with."""
    return [TP(topic, number) for topic in topics.sources(settings)]


class Group:
    """A consumer's answers, and a seek that can be held up as a slow broker would."""

    def __init__(self) -> None:
        """Hold nothing up."""
        self.assigned: set[TP] = set()
        self.is_seeking = asyncio.Event()
        self.may_seek = asyncio.Event()
        self.may_seek.set()

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Take as long as it is told to."""
        assert partitions
        self.is_seeking.set()
        await self.may_seek.wait()

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Deliver nothing."""

    def assignment(self) -> set[TP]:
        """Say what was assigned last."""
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


async def test_change_within_a_change_leaves_what_the_last_one_says(settings: Settings) -> None:
    failures: list[BaseException] = []
    first, second = shard(settings, 0), shard(settings, 1)
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
        slow = asyncio.create_task(change(own, group, [*first, *second]))
        await group.is_seeking.wait()
        quick = asyncio.create_task(change(own, group, []))
        await asyncio.sleep(0)
        group.may_seek.set()
        await asyncio.gather(slow, quick)
        assert own.not_ready_reason() is None
        assert not own.is_readable(first[0])
    finally:
        await own.stop()
    assert failures == []


async def test_what_goes_to_another_worker_is_freed_without_the_collector(
    settings: Settings,
) -> None:
    """A worker's collector passes over whatever it has found alive once."""
    failures: list[BaseException] = []
    boards = [TP(topics.PARTIALS, 0)]
    stays, goes = shard(settings, 0), [*shard(settings, 1), *boards]
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
