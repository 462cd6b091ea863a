"""Long work leaves the event loop to others after every slice."""

import asyncio
import time

import pytest

from streams.tasks.cooperative import SLICE_SECONDS, run_cooperatively

STEPS = 20


class CountedSteps:
    """A work of some steps, each of which takes as long as it is told to."""

    def __init__(self, steps: int, seconds: float = 0.0) -> None:
        self.done = 0
        self._steps = steps
        self._seconds = seconds

    def step(self) -> bool:
        """Do one step; True while others wait."""
        time.sleep(self._seconds)
        self.done += 1
        return self.done < self._steps


async def test_others_run_while_long_work_goes_on() -> None:
    work = CountedSteps(STEPS, SLICE_SECONDS)
    seen: list[int] = []

    async def observe() -> None:
        while work.done < STEPS:
            seen.append(work.done)
            await asyncio.sleep(0)

    observer = asyncio.create_task(observe())
    await run_cooperatively(work.step)
    await observer
    # It does not yield before the first step, and after that after each step as long as these.
    assert seen == list(range(1, STEPS))


async def test_short_work_is_done_without_a_pause() -> None:
    work = CountedSteps(3)
    seen: list[int] = []
    asyncio.get_running_loop().call_soon(seen.append, 1)
    await run_cooperatively(work.step)
    assert (work.done, seen) == (3, [])


async def test_step_that_leaves_nothing_waiting_is_the_last() -> None:
    work = CountedSteps(1)
    await run_cooperatively(work.step)
    assert work.done == 1


async def test_what_a_step_raises_ends_the_work() -> None:
    def fail() -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await run_cooperatively(fail)
