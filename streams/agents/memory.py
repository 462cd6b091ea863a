"""Keeps the garbage collector away from what stays for good.

Rows, cells and records never are in cycles, and nearly all that a worker makes is one of them.
Left to itself the collector looks through each once, a hundred thousand at a time: the worker
stands still for up to a tenth of a second. What makes cycles are clients of Kafka that live for
a moment, and those are known.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

EVERY_SECONDS = 0.5
# A connection is let go a few turns of the event loop after it was closed.
CLOSED_SECONDS = 0.1
# Young objects and those that one look of the collector has found alive; all others are frozen.
YOUNG = 1


class Memory:
    """Freezes what there is, every now and then; what is thrown away is gone before that."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        """Say how to find out whether there is so much to do that looking for garbage can wait."""
        self._is_busy = is_busy
        self._littering = asyncio.Lock()

    @asynccontextmanager
    async def littering(self) -> AsyncIterator[None]:
        """Bound what leaves garbage in cycles: nothing is frozen meanwhile, all of it is gone."""
        async with self._littering:
            try:
                yield
            finally:
                await asyncio.sleep(CLOSED_SECONDS)
                gc.collect(YOUNG)

    async def keep(self) -> None:
        """Go on, for ever. Each time half a second's objects are looked through, or none."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            async with self._littering:
                if not self._is_busy():
                    gc.collect(YOUNG)
                gc.freeze()
