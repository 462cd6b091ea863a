"""Long work of the pure core, done so that everything else on the event loop goes on."""

import asyncio
import time
from collections.abc import Iterable

# Heartbeats, health and the transactions of other shards wait this long for their turn.
SLICE_SECONDS = 0.02


async def run_cooperatively(steps: Iterable[object]) -> None:
    """Use up an iterator whose every step is short, giving way to others now and then."""
    until = time.monotonic() + SLICE_SECONDS
    for _ in steps:
        if time.monotonic() >= until:
            await asyncio.sleep(0)
            until = time.monotonic() + SLICE_SECONDS
