"""Ranks of a dimension's values by their KPI in a window."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from math import inf

from streams.engine.calendars.calendar import Window

Number = int | float
# A KPI's number times the number of ranked dimensions, plus the dimension's: fast to hash.
RankingGroup = int
RANKED = {"rep": 0, "team": 1, "partner": 2}
# Once a fourth of a group has changed, sorting all of it is faster.
RESORT_FRACTION = 4


class Ranking:
    """One group's values in ascending order of their numbers, equal ones in order of names."""

    __slots__ = ("_numbers", "_sorted_numbers", "_sorted_values")

    def __init__(self) -> None:
        self._numbers: dict[str, Number] = {}
        self._sorted_numbers: list[Number] = []
        self._sorted_values: list[str] = []

    def __bool__(self) -> bool:
        """Whether any value is ranked."""
        return bool(self._numbers)

    def rank(self, value: str, is_lower_better: bool) -> int:
        """1 + the number of values strictly better than this one. KeyError if it has no number."""
        number = self._numbers[value]
        if is_lower_better:
            return bisect_left(self._sorted_numbers, number) + 1
        return len(self._sorted_numbers) - bisect_right(self._sorted_numbers, number) + 1

    def update(self, changes: Mapping[str, Number | None], is_lower_better: bool) -> Iterable[str]:
        """Apply new numbers (None: no longer ranked); returns values whose rank has changed.

        Those whose own number changed may be among them or not.
        """
        numbers = self._numbers
        changed = [
            (value, old, new)
            for value, new in changes.items()
            if (old := numbers.get(value)) != new
        ]
        if not changed:
            return ()
        # Others' ranks change only for those between the old value and the new one.
        missing = inf if is_lower_better else -inf
        find = bisect_right if is_lower_better else bisect_left
        if len(changed) == 1:
            ((value, old, new),) = changed
            self._reposition(value, old, new)
            low, high = missing if old is None else old, missing if new is None else new
            if low > high:
                low, high = high, low
            return self._sorted_values[
                find(self._sorted_numbers, low) : find(self._sorted_numbers, high)
            ]
        if len(changed) * RESORT_FRACTION > len(numbers):
            self._rebuild(changes)
        else:
            for value, old, new in changed:
                self._reposition(value, old, new)
        found: list[str] = []
        done = 0
        for low, high in _ranges(((old, new) for _, old, new in changed), missing):
            start = max(done, find(self._sorted_numbers, low))
            done = max(start, find(self._sorted_numbers, high))
            found += self._sorted_values[start:done]
        return found

    def _reposition(self, value: str, old: Number | None, new: Number | None) -> None:
        if old is not None:
            index = self._index(value, old)
            del self._sorted_numbers[index], self._sorted_values[index], self._numbers[value]
        if new is not None:
            index = self._index(value, new)
            self._sorted_numbers.insert(index, new)
            self._sorted_values.insert(index, value)
            self._numbers[value] = new

    def _index(self, value: str, number: Number) -> int:
        low = bisect_left(self._sorted_numbers, number)
        return bisect_left(
            self._sorted_values, value, low, bisect_right(self._sorted_numbers, number, low)
        )

    def _rebuild(self, changes: Mapping[str, Number | None]) -> None:
        for value, number in changes.items():
            if number is None:
                self._numbers.pop(value, None)
            else:
                self._numbers[value] = number
        ordered = sorted((number, value) for value, number in self._numbers.items())
        self._sorted_numbers = [number for number, _ in ordered]
        self._sorted_values = [value for _, value in ordered]


class SettledRanking:
    """Ranks of those values of a group that have records in a window that is over."""

    __slots__ = ("ranks",)

    def __init__(self, ranks: dict[str, int]) -> None:
        self.ranks = ranks

    def rank(self, value: str, _is_lower_better: bool) -> int:
        """As `Ranking` has it."""
        return self.ranks[value]


class Rankings:
    """The rankings of all windows, by KPI and dimension."""

    def __init__(self) -> None:
        self._groups: dict[Window, dict[RankingGroup, Ranking | SettledRanking]] = {}

    def update(
        self,
        window: Window,
        group: RankingGroup,
        changes: Mapping[str, Number | None],
        is_lower_better: bool,
    ) -> Iterable[str]:
        """Apply new numbers of a group; returns values whose rank has changed."""
        groups = self._groups.get(window)
        if groups is None:
            groups = self._groups[window] = {}
        ranking = groups.get(group)
        if not isinstance(ranking, Ranking):
            ranking = groups[group] = Ranking()
        changed = ranking.update(changes, is_lower_better)
        if not ranking:
            del groups[group]
            if not groups:
                del self._groups[window]
        return changed

    def settle(
        self,
        window: Window,
        group: RankingGroup,
        numbers: Mapping[str, Number],
        recorded: Collection[str],
        is_lower_better: bool,
    ) -> Iterable[str]:
        """Rank all numbers of a group at once, keeping the ranks of recorded values only.

        Returns those whose rank has changed. In a window that is over most values of a level
        have no record, and so many windows are over that their numbers are not kept.
        """
        ordered = sorted(numbers.values())
        ranks = {
            value: bisect_left(ordered, numbers[value]) + 1
            if is_lower_better
            else len(ordered) - bisect_right(ordered, numbers[value]) + 1
            for value in recorded
            if value in numbers
        }
        groups = self._groups.setdefault(window, {})
        old = groups.pop(group, None)
        if ranks:
            groups[group] = SettledRanking(ranks)
        elif not groups:
            del self._groups[window]
        before = old.ranks if isinstance(old, SettledRanking) else {}
        return [value for value, rank in ranks.items() if before.get(value) != rank]

    def of(self, window: Window) -> Mapping[RankingGroup, Ranking | SettledRanking]:
        """Rankings of a window by group."""
        return self._groups.get(window, {})


def _ranges(
    changed: Iterable[tuple[Number | None, Number | None]], missing: float
) -> list[tuple[Number, Number]]:
    """Ranges between old and new numbers, in ascending order of their beginnings."""
    known = ((missing if a is None else a, missing if b is None else b) for a, b in changed)
    return sorted((min(a, b), max(a, b)) for a, b in known)
