"""The log names every task that waits, and each frame down to the one that waits."""

import asyncio
import logging

import pytest

from streams.process.task_stacks import log_tasks, stacks


async def inner(never: asyncio.Event) -> None:
    await never.wait()


async def outer(never: asyncio.Event) -> None:
    await inner(never)


async def test_log_names_each_waiting_task_and_the_frames_it_waits_in(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    task = asyncio.create_task(outer(asyncio.Event()), name="the deep one")
    await asyncio.sleep(0)
    log_tasks("requested", asyncio.get_running_loop())
    task.cancel()
    assert "requested: 2 tasks wait" in caplog.messages
    entry = next(line for line in caplog.messages if line.startswith("Task the deep one: "))
    frames = entry.removeprefix("Task the deep one: ").split(" > ")
    assert [frame.split()[-1] for frame in frames[:3]] == ["outer", "inner", "wait"]
    assert "tests/process/test_task_stacks.py:12 inner" in frames[1]
    assert "asyncio/locks.py:" in frames[2]


async def test_finished_task_is_left_out() -> None:
    task = asyncio.create_task(asyncio.sleep(0), name="soon over")
    await task
    assert list(stacks([task])) == []
