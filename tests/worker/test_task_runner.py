"""A runner runs its task step by step, and reports a step or restore without progress."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition

from streams.kafka.errors import Fenced, Stuck
from streams.kafka.fetched_list import FetchedList
from streams.kafka.progress_tracker import report_progress
from streams.process.cancellation import RETRY_SECONDS
from streams.tasks.cooperative import run_cooperatively
from streams.worker.record_buffer import BACKLOG
from streams.worker.task_runner import (
    NO_LIMIT,
    TICK_SECONDS,
    TaskRunner,
    raise_if_not_resumed,
    raise_if_stuck,
)
from tests.installation.installed import eventually
from tests.worker.records import some


class HangingTask:
    """A task whose tick lasts until `may_go_on` is set."""

    stage = "aggregate"
    number = 3
    next_tick_in_s = 0.0
    uncompared = 0

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()
        self.ticks = self.processed = self.finished = 0
        self.last_progress_at = 0.0
        self.found_idle: list[bool] = []

    def linger_s(self, lists: object, since: float, found_idle: bool) -> float:  # noqa: ARG002 - of the Task protocol
        """0: process now."""
        self.found_idle.append(found_idle)
        return 0.0

    def resume_offsets(self) -> dict[TopicPartition, int]:
        """No partition."""
        return {}

    def positions(self) -> dict[TopicPartition, int]:
        """No partition."""
        return {}

    async def fence(self) -> None:
        """Do nothing."""

    async def process(self, lists: list[FetchedList]) -> None:
        """Count the records."""
        self.processed += sum(map(len, lists))

    async def tick(self) -> None:
        """Wait for `may_go_on`."""
        self.ticks += 1
        await self.may_go_on.wait()

    async def finish(self, until: float) -> None:  # noqa: ARG002 - of the Task protocol
        """Count the calls."""
        self.finished += 1

    async def close(self) -> None:
        """Do nothing."""


async def test_only_a_restored_task_can_help_its_next_owner() -> None:
    task = HangingTask()
    runner = TaskRunner(task, task.fence)
    await runner.finish(time.monotonic())
    assert task.finished == 0
    runner.is_restored = True
    await runner.finish(time.monotonic())
    assert task.finished == 1


async def test_step_without_progress_is_stuck() -> None:
    async with running() as (runner, _):

        async def is_stuck() -> bool:
            return runner.seconds_without_progress > 0.1

        await eventually(is_stuck)
        with pytest.raises(Stuck, match="aggregate/3 has been stuck in one step for 0 s"):
            raise_if_stuck([runner], 0.1)


async def test_step_with_progress_is_not_stuck() -> None:
    async with running() as (runner, task):
        task.last_progress_at = time.monotonic() + 1000
        raise_if_stuck([runner], 0.0)


async def test_step_of_many_slices_is_not_stuck() -> None:
    class LongWork(HangingTask):
        async def tick(self) -> None:
            """Work in slices until `may_go_on` is set."""
            self.ticks += 1
            await run_cooperatively(lambda: not self.may_go_on.is_set())

    async with running(task=LongWork()) as (runner, task):
        began = time.monotonic()
        while time.monotonic() < began + 0.5:
            await asyncio.sleep(0.05)
            raise_if_stuck([runner], 0.3)
        assert task.ticks == 1
        task.may_go_on.set()


async def test_runner_between_two_steps_is_not_stuck() -> None:
    async with running() as (runner, task):
        task.may_go_on.set()
        await runner.pause()
        assert runner.seconds_without_progress == 0.0


async def hang() -> None:
    await asyncio.Event().wait()


async def never_ready(runner: TaskRunner) -> None:
    raise AssertionError(runner)


async def test_restore_without_progress_is_named() -> None:
    runner = TaskRunner(HangingTask(), hang)
    runner.start(never_ready)
    await asyncio.sleep(0.05)
    try:
        raise_if_not_resumed([runner], 0.0, 10.0)
        with pytest.raises(Stuck, match="aggregate/3 has made no progress with restoring for 0 s"):
            raise_if_not_resumed([runner], 0.0, 0.04)
        raise_if_not_resumed([runner], time.monotonic(), 0.04)
    finally:
        await runner.end()


async def test_restore_with_progress_may_last() -> None:
    async def restore() -> None:
        while True:
            await asyncio.sleep(0.01)
            # Progress of an asyncio task that it starts counts as well.
            await asyncio.create_task(reading())

    async def reading() -> None:
        report_progress()

    runner = TaskRunner(HangingTask(), restore)
    runner.start(never_ready)
    await asyncio.sleep(0.5)
    try:
        raise_if_not_resumed([runner], 0.0, 0.4)
    finally:
        await runner.end()


async def test_restored_task_that_is_not_resumed_is_named() -> None:
    async def restore() -> None:
        """Be ready at once."""

    async def resume(runner: TaskRunner) -> None:
        del runner
        await asyncio.sleep(100)

    runner = TaskRunner(HangingTask(), restore)
    runner.start(resume)
    await asyncio.sleep(0.05)
    try:
        with pytest.raises(Stuck, match="aggregate/3 has made no progress with resuming for 0 s"):
            raise_if_not_resumed([runner], 0.0, 0.04)
        runner.resume()
        raise_if_not_resumed([runner], 0.0, 0.04)
    finally:
        await runner.end()


async def test_fence_of_a_task_that_ends_before_it_began_is_cancelled() -> None:
    """It would fence the next owner of the partition."""
    fencing = asyncio.create_task(asyncio.sleep(100))

    async def restore() -> None:
        await fencing

    runner = TaskRunner(HangingTask(), restore, fencing=fencing)
    runner.start(never_ready)
    await runner.end()
    assert fencing.cancelled()


async def test_backlog_waits_for_the_limit_and_a_pause_for_neither() -> None:
    limit = asyncio.Semaphore(1)
    await limit.acquire()
    async with running(limit) as (runner, task):
        await runner.buffer.add(some(BACKLOG))
        task.may_go_on.set()
        await asyncio.sleep(2 * TICK_SECONDS)
        assert (task.processed, runner.seconds_without_progress) == (0, 0.0)
        await asyncio.wait_for(runner.pause(), TICK_SECONDS)
        runner.resume()
        await runner.buffer.add(some(BACKLOG))
        limit.release()

        async def has_processed() -> bool:
            return task.processed == BACKLOG

        await eventually(has_processed)


async def test_task_knows_whether_records_came_between_two_steps() -> None:
    async with running() as (runner, task):
        await runner.buffer.add(some(1))
        task.may_go_on.set()
        for count in (1, 2):

            async def has_processed(count: int = count) -> bool:
                return task.processed == count

            await eventually(has_processed)
            await runner.buffer.add(some(1, count))
        assert task.found_idle == [False, True]


async def test_few_records_do_not_wait_for_the_limit() -> None:
    limit = asyncio.Semaphore(1)
    await limit.acquire()
    async with running(limit) as (runner, task):
        await runner.buffer.add(some(BACKLOG - 1))
        task.may_go_on.set()

        async def has_processed() -> bool:
            return task.processed == BACKLOG - 1

        await eventually(has_processed)


async def test_runner_fenced_while_restoring_waits_for_the_group_to_revoke_its_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def restore() -> None:
        raise Fenced("another worker has taken over")

    async def resume(runner: TaskRunner) -> None:
        raise AssertionError(runner)

    runner = TaskRunner(HangingTask(), restore)
    running = runner.start(resume)
    await asyncio.sleep(0.05)
    assert not running.done()
    await runner.end()
    monkeypatch.setattr("streams.worker.task_runner.FENCED_GRACE_SECONDS", 0.05)
    with pytest.raises(Fenced):
        await TaskRunner(HangingTask(), restore).start(resume)


@pytest.mark.parametrize("iterations", range(4))
async def test_runner_ends_although_records_arrive_at_the_same_time(iterations: int) -> None:
    async with running() as (runner, task):
        task.may_go_on.set()
        task.next_tick_in_s = TICK_SECONDS
        await asyncio.sleep(1.5 * TICK_SECONDS)
        await runner.buffer.add(some(1))
        for _ in range(iterations):
            await asyncio.sleep(0)
        ending = asyncio.create_task(runner.end())
        await asyncio.wait([ending], timeout=RETRY_SECONDS / 2)
        assert ending.done()


@asynccontextmanager
async def running(
    limit: AbstractAsyncContextManager[Any] = NO_LIMIT, task: HangingTask | None = None
) -> AsyncIterator[tuple[TaskRunner, HangingTask]]:
    """Yield a runner within its first tick."""
    task = task or HangingTask()

    async def restore() -> None:
        """Be ready at once."""

    async def resume(runner: TaskRunner) -> None:
        runner.resume()

    runner = TaskRunner(task, restore, limit)
    runner.start(resume)

    async def has_begun() -> bool:
        return task.ticks > 0

    await eventually(has_begun)
    yield runner, task
    task.may_go_on.set()
    await runner.end()
