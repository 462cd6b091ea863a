"""Keeps publishing from crowding out reading when there is more to do than time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

# After d seconds of publishing, nothing is published for ten times as long.
REST = 10.0
LOOK_SECONDS = 0.01


class Pace:
    """One for all boards of a worker; they take turns.

    While `pressed()` says that a backlog waits, publishing gets a small part of the time, so that
    each round carries more changes of each key instead of there being more rounds.
    """

    def __init__(self, pressed: Callable[[], bool]) -> None:
        """Say how to find out whether a backlog waits."""
        self._pressed = pressed
        self._lock = asyncio.Lock()
        self._next = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; the body must not wait for anything."""
        async with self._lock:
            # Polled, for nothing tells when the pressure is gone.
            while (early := self._next - time.monotonic()) > 0 and self._pressed():
                await asyncio.sleep(min(early, LOOK_SECONDS))
            began = time.monotonic()
            yield
            ended = time.monotonic()
            self._next = ended + REST * (ended - began)
