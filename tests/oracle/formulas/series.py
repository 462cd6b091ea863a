"""One KPI in one scope, through all its windows: what was counted, or the level reached."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from tests.oracle.formulas.catalogue import Kpi
from tests.oracle.formulas.values import (
    Number,
    number_of,
    parts_of,
    percentiles_of,
)
from tests.oracle.history.windows import Calendar, Window


class Series(Protocol):
    """One KPI in one scope; it can be read over any span of time."""

    def published(self) -> Iterable[Window]:
        """List the windows that there is a record of."""

    def parts(self, window: Window) -> dict[str, Any]:
        """The exact integers that the value follows from."""

    def number(self, window: Window) -> Number | None:
        """The value: money in minor units, None for something over nothing."""

    def percentiles(self, window: Window) -> dict[str, int | None] | None:
        """The percentiles, where the KPI has any."""


class Counted:
    """A KPI whose facts add up within each window."""

    def __init__(self, kpi: Kpi, calendar: Calendar, now: int) -> None:
        """Start without facts."""
        self.kpi = kpi
        self.rolling = calendar.rolling(now)
        self.facts: list[tuple[int, Mapping[str, int]]] = []
        self.totals: dict[Window, Counter[str]] = defaultdict(Counter)
        self.values: dict[Window, list[int]] = defaultdict(list)

    def add(self, at: int, parts: Mapping[str, int], windows: Iterable[Window]) -> None:
        """Count a fact in the windows that contain it."""
        self.facts.append((at, parts))
        for window in windows:
            total = self.totals[window]
            for part, amount in parts.items():
                total[part] += amount
            if self.kpi.has_percentiles:
                self.values[window].append(parts["sum"])

    def published(self) -> list[Window]:
        """List the calendar windows with a fact, and those of the rolling that end with today."""
        return [it for it in self.totals if not it.is_rolling or it in self.rolling]

    def parts(self, window: Window) -> dict[str, Any]:
        """Add up the facts of the window; there may be none."""
        total = self.totals.get(window)
        if total is None:
            total = Counter()
            for at, parts in self.facts:
                if window.contains(at):
                    total.update(parts)
        return parts_of(self.kpi, total)

    def number(self, window: Window) -> Number | None:
        """Read the KPI over the window."""
        return number_of(self.kpi, self.parts(window))

    def percentiles(self, window: Window) -> dict[str, int | None] | None:
        """The exact percentiles of the window's values."""
        return percentiles_of(self.values.get(window, [])) if self.kpi.has_percentiles else None


class Stepped:
    """A level: the sum of the steps before a window's end, or so far."""

    def __init__(self, kpi: Kpi, calendar: Calendar, now: int) -> None:
        """Start at zero; no step later than `now` may be added."""
        self.kpi = kpi
        self.running = [*calendar.windows_of(now, hourly=False), *calendar.rolling(now)]
        self.steps: list[tuple[int, Mapping[str, int]]] = []
        self.stepped: set[Window] = set()
        self.instants: list[int] = []
        self.levels: list[Counter[str]] = []

    def add(self, at: int, parts: Mapping[str, int], windows: Iterable[Window]) -> None:
        """Step at an instant."""
        self.steps.append((at, parts))
        self.stepped.update(window for window in windows if not window.is_rolling)

    def published(self) -> set[Window]:
        """List the calendar windows with a step, and all running ones once there was any."""
        return self.stepped | set(self.running) if self.steps else set()

    def has_begun(self, window: Window) -> bool:
        """Whether there was any step before the window's end."""
        return any(at < window.end for at, _ in self.steps)

    def parts(self, window: Window) -> dict[str, Any]:
        """The level at the end of the window, or now."""
        if len(self.instants) != len(self.steps):
            self.climb()
        steps_before = bisect_left(self.instants, window.end)
        return parts_of(self.kpi, self.levels[steps_before - 1] if steps_before else Counter())

    def climb(self) -> None:
        """Note the level after each step, in order."""
        ordered = sorted(self.steps, key=lambda step: step[0])
        self.instants = [at for at, _ in ordered]
        self.levels = []
        level: Counter[str] = Counter()
        for _, parts in ordered:
            level = level.copy()
            level.update(parts)
            self.levels.append(level)

    def number(self, window: Window) -> Number | None:
        """Read the level as a number."""
        return number_of(self.kpi, self.parts(window))

    def percentiles(self, _window: Window) -> None:
        """Levels have none."""
