"""The bounded buffer of fetched records in front of one task."""

import asyncio
import time
from collections import deque

from faust.types import TP

from streams.kafka.fetched_list import FetchedList

# The lists of one poll by source partition.
FetchedRecords = dict[TP, FetchedList]
CAPACITY = 24_000
# The more at once, the more events of an event set are read together instead of one by one:
# of a backlog, 20,000 at once cost seven tenths of the time of 8,000 at once.
BATCH_SIZE = 20_000
# More than arrives during one step.
BACKLOG = 8_000


class RecordBuffer:
    """A queue of fetched lists, bounded by its number of records; closed at first.

    Attributes:
        waiting: Number of buffered records.
        arrived: Set while there are any lists.
        lists: The buffered lists, oldest first; changed by this class only.
        since: When the first list came into the empty buffer, in monotonic seconds.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self.arrived = asyncio.Event()
        self.lists: deque[FetchedList] = deque()
        self.since = 0.0
        self._has_capacity = asyncio.Event()
        self._is_open = False

    @property
    def is_behind(self) -> bool:
        """Whether there is a backlog."""
        return self.waiting >= BACKLOG

    @property
    def is_full(self) -> bool:
        """Whether there is enough for a transaction of the largest size."""
        return self.waiting >= BATCH_SIZE

    def open(self) -> None:
        """Accept lists from now on."""
        self._is_open = True

    def close(self) -> None:
        """Drop what is buffered and accept no more: it will be read again."""
        self._is_open = False
        self.lists.clear()
        self.waiting = 0
        self.arrived.clear()
        self._has_capacity.set()

    async def add(self, records: FetchedList) -> None:
        """Append a list; waits while the buffer has no capacity. Dropped if it is closed."""
        while self._is_open and self.waiting >= CAPACITY:
            self._has_capacity.clear()
            await self._has_capacity.wait()
        if self._is_open:
            if not self.lists:
                self.since = time.monotonic()
            self.lists.append(records)
            self.waiting += len(records)
            self.arrived.set()

    def drain(self) -> list[FetchedList]:
        """Remove and return the oldest lists, with at most BATCH_SIZE records in all."""
        drained: list[FetchedList] = []
        count = 0
        while self.lists and count < BATCH_SIZE:
            records = self.lists.popleft()
            if count + len(records) > BATCH_SIZE:
                records, rest = records.split(BATCH_SIZE - count)
                self.lists.appendleft(rest)
            drained.append(records)
            count += len(records)
        self.waiting -= count
        if not self.lists:
            self.arrived.clear()
        if self.waiting < CAPACITY:
            self._has_capacity.set()
        return drained
