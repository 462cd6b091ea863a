"""Contributions that wait for the instant from which they count."""

from collections.abc import Iterator
from heapq import heappop, heappush

from streams.engine.aggregate.attribution import Contribution
from streams.engine.calendars.calendar import HOUR_MS

Waiting = dict[Contribution, int]


class WaitingContributions:
    """Contributions by the instant that they wait for, each a number of times, never 0.

    Those of an hour are together: most wait for weeks, and an instant of its own for each would
    take as much memory again. Only the first hour is divided by instants.
    """

    def __init__(self) -> None:
        self._by_hour: dict[int, Waiting] = {}
        self._hours: list[int] = []
        # Those of all hours up to this one are here, and there are some if any wait.
        self._first_hour = 0
        self._by_instant: dict[int, Waiting] = {}
        self._instants: list[int] = []

    @property
    def next_due(self) -> int | None:
        """The instant that the first of them wait for."""
        return self._instants[0] if self._instants else None

    def __iter__(self) -> Iterator[tuple[Contribution, int]]:
        """All that wait, each with its times."""
        for groups in (self._by_instant, self._by_hour):
            for waiting in groups.values():
                yield from waiting.items()

    def add(self, contribution: Contribution, times: int) -> None:
        """Let a contribution wait, or with negative times remove it."""
        since = contribution[2]
        hour = since // HOUR_MS
        if hour <= self._first_hour:
            _add(self._by_instant, self._instants, since, contribution, times)
        else:
            _add(self._by_hour, self._hours, hour, contribution, times)
        self._drop_empty()

    def due(self, clock: int) -> Iterator[tuple[Contribution, int]]:
        """Remove and give those whose instant is reached, each with its times."""
        while self._instants and self._instants[0] <= clock:
            waiting = self._by_instant[self._instants[0]]
            found = waiting.popitem()
            self._drop_empty()
            yield found

    def _drop_empty(self) -> None:
        """Let an instant with contributions be the first, as long as any wait."""
        while True:
            while self._instants and not self._by_instant[self._instants[0]]:
                del self._by_instant[heappop(self._instants)]
            if self._instants or not self._hours:
                return
            self._first_hour = heappop(self._hours)
            for contribution, times in self._by_hour.pop(self._first_hour).items():
                _add(self._by_instant, self._instants, contribution[2], contribution, times)


def _add(
    groups: dict[int, Waiting], heap: list[int], at: int, contribution: Contribution, times: int
) -> None:
    """Add to the group of an instant or an hour, which remains when it becomes empty."""
    group = groups.get(at)
    if group is None:
        group = groups[at] = {}
        heappush(heap, at)
    total = group.get(contribution, 0) + times
    if total:
        group[contribution] = total
    else:
        del group[contribution]
