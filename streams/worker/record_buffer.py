"""Fetched lists that wait for one shard's task; not more than it can soon work off."""

import asyncio
import time
from collections import deque

from streams.kafka.reader import Records

ROOM = 24_000
# The more at once, the more events of a row are read together instead of one after another:
# of a backlog, 20,000 at once take seven tenths of the time that 8,000 at once take.
AT_ONCE = 20_000
# So many waiting are a backlog, and not what came during the last step.
BACKLOG = 8_000


class Inbox:
    """A queue counted in records. While it is shut, what is put in is dropped."""

    def __init__(self) -> None:
        """Begin shut."""
        self.waiting = 0
        self.arrived = asyncio.Event()
        self.lists: deque[Records] = deque()
        # When the first list came after there was none, by the monotonic clock.
        self.since = 0.0
        self._room = asyncio.Event()
        self._is_open = False

    @property
    def is_behind(self) -> bool:
        """Whether a backlog waits."""
        return self.waiting >= BACKLOG

    @property
    def is_full(self) -> bool:
        """Whether a transaction's worth waits."""
        return self.waiting >= AT_ONCE

    def open(self) -> None:
        """Take lists from now on."""
        self._is_open = True

    def shut(self) -> None:
        """Forget what waits, and take no more: it will be read again."""
        self._is_open = False
        self.lists.clear()
        self.waiting = 0
        self.arrived.clear()
        self._room.set()

    async def put(self, records: Records) -> None:
        """Add a list; waits while there is no room."""
        while self._is_open and self.waiting >= ROOM:
            self._room.clear()
            await self._room.wait()
        if self._is_open:
            if not self.lists:
                self.since = time.monotonic()
            self.lists.append(records)
            self.waiting += len(records)
            self.arrived.set()

    def take(self) -> list[Records]:
        """Take the oldest lists, about as many records as make a good transaction."""
        taken: list[Records] = []
        count = 0
        while self.lists and count < AT_ONCE:
            records = self.lists.popleft()
            if count + len(records) > AT_ONCE:
                self.lists.appendleft(records[AT_ONCE - count :])
                records = records[: AT_ONCE - count]
            taken.append(records)
            count += len(records)
        self.waiting -= count
        if not self.lists:
            self.arrived.clear()
        if self.waiting < ROOM:
            self._room.set()
        return taken
