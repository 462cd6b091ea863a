"""Failures of background tasks are reported; cancellations by the worker are not."""

import asyncio

from streams.kafka.errors import Fatal
from streams.worker.background_tasks import BackgroundTasks
from tests.worker.group import failure_of


async def test_error_of_a_task_is_reported() -> None:
    failures: list[BaseException] = []

    async def fail() -> None:
        raise ValueError("broken")

    BackgroundTasks(failures.append).add(asyncio.create_task(fail()))
    assert await failure_of(failures) == "broken"


async def test_task_that_ends_as_if_it_had_been_cancelled_is_reported() -> None:
    """A Kafka client that is being closed can raise the cancellation of one of its own tasks."""
    failures: list[BaseException] = []

    async def read() -> None:
        inner = asyncio.create_task(asyncio.sleep(100))
        inner.cancel()
        await inner

    BackgroundTasks(failures.append).add(asyncio.create_task(read(), name="partials"))
    assert await failure_of(failures) == "partials ended, but nothing had cancelled it"
    assert isinstance(failures[0], Fatal)


async def test_stopped_tasks_are_cancelled_without_a_failure() -> None:
    failures: list[BaseException] = []
    background = BackgroundTasks(failures.append)
    task = asyncio.create_task(asyncio.sleep(100))
    background.add(task)
    await background.stop()
    await asyncio.sleep(0)
    assert task.cancelled()
    assert failures == []
