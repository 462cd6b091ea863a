"""Who is how good: members of a dimension, sorted by what they come to in a window."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from math import inf

from streams.engine.calendars.calendar import Window

Number = int | float
# A KPI's number times so many, and a dimension's: short to hash, and asked for very often.
RankingGroup = int
RANKED = {"rep": 0, "team": 1, "partner": 2}
# With so large a part of a group changed at once, sorting it anew is faster.
RESORT_FRACTION = 4


class Ranking:
    """One group's values in ascending order; members with the same value in the order of names."""

    __slots__ = ("_numbers", "_values", "_values_by_rank")

    def __init__(self) -> None:
        """Start empty."""
        self._numbers: dict[str, Number] = {}
        self._values: list[Number] = []
        self._values_by_rank: list[str] = []

    def __bool__(self) -> bool:
        """Tell whether there is anybody."""
        return bool(self._numbers)

    def rank(self, value: str, is_lower_better: bool) -> int:
        """Give 1 + the number of those who are strictly better than a member with a value."""
        number = self._numbers[value]
        if is_lower_better:
            return bisect_left(self._values, number) + 1
        return len(self._values) - bisect_right(self._values, number) + 1

    def update(self, changes: Mapping[str, Number | None], is_lower_better: bool) -> Iterable[str]:
        """Take new values, None for no value, and give those whose rank is another now.

        Those who changed themselves may be among them or not.
        """
        numbers = self._numbers
        moved = [
            (value, old, new)
            for value, new in changes.items()
            if (old := numbers.get(value)) != new
        ]
        if not moved:
            return ()
        # Who is strictly better changes only for those between the old value and the new one.
        missing = inf if is_lower_better else -inf
        find = bisect_right if is_lower_better else bisect_left
        if len(moved) == 1:
            ((value, old, new),) = moved
            self._reposition(value, old, new)
            low, high = missing if old is None else old, missing if new is None else new
            if low > high:
                low, high = high, low
            return self._values_by_rank[find(self._values, low) : find(self._values, high)]
        if len(moved) * RESORT_FRACTION > len(numbers):
            self._rebuild(changes)
        else:
            for value, old, new in moved:
                self._reposition(value, old, new)
        found: list[str] = []
        begun = 0
        for low, high in _joined(((old, new) for _, old, new in moved), missing):
            begin = max(begun, find(self._values, low))
            begun = max(begin, find(self._values, high))
            found += self._values_by_rank[begin:begun]
        return found

    def _reposition(self, value: str, old: Number | None, new: Number | None) -> None:
        if old is not None:
            index = self._index(value, old)
            del self._values[index], self._values_by_rank[index], self._numbers[value]
        if new is not None:
            index = self._index(value, new)
            self._values.insert(index, new)
            self._values_by_rank.insert(index, value)
            self._numbers[value] = new

    def _index(self, value: str, number: Number) -> int:
        low = bisect_left(self._values, number)
        return bisect_left(
            self._values_by_rank, value, low, bisect_right(self._values, number, low)
        )

    def _rebuild(self, changes: Mapping[str, Number | None]) -> None:
        for value, number in changes.items():
            if number is None:
                self._numbers.pop(value, None)
            else:
                self._numbers[value] = number
        ordered = sorted((number, value) for value, number in self._numbers.items())
        self._values = [number for number, _ in ordered]
        self._values_by_rank = [value for _, value in ordered]


class Rankings:
    """The rankings of all windows, by KPI and dimension."""

    def __init__(self) -> None:
        """Start without any."""
        self._groups: dict[Window, dict[RankingGroup, Ranking]] = {}

    def update(
        self,
        window: Window,
        group: RankingGroup,
        changes: Mapping[str, Number | None],
        is_lower_better: bool,
    ) -> Iterable[str]:
        """Take what members of a group come to, and give those whose rank is another now."""
        groups = self._groups.get(window)
        if groups is None:
            groups = self._groups[window] = {}
        ranking = groups.get(group)
        if ranking is None:
            ranking = groups[group] = Ranking()
        moved = ranking.update(changes, is_lower_better)
        if not ranking:
            del groups[group]
            if not groups:
                del self._groups[window]
        return moved

    def of(self, window: Window) -> Mapping[RankingGroup, Ranking]:
        """Give the rankings of a window."""
        return self._groups.get(window, {})


def _joined(
    moved: Iterable[tuple[Number | None, Number | None]], missing: float
) -> list[tuple[Number, Number]]:
    """Give the ranges between old and new values in ascending order of where they begin."""
    known = ((missing if a is None else a, missing if b is None else b) for a, b in moved)
    return sorted((min(a, b), max(a, b)) for a, b in known)
