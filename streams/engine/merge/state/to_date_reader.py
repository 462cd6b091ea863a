"""Values of KPIs in the windows before the running ones, up to as many days."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from streams.engine.algebra.measures import Grouped, Vector
from streams.engine.calendars.calendar import Window
from streams.engine.catalogue.derived import (
    Derived,
    FormulaContext,
    KpiReader,
    KpiValue,
    Quotient,
)
from streams.engine.catalogue.kpi import Kpi
from streams.engine.merge.state.levels import Levels
from streams.engine.merge.state.to_date import ToDate

NO_FACTS: Vector = {}
NOTHING: Grouped = {}


class ToDateReader:
    """Reads KPIs as if the window before had ended with its n-th day; implements `KpiReader`.

    Any other window is read as it is. Valid until the state changes.

    Attributes:
        window: The window before.
        end: The day after the n-th one.
    """

    def __init__(
        self, to_date: ToDate, kpis: Mapping[str, Kpi], levels: Levels, whole: KpiReader
    ) -> None:
        self.window = to_date.window
        self.end = to_date.end
        self._scopes = to_date.scopes
        self._kpis = kpis
        self._levels = levels
        self._whole = whole
        self._bests: dict[tuple[str, str, tuple[str, ...]], int] = {}
        self._values: dict[tuple[str, str], KpiValue] = {}

    def evaluate(self, kpi: Derived, scope: str) -> KpiValue:
        """Value of a derived KPI."""
        found = self._values.get((kpi.name, scope))
        if found is None:
            result = kpi.evaluate(FormulaContext(kpi, self, scope, self.window))
            found = result if isinstance(result, KpiValue) else KpiValue(result)
            self._values[kpi.name, scope] = found
        return found

    def vector(self, name: str, scope: str, window: Window) -> Vector:
        """As `KpiReader` has it."""
        if window != self.window:
            return self._whole.vector(name, scope, window)
        if self._kpis[name].measure.steps:
            return self._levels.before(name, scope, self.end)
        return self._scopes.get(scope, NOTHING).get(name, NO_FACTS)

    def value(self, name: str, scope: str, window: Window) -> Quotient | None:
        """As `KpiReader` has it."""
        return self._kpis[name].measure.value(self.vector(name, scope, window))

    def parts(self, name: str, scope: str, window: Window) -> Mapping[str, Any]:
        """As `KpiReader` has it."""
        return self._kpis[name].measure.parts(self.vector(name, scope, window))

    def target(self, name: str, scope: str, window: Window) -> Fraction | None:
        """As `KpiReader` has it."""
        return self._whole.target(name, scope, window)

    def best(self, name: str, scope: str, window: Window, across: tuple[str, ...]) -> int:
        """As `KpiReader` has it."""
        if window != self.window:
            return self._whole.best(name, scope, window, across)
        dimension = scope.partition("=")[0] + "="
        at = name, dimension, across
        found = self._bests.get(at)
        if found is None:
            values = (
                self.value(name, each, window)
                for each, vectors in self._scopes.items()
                if each.startswith(dimension) and any(one in vectors for one in across)
            )
            found = max((value[0] for value in values if value), default=0)
            self._bests[at] = found
        return found

    def all_time(self, name: str, scope: str) -> Vector:
        """As `KpiReader` has it."""
        return self._whole.all_time(name, scope)

    def has(self, name: str, scope: str, window: Window) -> bool:
        """As `KpiReader` has it."""
        if window != self.window:
            return self._whole.has(name, scope, window)
        facts = self._scopes.get(scope, NOTHING).get(name, NO_FACTS)
        return "n" in facts or self._whole.has_target(name, scope, window)

    def has_target(self, name: str, scope: str, window: Window) -> bool:
        """As `KpiReader` has it."""
        return self._whole.has_target(name, scope, window)

    def is_running(self, window: Window) -> bool:
        """As `KpiReader` has it."""
        return self._whole.is_running(window)

    def preceding(self, window: Window) -> Window:
        """As `KpiReader` has it."""
        return self._whole.preceding(window)

    def key(self, name: str, scope: str, window: Window) -> str:
        """As `KpiReader` has it."""
        return self._whole.key(name, scope, window)
