"""Fetched lists that wait for one shard's task; not more than it can soon work off."""

import asyncio
import time
from collections import deque

from faust.types import TP

from streams.kafka.reader import Records

# What one poll brought, by source partition.
FetchedRecords = dict[TP, Records]
CAPACITY = 24_000
# The more at once, the more events of a row are read together instead of one after another:
# of a backlog, 20,000 at once take seven tenths of the time that 8,000 at once take.
BATCH_SIZE = 20_000
# So many waiting are a backlog, and not what came during the last step.
BACKLOG = 8_000


class RecordBuffer:
    """A queue counted in records. While it is shut, what is put in is dropped."""

    def __init__(self) -> None:
        """Begin shut."""
        self.waiting = 0
        self.arrived = asyncio.Event()
        self.lists: deque[Records] = deque()
        # When the first list came after there was none, by the monotonic clock.
        self.since = 0.0
        self._has_capacity = asyncio.Event()
        self._is_open = False

    @property
    def is_behind(self) -> bool:
        """Whether a backlog waits."""
        return self.waiting >= BACKLOG

    @property
    def is_full(self) -> bool:
        """Whether a transaction's worth waits."""
        return self.waiting >= BATCH_SIZE

    def open(self) -> None:
        """Take lists from now on."""
        self._is_open = True

    def close(self) -> None:
        """Forget what waits, and take no more: it will be read again."""
        self._is_open = False
        self.lists.clear()
        self.waiting = 0
        self.arrived.clear()
        self._has_capacity.set()

    async def add(self, records: Records) -> None:
        """Add a list; waits while there is no room."""
        while self._is_open and self.waiting >= CAPACITY:
            self._has_capacity.clear()
            await self._has_capacity.wait()
        if self._is_open:
            if not self.lists:
                self.since = time.monotonic()
            self.lists.append(records)
            self.waiting += len(records)
            self.arrived.set()

    def drain(self) -> list[Records]:
        """Take the oldest lists, about as many records as make a good transaction."""
        taken: list[Records] = []
        count = 0
        while self.lists and count < BATCH_SIZE:
            records = self.lists.popleft()
            if count + len(records) > BATCH_SIZE:
                self.lists.appendleft(records[BATCH_SIZE - count :])
                records = records[: BATCH_SIZE - count]
            taken.append(records)
            count += len(records)
        self.waiting -= count
        if not self.lists:
            self.arrived.clear()
        if self.waiting < CAPACITY:
            self._has_capacity.set()
        return taken
