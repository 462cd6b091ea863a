"""What waits for an instant."""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Schedule(Generic[Item]):
    """Items by the instant that they wait for, in milliseconds."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Item]] = []
        self._serial = count()

    def __len__(self) -> int:
        """The number of items that wait."""
        return len(self._heap)

    @property
    def next_due(self) -> int | None:
        """The earliest instant that an item waits for."""
        return self._heap[0][0] if self._heap else None

    def add(self, at: int, item: Item) -> None:
        """Let an item wait."""
        heappush(self._heap, (at, next(self._serial), item))

    def due(self, clock: int, limit: int | None = None) -> Iterator[Item]:
        """Remove and give the items whose instant is reached, at most `limit`, in their order."""
        while self._heap and self._heap[0][0] <= clock and limit != 0:
            yield heappop(self._heap)[2]
            limit = None if limit is None else limit - 1
