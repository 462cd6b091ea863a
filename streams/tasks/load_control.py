"""Keeps publishing from crowding out reading when there is more to do than time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import Enum
from math import inf

# After d seconds of publishing, nothing is published for ten times as long.
REST_FACTOR = 10.0
POLL_SECONDS = 0.01
# Of the time of a worker that has time to spare, one kind of round may take so much.
SPARE_SHARE = 0.125


class Load(Enum):
    """How much of a worker's time everything else wants."""

    IDLE = "nothing"
    LIGHT = "little"
    HEAVY = "much"


class RateLimiter:
    """When a work that is done again and again may be done next.

    It may take so much of the time, and no more: after d seconds of it follows a pause of
    d / share, within bounds. Where there is time to spare, share and lower bound are others;
    where nobody else wants the time, that lower bound is enough.
    """

    def __init__(self, share: float, least_s: float, most_s: float, spare_s: float) -> None:
        """Begin at once; `least_s` and `most_s` bound the time from one round to the next.

        `spare_s` is the lower bound while there is time to spare.
        """
        self._share = share
        self._least_s = least_s
        self._most_s = most_s
        self._spare_s = spare_s
        self._busy_s = 0.0
        self._part = 1.0
        self.began = -inf

    def next_at(self, load: Load) -> float:
        """Give the instant of the monotonic clock from which the next may begin."""
        if load is Load.IDLE:
            return self.began + self._spare_s
        is_little = load is Load.LIGHT
        share = max(self._share, SPARE_SHARE) if is_little else self._share
        pause_s = max(self._spare_s if is_little else self._least_s, self._busy_s / share)
        return self.began + min(pause_s, self._part * self._most_s)

    def is_due(self, now: float, load: Load) -> bool:
        """Tell whether the next may begin."""
        return now >= self.next_at(load)

    def done(self, began: float, busy_s: float, part: float = 1.0) -> None:
        """Note a round that began at an instant, and how long it has worked.

        If it has done but a part of what waits, the next may come so much sooner that all is done
        within the upper bound.
        """
        self.began, self._busy_s, self._part = began, busy_s, part


class LoadControl:
    """One for all boards of a worker; they take turns.

    While `pressed()` says that a backlog waits, publishing gets a small part of the time, so that
    each round carries more changes of each key instead of there being more rounds. `demand()`
    says how much else there is to do.
    """

    def __init__(self, pressed: Callable[[], bool], load: Callable[[], Load]) -> None:
        """Say how to find out whether a backlog waits, and what the worker has to do."""
        self._pressed = pressed
        self.load = load
        self._lock = asyncio.Lock()
        self._next = 0.0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a turn; the body must not wait for anything."""
        async with self._lock:
            # Polled, for nothing tells when the pressure is gone.
            while (early := self._next - time.monotonic()) > 0 and self._pressed():
                await asyncio.sleep(min(early, POLL_SECONDS))
            began = time.monotonic()
            yield
            ended = time.monotonic()
            self._next = ended + REST_FACTOR * (ended - began)
