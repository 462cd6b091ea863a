"""How tasks are stopped, whatever they wait for."""

import asyncio
import contextlib
from typing import Any

# Longer than a client takes to let go of its connections, which had better not be broken off.
RETRY_SECONDS = 3.0


async def stopped(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and return when all are over; raises nothing that they end with.

    One cancellation is not enough. It can be lost: `asyncio.wait_for` of Python 3.11 gives its
    result instead if that came in the same turn of the event loop, and a Kafka client that is
    being closed takes it for that of a task of its own. Such a task would go on for ever.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=RETRY_SECONDS)
    for task in tasks:
        # It is not reported as forgotten then, and the task does not keep the frames it was in.
        with contextlib.suppress(asyncio.CancelledError):
            task.exception()


async def ended(task: asyncio.Task[Any]) -> None:
    """Cancel a task and return when it is over; raises what it ends with, if it was not that."""
    await stopped(task)
    if not task.cancelled():
        task.result()
