"""How much else a worker has to do, as its tasks together show it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from streams.kafka.fetched_list import FetchedList
from streams.tasks.load_control import Load
from streams.worker.record_buffer import BACKLOG
from streams.worker.task_runner import TaskRunner
from streams.worker.task_set import QUIET_SECONDS, TaskSet
from tests.installation.installed import eventually
from tests.worker.records import some
from tests.worker.test_task_runner import HangingTask


class LongStep(HangingTask):
    """A task of which each step lasts until `may_go_on` is set."""

    next_tick_in_s = 100.0

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()

    async def process(self, lists: list[FetchedList]) -> None:
        """Wait, then count the records."""
        self.begun.set()
        await self.may_go_on.wait()
        await super().process(lists)


async def ready_at_once() -> None:
    """Restore nothing."""


async def resume(runner: TaskRunner) -> None:
    runner.resume()


@asynccontextmanager
async def processing(records: int) -> AsyncIterator[tuple[TaskSet, LongStep]]:
    """Yield tasks of which one has been in a step with some records for a while."""
    task, tasks = LongStep(), TaskSet(lambda: False)

    runner = tasks.by_id["aggregate", 3] = TaskRunner(task, ready_at_once)
    task.may_go_on.set()
    runner.start(resume)
    await eventually(lambda: is_resumed(runner))
    task.may_go_on.clear()
    await runner.buffer.add(some(records))
    await task.begun.wait()
    await asyncio.sleep(1.2 * QUIET_SECONDS)
    yield tasks, task
    task.may_go_on.set()
    await runner.end()


async def is_resumed(runner: TaskRunner) -> bool:
    return not runner.is_paused


@pytest.mark.parametrize(("records", "load"), [(1, Load.HEAVY), (BACKLOG, Load.BACKLOG)])
async def test_records_count_until_their_step_has_ended(records: int, load: Load) -> None:
    """A step through a backlog lasts seconds, in which nothing else may take its time."""
    async with processing(records) as (tasks, task):
        assert tasks.load() is load
        task.may_go_on.set()
        await eventually(lambda: is_idle(tasks))


async def test_tasks_that_are_ready_publish_little_while_others_are_restored() -> None:
    restored, tasks = asyncio.Event(), TaskSet(lambda: True)

    async def ready_later() -> None:
        await restored.wait()

    steps = LongStep(), LongStep()
    for step in steps:
        step.may_go_on.set()
    runners = TaskRunner(steps[0], ready_at_once), TaskRunner(steps[1], ready_later)
    tasks.by_id = dict(zip((("merge", 0), ("aggregate", 3)), runners, strict=True))
    for runner in runners:
        runner.start(resume)
    await eventually(lambda: is_resumed(runners[0]))
    assert tasks.load() is Load.BACKLOG
    restored.set()
    await eventually(lambda: is_resumed(runners[1]))
    assert tasks.load() is not Load.BACKLOG
    for runner in runners:
        await runner.end()


async def is_idle(tasks: TaskSet) -> bool:
    return tasks.load() is Load.IDLE
