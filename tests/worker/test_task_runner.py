"""One task that is run step by step, and the check for a step that does not end."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition

from streams.kafka.errors import Fatal, Fenced
from streams.kafka.reader import Records
from streams.process.cancellation import RETRY_SECONDS
from streams.worker.record_buffer import BACKLOG
from streams.worker.task_runner import (
    NO_LIMIT,
    TICK_SECONDS,
    TaskRunner,
    end_if_stuck,
)
from tests.installation.installed import eventually
from tests.worker.records import some


class Hanging:
    """A task whose step lasts until it is released."""

    stage = "aggregate"
    number = 3
    next_tick_in_s = 0.0

    def __init__(self) -> None:
        self.is_released = asyncio.Event()
        self.steps = self.worked = 0
        self.last_progress_at = 0.0
        self.found_idle: list[bool] = []

    def linger_s(self, waiting: object, since: float, found_idle: bool) -> float:  # noqa: ARG002
        """Wait for no more."""
        self.found_idle.append(found_idle)
        return 0.0

    def resume_offsets(self) -> dict[TopicPartition, int]:
        """Read nothing."""
        return {}

    def positions(self) -> dict[TopicPartition, int]:
        """Know of nothing."""
        return {}

    async def fence(self) -> None:
        """Need no fence."""

    async def process(self, lists: list[Records]) -> None:
        """Count."""
        self.worked += sum(map(len, lists))

    async def tick(self) -> None:
        """Hang."""
        self.steps += 1
        await self.is_released.wait()

    async def close(self) -> None:
        """Hold nothing."""


async def test_step_without_progress_is_stuck() -> None:
    async with running() as (runner, _):

        async def is_stuck() -> bool:
            return runner.seconds_without_progress > 0.1

        await eventually(is_stuck)
        with pytest.raises(Fatal, match="aggregate/3 has been stuck in one step for 0 s"):
            end_if_stuck([runner], 0.1)


async def test_step_with_progress_is_not_stuck() -> None:
    async with running() as (runner, task_double):
        task_double.last_progress_at = time.monotonic() + 1000
        end_if_stuck([runner], 0.0)


async def test_runner_between_its_steps_is_not_stuck() -> None:
    async with running() as (runner, task_double):
        task_double.is_released.set()
        await runner.pause()
        assert runner.seconds_without_progress == 0.0


async def test_backlog_waits_for_its_slot_and_a_pause_for_neither() -> None:
    slot = asyncio.Semaphore(1)
    await slot.acquire()
    async with running(slot) as (runner, task_double):
        await runner.buffer.add(some(BACKLOG))
        task_double.is_released.set()
        await asyncio.sleep(2 * TICK_SECONDS)
        assert (task_double.worked, runner.seconds_without_progress) == (0, 0.0)
        await asyncio.wait_for(runner.pause(), TICK_SECONDS)
        runner.resume()
        await runner.buffer.add(some(BACKLOG))
        slot.release()

        async def has_worked() -> bool:
            return task_double.worked == BACKLOG

        await eventually(has_worked)


async def test_task_knows_whether_records_came_between_its_steps() -> None:
    async with running() as (runner, task_double):
        await runner.buffer.add(some(1))
        task_double.is_released.set()
        for worked in (1, 2):

            async def has_worked(worked: int = worked) -> bool:
                return task_double.worked == worked

            await eventually(has_worked)
            await runner.buffer.add(some(1, worked))
        assert task_double.found_idle == [False, True]


async def test_few_records_need_no_slot() -> None:
    slot = asyncio.Semaphore(1)
    await slot.acquire()
    async with running(slot) as (runner, task_double):
        await runner.buffer.add(some(BACKLOG - 1))
        task_double.is_released.set()

        async def has_worked() -> bool:
            return task_double.worked == BACKLOG - 1

        await eventually(has_worked)


async def test_task_fenced_during_restore_waits_for_the_rebalance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def restore() -> None:
        raise Fenced("another worker has taken over")

    async def resume(runner: TaskRunner) -> None:
        raise AssertionError(runner)

    runner = TaskRunner(Hanging(), restore)
    task = runner.start(resume)
    await asyncio.sleep(0.05)
    assert not task.done()
    await runner.end()
    monkeypatch.setattr("streams.worker.task_runner.FENCED_GRACE_SECONDS", 0.05)
    with pytest.raises(Fenced):
        await TaskRunner(Hanging(), restore).start(resume)


@pytest.mark.parametrize("iterations", range(4))
async def test_runner_ends_although_records_come_at_that_moment(iterations: int) -> None:
    async with running() as (runner, task_double):
        task_double.is_released.set()
        task_double.next_tick_in_s = TICK_SECONDS
        await asyncio.sleep(1.5 * TICK_SECONDS)
        await runner.buffer.add(some(1))
        for _ in range(iterations):
            await asyncio.sleep(0)
        ending = asyncio.create_task(runner.end())
        await asyncio.wait([ending], timeout=RETRY_SECONDS / 2)
        assert ending.done()


@asynccontextmanager
async def running(
    slot: AbstractAsyncContextManager[Any] = NO_LIMIT,
) -> AsyncIterator[tuple[TaskRunner, Hanging]]:
    """Yield a runner that is in its first step."""
    task_double = Hanging()

    async def restore() -> None:
        """Need nothing."""

    async def resume(runner: TaskRunner) -> None:
        runner.resume()

    runner = TaskRunner(task_double, restore, slot)
    runner.start(resume)

    async def has_begun() -> bool:
        return task_double.steps > 0

    await eventually(has_begun)
    yield runner, task_double
    task_double.is_released.set()
    await runner.end()
