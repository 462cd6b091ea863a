"""Long work of the pure core in slices, so that the event loop stays responsive."""

import asyncio
import time
from collections.abc import Callable

# Heartbeats, health and the transactions of other partitions wait this long for the event loop.
SLICE_SECONDS = 0.02


async def run_cooperatively(step: Callable[[], bool]) -> None:
    """Call a step until it returns False, yielding to the event loop after every slice.

    A step returns whether more waits. It should take a millisecond or less, for it is not
    interrupted, and has to leave its object consistent: others may call it meanwhile.
    """
    until = time.monotonic() + SLICE_SECONDS
    while step():
        if time.monotonic() >= until:
            await asyncio.sleep(0)
            until = time.monotonic() + SLICE_SECONDS
