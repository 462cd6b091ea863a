"""Values of KPIs in a scope and a window, read from a merger's state."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from streams.engine.algebra.log_histogram import BucketOrder
from streams.engine.algebra.measures import Vector, add
from streams.engine.calendars.calendar import (
    CALENDAR_KINDS,
    ROLLING_DAYS,
    Window,
)
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.derived import (
    Derived,
    FormulaContext,
    KpiValue,
    Quotient,
)
from streams.engine.catalogue.dimensions import ROLLED_UP
from streams.engine.catalogue.kpi import Kpi
from streams.engine.merge.record_encoder import ComputedValues, KpiEncoder
from streams.engine.merge.state.merge_state import MergeState
from streams.engine.merge.state.rankings import Number
from streams.engine.merge.state.to_date_reader import ToDateReader

# A value is read up to three times: for a rank, a record, and the next one's `previous`.
VALUE_CACHE_SIZE = 10_000
NO_PERCENTILES = {"p50": None, "p90": None}


class KpiEvaluator:
    """Reads KPIs as of the window store's day; changes nothing.

    Values are cached until `clear_cache`, which has to be called once the state has changed.
    """

    def __init__(self, catalogue: Catalogue, state: MergeState) -> None:
        self._calendar = catalogue.calendar
        self._kpis = {kpi.name: kpi for kpi in catalogue.kpis}
        self._windows = state.windows
        self._levels = state.levels
        self._targets = state.targets
        self._encoder = state.encoder
        self._bests: dict[tuple[str, str, Window, tuple[str, ...]], int] = {}
        self._values: dict[tuple[str, str, Window], KpiValue] = {}
        self._readers: dict[Window, ToDateReader | None] = {}

    def evaluate(self, encoder: KpiEncoder, scope: str, window: Window) -> ComputedValues | None:
        """Everything that a KPI's record shows of its value; None where it has no record."""
        kpi = encoder.kpi
        if isinstance(kpi, Derived):
            value = self._recorded_value(kpi, scope, window)
            if value is None:
                return None
            parts = value.parts
            if parts is None:
                parts = FormulaContext(kpi, self, scope, window).parts()
            earlier = self._value(kpi, scope, self._calendar.preceding(window))
            ranks = None if value.percentiles is None else value.percentiles()
            return (
                encoder.number(value.value),
                encoder.number(earlier.value),
                self._to_date(encoder, scope, window),
                parts,
                ranks,
            )
        vector = self._recorded(kpi, scope, window)
        if vector is None:
            return None
        measure = kpi.measure
        percentiles: Mapping[str, Any] | None = None
        if measure.percentiles is not None:
            # A target alone makes a record of nothing.
            percentiles = measure.percentiles(vector, BucketOrder()) if vector else NO_PERCENTILES
        before = self._vector(kpi, scope, self._calendar.preceding(window))
        number = encoder.number
        return (
            number(measure.value(vector)),
            number(measure.value(before)),
            self._to_date(encoder, scope, window),
            measure.parts(vector),
            percentiles,
        )

    def number(self, encoder: KpiEncoder, scope: str, window: Window) -> Number | None:
        """A KPI's value as published; None where it has none, or no record."""
        kpi = encoder.kpi
        if isinstance(kpi, Derived):
            value = self._recorded_value(kpi, scope, window)
            return None if value is None else encoder.number(value.value)
        vector = self._recorded(kpi, scope, window)
        return None if vector is None else encoder.number(kpi.measure.value(vector))

    def has(self, name: str, scope: str, window: Window) -> bool:
        """Whether a KPI has a record."""
        return self._recorded(self._kpis[name], scope, window) is not None

    def running(self) -> tuple[Window, ...]:
        """Windows that run now, except the hour."""
        return (*self._calendar.windows_of(self._windows.today), *self._windows.rolling)

    def has_target(self, name: str, scope: str, window: Window) -> bool:
        """Whether a target alone makes a record."""
        target = self._targets.of(name, scope, window) if self._targets else None
        if target is None:
            return False
        if window.kind in ROLLING_DAYS:
            return window in self._windows.rolling
        return target.since <= window.start <= self._windows.today

    def is_running(self, window: Window) -> bool:
        """Whether a window runs now."""
        if window.kind in ROLLING_DAYS:
            return window in self._windows.rolling
        today = self._windows.today
        return window.kind in CALENDAR_KINDS and window in self._calendar.windows_of(today)

    def vector(self, name: str, scope: str, window: Window) -> Vector:
        """A KPI's vector; that of a level is its total before the window's end. Read only."""
        return self._vector(self._kpis[name], scope, window)

    def value(self, name: str, scope: str, window: Window) -> Quotient | None:
        """Numerator and denominator, None where there is nothing to divide by."""
        return self._kpis[name].measure.value(self.vector(name, scope, window))

    def parts(self, name: str, scope: str, window: Window) -> Mapping[str, Any]:
        """Parts that the KPI's record has, or would have without facts."""
        return self._kpis[name].measure.parts(self.vector(name, scope, window))

    def target(self, name: str, scope: str, window: Window) -> Fraction | None:
        """Current target, money in minor units and durations in milliseconds."""
        target = self._targets.of(name, scope, window)
        return None if target is None else target.exact

    def best(self, name: str, scope: str, window: Window, across: tuple[str, ...]) -> int:
        """A KPI's greatest numerator among the scope's siblings with facts of any of `across`."""
        at = name, scope.partition("=")[0], window, across
        found = self._bests.get(at)
        if found is None:
            read = self._kpis[name].measure.value
            siblings = self._siblings(scope, window, across)
            values = (read(self.vector(name, each, window)) for each in siblings)
            found = self._bests[at] = max((value[0] for value in values if value), default=0)
        return found

    def bests(self, kpi: Derived, scope: str, window: Window) -> tuple[int, ...]:
        """All that a window's values are compared with, in it and in its part to date."""
        found = [self.best(each, scope, window, kpi.across) for each in kpi.across]
        reader = self._reader(self._calendar.following(window))
        if reader is not None:
            # With another day, other values are compared: they are not the same even if equal.
            found += (reader.end, *(reader.best(n, scope, window, kpi.across) for n in kpi.across))
        return tuple(found)

    def clear_cache(self) -> None:
        """Forget what is only true until the state changes."""
        self._bests.clear()
        self._values.clear()
        self._readers.clear()

    def all_time(self, name: str, scope: str) -> Vector:
        """The company's vector over all time up to now, of a KPI that keeps it."""
        dimension = scope.partition("=")[0]
        company = f"{'rep' if dimension in ROLLED_UP else dimension}=" if scope else ""
        return self._windows.all_time(company).get(name, {})

    def preceding(self, window: Window) -> Window:
        """The window before."""
        return self._calendar.preceding(window)

    def key(self, name: str, scope: str, window: Window) -> str:
        """Key of a record."""
        return self._encoder.key(name, scope, window)

    def _siblings(self, scope: str, window: Window, across: tuple[str, ...]) -> list[str]:
        """Scopes of the same dimension that have facts of any of these KPIs."""
        if window.kind in ROLLING_DAYS and not self._windows.is_kept(window):
            return []
        prefix = scope.partition("=")[0] + "="
        return [
            each
            for each, vectors in self._windows.scopes(window).items()
            if each.startswith(prefix) and any(name in vectors for name in across)
        ]

    def _to_date(self, encoder: KpiEncoder, scope: str, window: Window) -> Number | None:
        """What a running window is compared with; None for any other window."""
        reader = self._reader(window)
        if reader is None:
            return None
        kpi = encoder.kpi
        if isinstance(kpi, Derived):
            return encoder.number(reader.evaluate(kpi, scope).value)
        return encoder.number(reader.value(kpi.name, scope, reader.window))

    def _reader(self, running: Window) -> ToDateReader | None:
        if running not in self._readers:
            to_date = self._windows.to_date.get(running)
            reader = None
            if to_date is not None:
                reader = ToDateReader(to_date, self._kpis, self._levels, self)
            self._readers[running] = reader
        return self._readers[running]

    def _vector(self, kpi: Kpi, scope: str, window: Window) -> Vector:
        if kpi.measure.steps:
            end = self._calendar.following(window).start
            return self._levels.before(kpi.name, scope, end)
        if window.kind in ROLLING_DAYS and not self._windows.is_kept(window):
            return self._summed(kpi, scope, window)
        return self._windows.vectors(window, scope).get(kpi.name, {})

    def _summed(self, kpi: Kpi, scope: str, window: Window) -> Vector:
        """Sum of the days of a rolling window that is no longer kept."""
        vector: Vector = {}
        for day in range(window.start, window.start + ROLLING_DAYS[window.kind]):
            add(vector, self._windows.vectors(Window("day", day), scope).get(kpi.name, {}))
        return vector

    def _recorded(self, kpi: Kpi, scope: str, window: Window) -> Vector | None:
        """Vector of a record, None where there is no record."""
        if window.kind in ROLLING_DAYS and window not in self._windows.rolling:
            return None
        own = self._windows.vectors(window, scope).get(kpi.name)
        if not kpi.measure.steps:
            if own:
                return own
            return {} if self.has_target(kpi.name, scope, window) else None
        if self.is_running(window):
            has_facts = self._levels.is_known(kpi.name, scope)
        else:
            has_facts = own is not None and "n" in own
        if has_facts or self.has_target(kpi.name, scope, window):
            return self._vector(kpi, scope, window)
        return None

    def _recorded_value(self, kpi: Derived, scope: str, window: Window) -> KpiValue | None:
        """Value of a record, None where there is no record."""
        if not self._has_value(kpi, scope, window):
            return None
        return self._value(kpi, scope, window)

    def _has_value(self, kpi: Derived, scope: str, window: Window) -> bool:
        """Whether a derived KPI has a record."""
        if window.kind not in kpi.kinds:
            return False
        if window.kind in ROLLING_DAYS and window not in self._windows.rolling:
            return False
        if kpi.is_running_only and not self.is_running(window):
            return False
        if self.has_target(kpi.name, scope, window):
            return True
        if kpi.carry_forward:
            return window.start <= self._windows.today and self._is_carried_forward(
                kpi, scope, window
            )
        if kpi.exists is not None:
            return kpi.exists(FormulaContext(kpi, self, scope, window))
        return any(self.has(name, scope, window) for name in kpi.ingredients)

    def _is_carried_forward(self, kpi: Derived, scope: str, window: Window) -> bool:
        for _ in range(kpi.lookback_windows + 1):
            if kpi.carry_forward in self._windows.vectors(window, scope):
                return True
            window = self._calendar.preceding(window)
        return False

    def _value(self, kpi: Derived, scope: str, window: Window) -> KpiValue:
        at = kpi.name, scope, window
        found = self._values.get(at)
        if found is None:
            result = kpi.evaluate(FormulaContext(kpi, self, scope, window))
            found = result if isinstance(result, KpiValue) else KpiValue(result)
            if len(self._values) >= VALUE_CACHE_SIZE:
                self._values.clear()
            self._values[at] = found
        return found
