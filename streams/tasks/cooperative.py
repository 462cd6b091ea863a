"""Long work of the pure core in slices, so that the event loop stays responsive."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from streams.kafka.progress_tracker import report_progress

# Heartbeats, health and the transactions of other partitions wait this long for the event loop.
SLICE_SECONDS = 0.02


# What is awaited between two slices of work.
Between = Callable[[], Awaitable[None]]


async def nothing_between() -> None:
    """Await nothing."""


async def run_cooperatively(step: Callable[[], bool], between: Between = nothing_between) -> None:
    """Call a step until it returns False, yielding to the event loop after every slice.

    `between` is awaited there as well. A step returns whether more waits. It should take a
    millisecond or less, for it is not interrupted, and has to leave its object consistent: others
    may call it meanwhile.
    """
    until = time.monotonic() + SLICE_SECONDS
    while step():
        if time.monotonic() >= until:
            report_progress()
            await asyncio.sleep(0)
            await between()
            until = time.monotonic() + SLICE_SECONDS
