"""Levels over time: running totals of daily steps, by KPI and scope."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from streams.engine.algebra.measures import Grouped, Vector
from streams.engine.calendars.calendar import Window
from streams.engine.merge.state.rankings import RANKED
from streams.engine.merge.state.window_store import WindowStore

LevelKey = tuple[str, str]


class ChangedLevel(NamedTuple):
    """A level that changed, and where.

    `since` is the first day with another step. `windows` are those with a step from then on,
    and those that run now.
    """

    scope: str
    kpi: str
    since: int
    windows: set[Window]


class Levels:
    """Gives every level's value before any day, and the windows that a late step changes.

    Reads the daily steps from a window store that it does not own; `steps` as in Measure.
    """

    def __init__(self, windows: WindowStore, steps: Mapping[str, tuple[str, ...]]) -> None:
        self._windows = windows
        self._components = steps
        self._facts: dict[LevelKey, int] = {}
        self._changed: dict[LevelKey, int] = {}
        self._totals: dict[LevelKey, tuple[list[int], list[Vector]]] = {}
        # By dimension and level, of ranked dimensions: the scopes, and the days of their steps.
        self._siblings: defaultdict[LevelKey, dict[str, None]] = defaultdict(dict)
        self._days: defaultdict[LevelKey, list[int]] = defaultdict(list)

    @property
    def changed(self) -> int:
        """How many levels have steps that `drain` has not returned."""
        return len(self._changed)

    def add(self, day: int, scope: str, names: Iterable[str], change: Grouped) -> None:
        """Record that the steps of these levels changed on a day."""
        dimension = scope.partition("=")[0]
        is_ranked = dimension in RANKED
        for name in names:
            key = (scope, name)
            facts = self._facts.get(key, 0) + change[name].get("n", 0)
            if facts:
                self._facts[key] = facts
            else:
                self._facts.pop(key, None)
            self._changed[key] = min(day, self._changed.get(key, day))
            self._totals.pop(key, None)
            if is_ranked:
                self._add_to_group((dimension, name), scope, day, bool(facts))

    def known(self) -> list[LevelKey]:
        """(scope, level) of all that have had a step, or had one when `drain` was last called."""
        return list({**self._facts, **self._changed})

    def is_known(self, name: str, scope: str) -> bool:
        """Whether a level has had a step in a scope."""
        return (scope, name) in self._facts

    def siblings(self, name: str, dimension: str) -> Collection[str]:
        """Scopes of a ranked dimension in which a level has had a step."""
        return self._siblings.get((dimension, name), ())

    def windows_over(self, name: str, dimension: str, since: int) -> set[Window]:
        """Windows that are over, from a day on, with a step of any value of a ranked dimension."""
        calendar, days = self._windows.calendar, self._days.get((dimension, name), [])
        found = {w for day in days[bisect_left(days, since) :] for w in calendar.windows_of(day)}
        return found.difference(calendar.windows_of(self._windows.today))

    def before(self, name: str, scope: str, day: int) -> Vector:
        """Level before a day: the sum of all steps on earlier days, with their number `n`.

        Read only.
        """
        days, totals = self._steps((scope, name))
        return totals[bisect_left(days, day)]

    def drain(self) -> Iterator[ChangedLevel]:
        """Levels that steps have changed since the last call."""
        calendar, changed = self._windows.calendar, self._changed
        self._changed = {}
        running = (*calendar.windows_of(self._windows.today), *self._windows.rolling)
        for key, since in changed.items():
            days, _ = self._steps(key)
            windows = {
                w for day in days[bisect_left(days, since) :] for w in calendar.windows_of(day)
            }
            yield ChangedLevel(*key, since, windows.union(running))

    def _steps(self, key: LevelKey) -> tuple[list[int], list[Vector]]:
        """Days on which a level has steps, and its total before each and after all."""
        found = self._totals.get(key)
        if found is None:
            scope, name = key
            vectors = (
                (day, self._windows.vectors(Window("day", day), scope).get(name, {}))
                for day in self._windows.days(scope)
            )
            steps = [(day, vector) for day, vector in vectors if "n" in vector]
            total = dict.fromkeys(("n", *self._components[name]), 0)
            totals = [total]
            for _, vector in steps:
                total = {it: number + vector.get(it, 0) for it, number in total.items()}
                totals.append(total)
            found = self._totals[key] = ([day for day, _ in steps], totals)
        return found

    def _add_to_group(self, key: LevelKey, scope: str, day: int, is_known: bool) -> None:
        """Note a step of a ranked dimension's value; a day stays noted if its steps go."""
        if is_known:
            self._siblings[key][scope] = None
        else:
            self._siblings[key].pop(scope, None)
        days = self._days[key]
        index = bisect_left(days, day)
        if index == len(days) or days[index] != day:
            days.insert(index, day)
