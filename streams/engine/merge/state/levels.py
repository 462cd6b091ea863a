"""Levels over time: running totals of daily steps, by KPI and scope."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from streams.engine.algebra.measures import Grouped, Vector
from streams.engine.calendars.calendar import Window
from streams.engine.merge.state.window_store import WindowStore

KpiScope = tuple[str, str]


class Levels:
    """Knows every level's value before any day, and which windows a late step moves."""

    def __init__(self, sums: WindowStore, steps: Mapping[str, tuple[str, ...]]) -> None:
        """Read the daily steps from sums that somebody else keeps; `steps` as in Measure."""
        self._sums = sums
        self._components = steps
        self._facts: dict[KpiScope, int] = {}
        self._changed: dict[KpiScope, int] = {}
        self._totals: dict[KpiScope, tuple[list[int], list[Vector]]] = {}

    @property
    def changed(self) -> int:
        """How many levels have steps nobody has taken."""
        return len(self._changed)

    def add(self, day: int, scope: str, names: Iterable[str], change: Grouped) -> None:
        """Note that the steps of these levels changed on a day."""
        for name in names:
            key = (scope, name)
            facts = self._facts.get(key, 0) + change[name].get("n", 0)
            if facts:
                self._facts[key] = facts
            else:
                self._facts.pop(key, None)
            self._changed[key] = min(day, self._changed.get(key, day))
            self._totals.pop(key, None)

    def known(self) -> list[KpiScope]:
        """Give (scope, level) of all that have had a step."""
        return list(self._facts)

    def is_known(self, name: str, scope: str) -> bool:
        """Tell whether a level has had a step in a scope."""
        return (scope, name) in self._facts

    def before(self, name: str, scope: str, day: int) -> Vector:
        """Give a level before a day: the sum of every step on earlier days."""
        days, totals = self._steps((scope, name))
        return totals[bisect_left(days, day)]

    def drain(self) -> Iterator[tuple[str, str, int, set[Window]]]:
        """Give what moved by all steps since the last take.

        (scope, level, first day with another step, windows that have a step from then on or run)
        """
        calendar, changed = self._sums.calendar, self._changed
        self._changed = {}
        running = (*calendar.windows_of(self._sums.today), *self._sums.rolling)
        for key, since in changed.items():
            days, _ = self._steps(key)
            windows = {
                w for day in days[bisect_left(days, since) :] for w in calendar.windows_of(day)
            }
            yield (*key, since, windows.union(running))

    def _steps(self, key: KpiScope) -> tuple[list[int], list[Vector]]:
        """Give the days on which a level has steps, and its total before each and after all."""
        found = self._totals.get(key)
        if found is None:
            scope, name = key
            vectors = (
                (day, self._sums.vectors(Window("day", day), scope).get(name, {}))
                for day in self._sums.days(scope)
            )
            steps = [(day, vector) for day, vector in vectors if "n" in vector]
            total = dict.fromkeys(self._components[name], 0)
            totals = [total]
            for _, vector in steps:
                total = {it: number + vector.get(it, 0) for it, number in total.items()}
                totals.append(total)
            found = self._totals[key] = ([day for day, _ in steps], totals)
        return found
