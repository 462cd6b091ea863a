"""What every KPI comes to in a scope and a window, from a board's sums, levels and targets."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from streams.engine.algebra.log_histogram import Order
from streams.engine.algebra.measures import Vector, add
from streams.engine.calendars.calendar import (
    CALENDAR_KINDS,
    ROLLING_DAYS,
    Window,
)
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.derived import (
    Derived,
    Figure,
    Given,
    Quotient,
)
from streams.engine.catalogue.dimensions import ROLLED_UP
from streams.engine.catalogue.kpi import Kpi
from streams.engine.merge.record_encoder import (
    Form,
    Reading,
    Records,
)
from streams.engine.merge.state.levels import Levels
from streams.engine.merge.state.rankings import Number
from streams.engine.merge.state.targets import Targets
from streams.engine.merge.state.window_store import WindowSums

# A figure is asked for up to three times: for a rank, a record, and the next one's `previous`.
REMEMBERED = 10_000
NO_PERCENTILES = {"p50": None, "p90": None}


class BoardSight:
    """Reads KPIs as of the day of the sums; changes nothing."""

    def __init__(
        self,
        catalogue: Catalogue,
        sums: WindowSums,
        levels: Levels,
        targets: Targets,
        records: Records,
    ) -> None:
        """Look at what others keep."""
        self._calendar = catalogue.calendar
        self._kpis = {kpi.name: kpi for kpi in catalogue.kpis}
        self._sums = sums
        self._levels = levels
        self._targets = targets
        self._records = records
        self._bests: dict[tuple[str, str, Window, tuple[str, ...]], int] = {}
        self._figures: dict[tuple[str, str, Window], Figure] = {}

    def reading(self, form: Form, scope: str, window: Window) -> Reading | None:
        """Read a KPI; None where it has no record."""
        kpi = form.kpi
        if isinstance(kpi, Derived):
            figure = self._recorded_figure(kpi, scope, window)
            if figure is None:
                return None
            parts = figure.parts
            if parts is None:
                parts = Given(kpi, self, scope, window).parts()
            earlier = self._figure(kpi, scope, self._calendar.preceding(window))
            ranks = None if figure.percentiles is None else figure.percentiles()
            return form.number(figure.value), form.number(earlier.value), parts, ranks
        vector = self._recorded(kpi, scope, window)
        if vector is None:
            return None
        measure = kpi.measure
        percentiles: Mapping[str, Any] | None = None
        if measure.percentiles is not None:
            # A target alone makes a record of nothing.
            percentiles = measure.percentiles(vector, Order()) if vector else NO_PERCENTILES
        before = self._vector(kpi, scope, self._calendar.preceding(window))
        number = form.number
        return (
            number(measure.value(vector)),
            number(measure.value(before)),
            measure.parts(vector),
            percentiles,
        )

    def number(self, form: Form, scope: str, window: Window) -> Number | None:
        """Read a KPI's value; None where it has none, or no record."""
        kpi = form.kpi
        if isinstance(kpi, Derived):
            figure = self._recorded_figure(kpi, scope, window)
            return None if figure is None else form.number(figure.value)
        vector = self._recorded(kpi, scope, window)
        return None if vector is None else form.number(kpi.measure.value(vector))

    def has(self, name: str, scope: str, window: Window) -> bool:
        """Tell whether a KPI has a record."""
        return self._recorded(self._kpis[name], scope, window) is not None

    def running(self) -> tuple[Window, ...]:
        """Give the windows that run now, but for the hour."""
        return (*self._calendar.windows_of(self._sums.today), *self._sums.rolling)

    def is_running(self, window: Window) -> bool:
        """Tell whether a window runs now."""
        if window.kind in ROLLING_DAYS:
            return window in self._sums.rolling
        today = self._sums.today
        return window.kind in CALENDAR_KINDS and window in self._calendar.windows_of(today)

    def vector(self, name: str, scope: str, window: Window) -> Vector:
        """Give a KPI's vector; that of a level is its total before the window's end."""
        return self._vector(self._kpis[name], scope, window)

    def value(self, name: str, scope: str, window: Window) -> Quotient | None:
        """Give numerator and denominator, None where there is nothing to divide by."""
        return self._kpis[name].measure.value(self.vector(name, scope, window))

    def parts(self, name: str, scope: str, window: Window) -> Mapping[str, Any]:
        """Give the parts that the KPI's record has, or would have over nothing."""
        return self._kpis[name].measure.parts(self.vector(name, scope, window))

    def target(self, name: str, scope: str, window: Window) -> Fraction | None:
        """Give the standing target in minor units, milliseconds or as it is."""
        plan = self._targets.of(name, scope, window)
        return None if plan is None else plan.exact

    def best(self, name: str, scope: str, window: Window, across: tuple[str, ...]) -> int:
        """Give a KPI's greatest numerator among the scope's siblings with facts of some KPI."""
        at = name, scope.partition("=")[0], window, across
        found = self._bests.get(at)
        if found is None:
            read = self._kpis[name].measure.value
            siblings = self._siblings(scope, window, across)
            values = (read(self.vector(name, each, window)) for each in siblings)
            found = self._bests[at] = max((value[0] for value in values if value), default=0)
        return found

    def forget(self) -> None:
        """Forget what is only true until the sums change."""
        self._bests.clear()
        self._figures.clear()

    def ever(self, name: str, scope: str) -> Vector:
        """Give the company's vector over all time up to now, of a KPI that keeps it."""
        dimension = scope.partition("=")[0]
        company = f"{'rep' if dimension in ROLLED_UP else dimension}=" if scope else ""
        return self._sums.ever(company).get(name, {})

    def preceding(self, window: Window) -> Window:
        """Give the window before."""
        return self._calendar.preceding(window)

    def key(self, name: str, scope: str, window: Window) -> str:
        """Name a record."""
        return self._records.key(name, scope, window)

    def _siblings(self, scope: str, window: Window, across: tuple[str, ...]) -> list[str]:
        """Give the members of a dimension that have facts of any of these KPIs."""
        if window.kind in ROLLING_DAYS and not self._sums.is_kept(window):
            return []
        prefix = scope.partition("=")[0] + "="
        return [
            each
            for each, vectors in self._sums.scopes(window).items()
            if each.startswith(prefix) and any(name in vectors for name in across)
        ]

    def _vector(self, kpi: Kpi, scope: str, window: Window) -> Vector:
        if kpi.measure.steps:
            end = self._calendar.following(window).start
            return self._levels.before(kpi.name, scope, end)
        if window.kind in ROLLING_DAYS and not self._sums.is_kept(window):
            return self._folded(kpi, scope, window)
        return self._sums.vectors(window, scope).get(kpi.name, {})

    def _folded(self, kpi: Kpi, scope: str, window: Window) -> Vector:
        """Add up the days of a rolling window that is over for long: nobody else asks for it."""
        vector: Vector = {}
        for day in range(window.start, window.start + ROLLING_DAYS[window.kind]):
            add(vector, self._sums.vectors(Window("day", day), scope).get(kpi.name, {}))
        return vector

    def _recorded(self, kpi: Kpi, scope: str, window: Window) -> Vector | None:
        """Give the vector of a record, None where there is none."""
        if window.kind in ROLLING_DAYS and window not in self._sums.rolling:
            return None
        own = self._sums.vectors(window, scope).get(kpi.name)
        if not kpi.measure.steps:
            if own:
                return own
            return {} if self._is_aimed_at(kpi, scope, window) else None
        if self.is_running(window):
            is_there = self._levels.is_known(kpi.name, scope)
        else:
            is_there = own is not None and "n" in own
        if is_there or self._is_aimed_at(kpi, scope, window):
            return self._vector(kpi, scope, window)
        return None

    def _is_aimed_at(self, kpi: Kpi | Derived, scope: str, window: Window) -> bool:
        """Tell whether a target alone is reason enough for a record."""
        plan = self._targets.of(kpi.name, scope, window) if self._targets else None
        if plan is None:
            return False
        has_begun = window.kind not in ROLLING_DAYS and window.start <= self._sums.today
        return self.is_running(window) or (plan.is_dated and has_begun)

    def _recorded_figure(self, kpi: Derived, scope: str, window: Window) -> Figure | None:
        """Give the figure of a record, None where there is none."""
        if not self._is_figured(kpi, scope, window):
            return None
        return self._figure(kpi, scope, window)

    def _is_figured(self, kpi: Derived, scope: str, window: Window) -> bool:
        """Tell whether a derived KPI has a record."""
        if window.kind not in kpi.kinds:
            return False
        if window.kind in ROLLING_DAYS and window not in self._sums.rolling:
            return False
        if kpi.is_running_only and not self.is_running(window):
            return False
        if self._is_aimed_at(kpi, scope, window):
            return True
        if kpi.lasting:
            return window.start <= self._sums.today and self._lasts(kpi, scope, window)
        if kpi.exists is not None:
            return kpi.exists(Given(kpi, self, scope, window))
        return any(self.has(name, scope, window) for name in kpi.ingredients)

    def _lasts(self, kpi: Derived, scope: str, window: Window) -> bool:
        for _ in range(kpi.back + 1):
            if kpi.lasting in self._sums.vectors(window, scope):
                return True
            window = self._calendar.preceding(window)
        return False

    def _figure(self, kpi: Derived, scope: str, window: Window) -> Figure:
        at = kpi.name, scope, window
        found = self._figures.get(at)
        if found is None:
            result = kpi.formula(Given(kpi, self, scope, window))
            found = result if isinstance(result, Figure) else Figure(result)
            if len(self._figures) >= REMEMBERED:
                self._figures.clear()
            self._figures[at] = found
        return found
