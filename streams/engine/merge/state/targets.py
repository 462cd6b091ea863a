"""The current targets of a merger's scopes."""

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from streams.engine.algebra.money import (
    exact,
    minor_digits,
    round_half_up,
)
from streams.engine.calendars.calendar import (
    ROLLING_DAYS,
    Calendar,
    Window,
)
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.engine.catalogue.patched_records import precedence
from streams.events import TargetSet

WHOLE_UNITS = ("money", "money_per_day", "ms")


class TargetValue(NamedTuple):
    """One target, exact and as a record shows it (money in minor units).

    `is_dated`: for a single window, not for every window of a kind.
    """

    exact: Fraction
    shown: int | float
    is_dated: bool


class TargetKey(NamedTuple):
    """What a target is for; `window` None means every window of the kind."""

    kpi: str
    scope: str
    kind: str
    window: Window | None


class Targets:
    """Targets by KPI, scope and window.

    Of several records with one key the latest one is current, see `precedence`, and so of
    several keys that mean the same window. A target for a single window precedes one for every
    window of its kind.
    """

    def __init__(
        self,
        calendar: Calendar,
        currency: str,
        kpis: Mapping[str, Kpi | Derived],
        dimensions: Collection[str],
    ) -> None:
        self._calendar = calendar
        self._scale = 10 ** minor_digits(currency)
        self._kpis = kpis
        self._dimensions = dimensions
        self._records: dict[TargetKey, dict[str, TargetSet]] = {}
        self._values: dict[tuple[str, str], dict[str | Window, TargetValue]] = {}
        self._dated: dict[Window, set[TargetKey]] = {}

    def __bool__(self) -> bool:
        """Whether there is any target."""
        return bool(self._values)

    def __iter__(self) -> Iterator[TargetKey]:
        """Everything that has a target."""
        return iter(self._records)

    def update(self, record: TargetSet) -> TargetKey | None:
        """Apply a record, in any order; returns what it changed, None if nothing here.

        A KPI or a scope that is not published changes nothing.
        """
        dimension, value = next(iter(record.scope.items()), ("", ""))
        kpi = self._kpis.get(record.kpi)
        if (
            kpi is None
            or dimension not in self._dimensions
            or (dimension or "all") not in kpi.published_scopes
            or bool(dimension) != bool(value)
        ):
            return None
        scope = f"{dimension}={value}" if dimension else ""
        target_key = TargetKey(record.kpi, scope, record.window, self._window(record))
        records = self._records.setdefault(target_key, {})
        old = records.get(record.key)
        if old is not None and precedence(old) >= precedence(record):
            return None
        records[record.key] = record
        values = self._values.setdefault((record.kpi, scope), {})
        at = target_key.window or target_key.kind
        target = self._value(
            kpi, max(records.values(), key=precedence), target_key.window is not None
        )
        if values.get(at) == target:
            return None
        values[at] = target
        if target_key.window is not None:
            self._dated.setdefault(target_key.window, set()).add(target_key)
        return target_key

    def of(self, kpi: str, scope: str, window: Window) -> TargetValue | None:
        """Target of a KPI in a scope and window, None if there is none."""
        values = self._values.get((kpi, scope))
        if values is None:
            return None
        return values.get(window) or values.get(window.kind)

    def windows(self) -> Collection[Window]:
        """The single windows that have targets of their own."""
        return self._dated.keys()

    def of_window(self, window: Window) -> Collection[TargetKey]:
        """Targets that are for this window alone."""
        return self._dated.get(window, ())

    def _window(self, record: TargetSet) -> Window | None:
        if record.start is None or record.window in ROLLING_DAYS:
            return None
        day = record.start.toordinal()
        return Window(record.window, self._calendar.first_day(record.window, day))

    def _value(self, kpi: Kpi | Derived, record: TargetSet, is_dated: bool) -> TargetValue:
        value = Fraction(*exact(record.value))
        if kpi.unit in WHOLE_UNITS:
            if kpi.unit != "ms":
                value *= self._scale
            whole = round_half_up(value.numerator, value.denominator)
            return TargetValue(Fraction(whole), whole, is_dated)
        if kpi.unit == "count" and value.denominator == 1:
            return TargetValue(value, value.numerator, is_dated)
        return TargetValue(value, value.numerator / value.denominator, is_dated)
