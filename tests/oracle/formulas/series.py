"""One KPI in one scope, through all its windows: what was counted, or the level reached."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, Protocol

from tests.oracle.entities.facts import Fact
from tests.oracle.formulas.catalogue import Kpi
from tests.oracle.formulas.values import (
    Number,
    number_of,
    parts_of,
    percentiles_of,
)
from tests.oracle.history.windows import Calendar, Window


class Series(Protocol):
    """One KPI in one scope; it can be read over any window, those without a record too."""

    def published(self) -> Iterable[Window]:
        """List the windows that there is a record of."""

    def parts(self, window: Window) -> dict[str, Any]:
        """Give the exact integers that the value follows from."""

    def number(self, window: Window) -> Number | None:
        """Give the value: money in minor units, None for something over nothing."""

    def percentiles(self, window: Window) -> dict[str, int | None] | None:
        """Give the percentiles, where the KPI has any."""


class Counted:
    """A KPI whose facts add up within each window."""

    def __init__(self, kpi: Kpi, calendar: Calendar, now: int) -> None:
        """Start without facts."""
        self.kpi = kpi
        self.rolling = calendar.rolling(now)
        self.totals: dict[Window, Counter[str]] = defaultdict(Counter)
        self.values: dict[Window, list[int]] = defaultdict(list)

    def add(self, fact: Fact, windows: Iterable[Window]) -> None:
        """Count a fact in the windows that contain it."""
        for window in windows:
            total = self.totals[window]
            for part, amount in fact.parts.items():
                total[part] += amount
            if self.kpi.has_percentiles:
                self.values[window].append(fact.parts["sum"])

    def published(self) -> list[Window]:
        """List the calendar windows with a fact, and those of the rolling that end with today."""
        return [it for it in self.totals if not it.is_rolling or it in self.rolling]

    def parts(self, window: Window) -> dict[str, Any]:
        """Add up the facts of the window; there may be none."""
        return parts_of(self.kpi, self.totals.get(window, Counter()))

    def number(self, window: Window) -> Number | None:
        """Read the KPI over the window."""
        return number_of(self.kpi, self.parts(window))

    def percentiles(self, window: Window) -> dict[str, int | None] | None:
        """Give the exact percentiles of the window's values."""
        return percentiles_of(self.values.get(window, [])) if self.kpi.has_percentiles else None


class Stepped:
    """A level: the sum of the steps before a window's end, or so far."""

    def __init__(self, kpi: Kpi, calendar: Calendar, now: int) -> None:
        """Start at zero; no step later than `now` may be added."""
        self.kpi = kpi
        self.running = [*calendar.windows_of(now, hourly=False), *calendar.rolling(now)]
        self.steps: list[Fact] = []
        self.stepped: set[Window] = set()
        self.instants: list[int] = []
        self.levels: list[Counter[str]] = []

    def add(self, fact: Fact, windows: Iterable[Window]) -> None:
        """Take a step."""
        self.steps.append(fact)
        self.stepped.update(window for window in windows if not window.is_rolling)

    def published(self) -> set[Window]:
        """List the calendar windows with a step, and all running ones once there was any."""
        return self.stepped | set(self.running) if self.steps else set()

    def parts(self, window: Window) -> dict[str, Any]:
        """Give the level at the end of the window, or now."""
        if len(self.instants) != len(self.steps):
            self.climb()
        steps_before = bisect_left(self.instants, window.end)
        return parts_of(self.kpi, self.levels[steps_before - 1] if steps_before else Counter())

    def climb(self) -> None:
        """Put the steps in order and note the level after each."""
        in_order = sorted(self.steps, key=lambda step: step.at)
        self.instants = [step.at for step in in_order]
        self.levels = []
        level: Counter[str] = Counter()
        for step in in_order:
            level = level.copy()
            for part, amount in step.parts.items():
                level[part] += amount
            self.levels.append(level)

    def number(self, window: Window) -> Number | None:
        """Read the level as a number."""
        return number_of(self.kpi, self.parts(window))

    def percentiles(self, _window: Window) -> None:
        """Levels have none."""
