"""A task that is to stop does, even if what it waits for swallows its cancellation."""

import asyncio
import contextlib

import pytest

from streams.process.cancellation import stopped

PATIENCE_SECONDS = 5.0


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.process.cancellation.RETRY_SECONDS", 0.05)


async def test_all_tasks_are_over_and_what_they_raised_is_left_in_them() -> None:
    async def fail() -> None:
        try:
            await asyncio.sleep(100)
        finally:
            raise ValueError("torn down badly")

    tasks = [asyncio.create_task(fail()), asyncio.create_task(asyncio.sleep(100))]
    await asyncio.sleep(0)
    await stopped(*tasks)
    assert isinstance(tasks[0].exception(), ValueError)
    assert tasks[1].cancelled()


async def test_task_that_has_lost_a_cancellation_is_told_again() -> None:
    lost = 0

    async def go_on() -> None:
        nonlocal lost
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(100)
            lost += 1
            if lost == 3:
                return

    task = asyncio.create_task(go_on())
    await asyncio.sleep(0)
    await asyncio.wait_for(stopped(task), PATIENCE_SECONDS)
    assert (task.done(), lost) == (True, 3)


async def test_whoever_stops_a_task_can_be_stopped() -> None:
    async def stubborn() -> None:
        while not is_let_go:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)

    is_let_go = False
    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    stopping = asyncio.create_task(stopped(task))
    await asyncio.sleep(0.02)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    is_let_go = True
    await task


async def test_task_that_is_over_needs_nothing() -> None:
    task = asyncio.create_task(asyncio.sleep(0, "done"))
    assert await task == "done"
    await stopped(task)
    await stopped()
    assert task.result() == "done"
