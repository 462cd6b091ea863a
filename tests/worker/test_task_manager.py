"""The group may change again while the last change is still being followed, or not go on."""

import asyncio
import gc
from collections.abc import Iterable, Mapping

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.errors import Fatal, Stuck
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
        self.failure: KafkaError | None = None

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

    def is_joining(self) -> bool:
        """Have joined, or have failed to."""
        if self.failure is not None:
            raise self.failure
        return False

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


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every wait be too long soon."""
    monkeypatch.setattr("streams.worker.task_manager.REBALANCE_LIMIT_SECONDS", 0.3)
    monkeypatch.setattr("streams.worker.task_manager.STUCK_SECONDS", 0.3)
    monkeypatch.setattr("streams.worker.task_manager.WATCH_SECONDS", 0.05)


async def failed(failures: list[BaseException]) -> str:
    """Wait for a failure and return its message."""

    async def has_failed() -> bool:
        return bool(failures)

    await eventually(has_failed)
    return str(failures[0])


@pytest.mark.usefixtures("short_limits")
async def test_worker_that_is_never_assigned_anything_ends() -> None:
    failures: list[BaseException] = []
    own = TaskManager(Settings(), Counting(), WorkerMetrics(CollectorRegistry()), failures.append)
    own.watch_rebalances()
    try:
        assert "it waits for the group to be joined" in await failed(failures)
        assert isinstance(failures[0], Stuck)
    finally:
        await own.stop()


@pytest.mark.usefixtures("short_limits")
async def test_worker_whose_tasks_are_revoked_without_another_assignment_ends(
    settings: Settings,
) -> None:
    failures: list[BaseException] = []
    own = TaskManager(settings, Counting(), WorkerMetrics(CollectorRegistry()), failures.append)
    own.start(Group())
    try:
        await own.assigned([])
        await asyncio.sleep(0.5)
        assert failures == []
        own.rebalance_started()
        await own.revoked()
        assert "it waits for the group to assign tasks" in await failed(failures)
    finally:
        await own.stop()


async def test_worker_that_cannot_seek_ends(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[BaseException] = []
    group, tps = Group(), partitions_of(settings, 0)
    own = TaskManager(settings, Counting(), WorkerMetrics(CollectorRegistry()), failures.append)
    own.start(group)

    async def is_readable() -> bool:
        return own.is_readable(tps[0])

    try:
        await change(own, group, tps)
        await eventually(is_readable)
        group.may_seek.clear()
        monkeypatch.setattr("streams.worker.task_manager.REBALANCE_LIMIT_SECONDS", 0.3)
        changing = asyncio.create_task(change(own, group, tps))
        assert "it waits for the client to seek to the resume offsets" in await failed(failures)
        group.may_seek.set()
        await changing
    finally:
        await own.stop()


@pytest.mark.usefixtures("short_limits")
async def test_worker_without_progress_in_restoring_ends(settings: Settings) -> None:
    """Reference data is read to its end, which an open transaction holds back."""
    failures: list[BaseException] = []
    group, tps = Group(), partitions_of(settings, 0)
    own = TaskManager(settings, Counting(), WorkerMetrics(CollectorRegistry()), failures.append)
    writer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap, transactional_id="never ends")
    await writer.start()
    try:
        await writer.begin_transaction()
        await writer.send_and_wait("crm.rep", b"{}", key=b"r", partition=0)
        own.start(group)
        await change(own, group, tps)
        assert "aggregate/0 has made no progress with restoring" in await failed(failures)
    finally:
        await own.stop()
        await writer.abort_transaction()
        await writer.stop()


async def test_client_goes_on_while_an_assignment_is_followed(settings: Settings) -> None:
    """It sends heartbeats only once its listener has returned."""
    failures: list[BaseException] = []
    group, tps = Group(), partitions_of(settings, 0)
    own = TaskManager(settings, Counting(), WorkerMetrics(CollectorRegistry()), failures.append)
    own.start(group)

    async def is_readable() -> bool:
        return own.is_readable(tps[0])

    try:
        await change(own, group, tps)
        await eventually(is_readable)
        group.may_seek.clear()
        group.is_seeking.clear()
        own.rebalance_started()
        await own.revoked()
        own.follow(tps)
        await group.is_seeking.wait()
        # The group changes again before that is done: what is seeking is left as it is.
        own.rebalance_started()
        await own.revoked()
        own.follow(tps)
        assert not own.is_readable(tps[0])
        group.may_seek.set()
        await eventually(is_readable)
    finally:
        await own.stop()
    assert failures == []


async def test_error_that_the_client_stopped_at_while_joining_ends_the_worker(
    settings: Settings,
) -> None:
    failures: list[BaseException] = []
    group = Group()
    group.failure = KafkaError("unexpected answer to JoinGroup")
    own = TaskManager(settings, Counting(), WorkerMetrics(CollectorRegistry()), failures.append)
    own.start(group)
    try:
        assert "unexpected answer to JoinGroup" in await failed(failures)
    finally:
        await own.stop()


async def test_task_that_ends_as_if_it_had_been_cancelled_ends_the_worker() -> None:
    """A client that is being closed can raise the cancellation of one of its own tasks."""
    failures: list[BaseException] = []
    own = TaskManager(Settings(), Counting(), WorkerMetrics(CollectorRegistry()), failures.append)

    async def read() -> None:
        inner = asyncio.create_task(asyncio.sleep(100))
        inner.cancel()
        await inner

    own._supervise(asyncio.create_task(read(), name="partials"))
    assert await failed(failures) == "partials ended, but nothing had cancelled it"
    assert isinstance(failures[0], Fatal)
    failures.clear()
    cancelled = asyncio.create_task(asyncio.sleep(100))
    own._supervise(cancelled)
    cancelled.cancel()
    await asyncio.wait({cancelled})
    await asyncio.sleep(0)
    assert failures == []
