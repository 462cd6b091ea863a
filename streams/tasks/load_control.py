"""How much of a worker's time publishing may take, so that it does not crowd out reading."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from math import inf

# While a backlog waits, d seconds of publishing are followed by ten times d without it.
BACKLOG_PAUSE_FACTOR = 10.0
# Nothing signals that a backlog is gone: it is polled for.
BACKLOG_POLL_SECONDS = 0.01
# After work that has come to nearly nothing the next still needs a pause.
LEAST_PART = 0.02


class Load(IntEnum):
    """How much of a worker's time everything but publishing wants: nothing to more than all."""

    IDLE = 0
    LIGHT = 1
    HEAVY = 2
    BACKLOG = 3


@dataclass(frozen=True)
class Pace:
    """How often work may be repeated under one load.

    Attributes:
        share: Part of the time that the work may take: d seconds of it are followed by the next
            after d / share, within the bounds below.
        min_interval_s: Seconds from one beginning to the next, at least.
        max_interval_s: Seconds from one beginning to the next, at most.
    """

    share: float
    min_interval_s: float
    max_interval_s: float


class RateLimiter:
    """When repeated work may begin next; `pace` gives the pace under a load.

    Attributes:
        began: When it last began, in seconds of the monotonic clock.
    """

    def __init__(self, pace: Callable[[Load], Pace]) -> None:
        self._pace = pace
        self._busy_s = 0.0
        self._part = 1.0
        self.began = -inf

    def next_at(self, load: Load) -> float:
        """Instant of the monotonic clock from which the work may begin."""
        pace, part = self._pace(load), self._part
        pause_s = max(part * pace.min_interval_s, self._busy_s / pace.share)
        return self.began + min(pause_s, part * max(pace.min_interval_s, pace.max_interval_s))

    def is_due(self, now: float, load: Load) -> bool:
        """Whether the work may begin at an instant of the monotonic clock."""
        return now >= self.next_at(load)

    def record(self, began: float, busy_s: float, part: float = 1.0) -> None:
        """Record that work began at an instant and took so many seconds of the worker's time.

        After only a part of what waits the next may come that much sooner, so that everything
        is done within the maximal interval.
        """
        self.began, self._busy_s, self._part = began, busy_s, max(part, LEAST_PART)


class LoadControl:
    """Gives slots for publishing to the merge tasks of a worker, one at a time.

    `load()` is how much else there is to do. While it is a backlog, publishing gets a small part
    of the time, so that each round carries more changes of each key instead of there being more
    rounds.
    """

    def __init__(self, load: Callable[[], Load]) -> None:
        self.load = load
        self._lock = asyncio.Lock()
        self._next_at = 0.0

    @property
    def _has_backlog(self) -> bool:
        return self.load() is Load.BACKLOG

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a slot; the body must not await anything."""
        async with self._lock:
            while (early_s := self._next_at - time.monotonic()) > 0 and self._has_backlog:
                await asyncio.sleep(min(early_s, BACKLOG_POLL_SECONDS))
            began = time.monotonic()
            yield
            ended = time.monotonic()
            self._next_at = ended + BACKLOG_PAUSE_FACTOR * (ended - began)
