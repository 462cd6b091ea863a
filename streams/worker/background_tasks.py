"""Asyncio tasks that run beside the tasks of a worker; the end of the process if one fails."""

import asyncio
from collections.abc import Callable
from typing import Any

from streams.kafka.errors import Fatal
from streams.process.cancellation import stopped


class BackgroundTasks:
    """A set of running asyncio tasks whose failures go to `on_fatal`."""

    def __init__(self, on_fatal: Callable[[BaseException], None]) -> None:
        self._on_fatal = on_fatal
        self._running: set[asyncio.Task[Any]] = set()

    def add(self, task: asyncio.Task[Any]) -> None:
        """Watch a task until it ends."""
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Cancel all tasks and return when they have ended."""
        await stopped(*self._running)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if (error := error_of(task)) is not None:
            self._on_fatal(error)


def error_of(task: asyncio.Task[Any]) -> BaseException | None:
    """The error of a finished task; Fatal for one that ended cancelled but was not.

    A Kafka client can raise the cancellation of one of its own tasks in its caller.
    """
    if not task.cancelled():
        return task.exception()
    if task.cancelling():
        return None
    return Fatal(f"{task.get_name()} ended, but nothing had cancelled it")
