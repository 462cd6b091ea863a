"""Cancellation of asyncio tasks that may swallow a cancellation."""

import asyncio
import contextlib
from typing import Any

# Longer than a client needs to close its connections, which is better not interrupted.
RETRY_SECONDS = 3.0


async def stopped(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and return when all have ended; raises none of their errors.

    Cancellation is repeated, because it can be lost: `asyncio.wait_for` of Python 3.11 returns its
    result instead if that came in the same iteration of the event loop, and a Kafka client that is
    being closed swallows it as that of one of its own tasks. Such a task would run for ever.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=RETRY_SECONDS)
    for task in tasks:
        # The error is then not logged as never retrieved, and the task keeps no frames.
        with contextlib.suppress(asyncio.CancelledError):
            task.exception()


async def ended(task: asyncio.Task[Any]) -> None:
    """Cancel a task and return when it has ended; raises its error, except a cancellation."""
    await stopped(task)
    if not task.cancelled():
        task.result()
