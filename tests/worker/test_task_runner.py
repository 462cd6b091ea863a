"""One owner run step by step, and what is noticed when a step does not end."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition

from streams.kafka.errors import Fenced, Stuck
from streams.kafka.progress_tracker import report_progress
from streams.kafka.reader import Records
from streams.process.cancellation import RETRY_SECONDS
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


class Hanging:
    """An owner whose step lasts until it is let go."""

    stage = "aggregate"
    number = 3
    next_tick_in_s = 0.0

    def __init__(self) -> None:
        """Hang at the first step."""
        self.is_let_go = asyncio.Event()
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
        await self.is_let_go.wait()

    async def close(self) -> None:
        """Hold nothing."""


async def test_step_that_gets_nothing_done_is_stuck() -> None:
    async with running() as (runner, _):

        async def is_stuck() -> bool:
            return runner.seconds_without_progress > 0.1

        await eventually(is_stuck)
        with pytest.raises(Stuck, match="aggregate/3 has been stuck in one step for 0 s"):
            raise_if_stuck([runner], 0.1)


async def test_step_that_gets_on_is_not_stuck() -> None:
    async with running() as (runner, owner):
        owner.last_progress_at = time.monotonic() + 1000
        raise_if_stuck([runner], 0.0)


async def test_tenure_between_its_steps_is_not_stuck() -> None:
    async with running() as (runner, owner):
        owner.is_let_go.set()
        await runner.pause()
        assert runner.seconds_without_progress == 0.0


async def hang() -> None:
    await asyncio.Event().wait()


async def never_ready(runner: TaskRunner) -> None:
    raise AssertionError(runner)


async def test_restore_without_progress_is_named() -> None:
    runner = TaskRunner(Hanging(), hang)
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
            # What another asyncio task of its own does counts, too.
            await asyncio.create_task(reading())

    async def reading() -> None:
        report_progress()

    runner = TaskRunner(Hanging(), restore)
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

    runner = TaskRunner(Hanging(), restore)
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

    runner = TaskRunner(Hanging(), restore, fencing=fencing)
    runner.start(never_ready)
    await runner.end()
    assert fencing.cancelled()


async def test_backlog_waits_for_its_turn_and_a_pause_for_neither() -> None:
    turn = asyncio.Semaphore(1)
    await turn.acquire()
    async with running(turn) as (runner, owner):
        await runner.buffer.add(some(BACKLOG))
        owner.is_let_go.set()
        await asyncio.sleep(2 * TICK_SECONDS)
        assert (owner.worked, runner.seconds_without_progress) == (0, 0.0)
        await asyncio.wait_for(runner.pause(), TICK_SECONDS)
        runner.resume()
        await runner.buffer.add(some(BACKLOG))
        turn.release()

        async def has_worked() -> bool:
            return owner.worked == BACKLOG

        await eventually(has_worked)


async def test_owner_is_told_whether_records_came_between_its_steps() -> None:
    async with running() as (runner, owner):
        await runner.buffer.add(some(1))
        owner.is_let_go.set()
        for worked in (1, 2):

            async def has_worked(worked: int = worked) -> bool:
                return owner.worked == worked

            await eventually(has_worked)
            await runner.buffer.add(some(1, worked))
        assert owner.found_idle == [False, True]


async def test_few_records_need_no_turn() -> None:
    turn = asyncio.Semaphore(1)
    await turn.acquire()
    async with running(turn) as (runner, owner):
        await runner.buffer.add(some(BACKLOG - 1))
        owner.is_let_go.set()

        async def has_worked() -> bool:
            return owner.worked == BACKLOG - 1

        await eventually(has_worked)


async def test_whoever_is_fenced_while_taking_over_waits_for_the_group_to_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def restore() -> None:
        raise Fenced("another worker has taken over")

    async def resume(runner: TaskRunner) -> None:
        raise AssertionError(runner)

    told = TaskRunner(Hanging(), restore)
    task = told.start(resume)
    await asyncio.sleep(0.05)
    assert not task.done()
    await told.end()
    monkeypatch.setattr("streams.worker.task_runner.FENCED_GRACE_SECONDS", 0.05)
    with pytest.raises(Fenced):
        await TaskRunner(Hanging(), restore).start(resume)


@pytest.mark.parametrize("turns", range(4))
async def test_tenure_ends_although_records_come_in_that_very_moment(turns: int) -> None:
    async with running() as (runner, owner):
        owner.is_let_go.set()
        owner.next_tick_in_s = TICK_SECONDS
        await asyncio.sleep(1.5 * TICK_SECONDS)
        await runner.buffer.add(some(1))
        for _ in range(turns):
            await asyncio.sleep(0)
        ending = asyncio.create_task(runner.end())
        await asyncio.wait([ending], timeout=RETRY_SECONDS / 2)
        assert ending.done()


@asynccontextmanager
async def running(
    turn: AbstractAsyncContextManager[Any] = NO_LIMIT,
) -> AsyncIterator[tuple[TaskRunner, Hanging]]:
    """Give a tenure in the midst of its first step."""
    owner = Hanging()

    async def restore() -> None:
        """Need nothing."""

    async def resume(runner: TaskRunner) -> None:
        runner.resume()

    runner = TaskRunner(owner, restore, turn)
    runner.start(resume)

    async def has_begun() -> bool:
        return owner.steps > 0

    await eventually(has_begun)
    yield runner, owner
    owner.is_let_go.set()
    await runner.end()
