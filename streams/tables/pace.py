"""Keeps publishing from crowding out reading when there is more to do than time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import inf

# After d seconds of publishing, nothing is published for ten times as long.
REST = 10.0
LOOK_SECONDS = 0.01


class Rounds:
    """When a work that is done again and again may be done next.

    It may take so much of the time, and no more: after d seconds of it follows a pause of
    d / share, within bounds. Where nobody else wants the time, the lower bound is enough.
    """

    def __init__(self, share: float, least_s: float, most_s: float = inf) -> None:
        """Begin at once; `least_s` and `most_s` bound the time from one round to the next."""
        self._share = share
        self._least_s = least_s
        self._most_s = most_s
        self.next_at = self.began = -inf

    def is_due(self, now: float, is_idle: bool) -> bool:
        """Tell whether the next may begin; `is_idle` says that nobody else wants the time."""
        return now >= (self.began + self._least_s if is_idle else self.next_at)

    def done(self, began: float, busy_s: float) -> None:
        """Note a round that began at an instant of the monotonic clock."""
        self.began = began
        pause_s = max(self._least_s, busy_s / self._share)
        self.next_at = began + min(pause_s, self._most_s)


class Pace:
    """One for all boards of a worker; they take turns.

    While `pressed()` says that a backlog waits, publishing gets a small part of the time, so that
    each round carries more changes of each key instead of there being more rounds. `is_idle()`
    says whether there is nothing but publishing to do.
    """

    def __init__(self, pressed: Callable[[], bool], is_idle: Callable[[], bool]) -> None:
        """Say how to find out whether a backlog waits, and whether no event comes at all."""
        self._pressed = pressed
        self.is_idle = is_idle
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
