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
    milliseconds,
)
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.engine.catalogue.patched_records import precedence
from streams.events import TargetSet

WHOLE_UNITS = ("money", "money_per_day", "ms")


class TargetValue(NamedTuple):
    """One target, exact and as a record shows it (money in minor units).

    `since` is the first day of the first calendar window of which it makes a record, facts or
    none.
    """

    exact: Fraction
    shown: int | float
    since: int


class TargetKey(NamedTuple):
    """What a target is for; `window` None means every window of the kind."""

    kpi: str
    scope: str
    kind: str
    window: Window | None


class TargetChange(NamedTuple):
    """A target that changed; `since` is the earlier one of the old and the new."""

    key: TargetKey
    since: int


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
        windows: Collection[str],
    ) -> None:
        self._calendar = calendar
        self._scale = 10 ** minor_digits(currency)
        self._kpis = kpis
        self._dimensions = dimensions
        self._windows = windows
        self._records: dict[TargetKey, dict[str, TargetSet]] = {}
        self._values: dict[tuple[str, str], dict[str | Window, TargetValue]] = {}
        self._by_window: dict[Window | str, dict[TargetKey, None]] = {}
        self._by_scope: dict[str, dict[TargetKey, None]] = {}
        self._by_dimension: dict[tuple[str, str], dict[TargetKey, None]] = {}

    def __bool__(self) -> bool:
        """Whether there is any target."""
        return bool(self._values)

    def __iter__(self) -> Iterator[TargetKey]:
        """Everything that has a target."""
        return iter(self._records)

    def update(self, record: TargetSet) -> TargetChange | None:
        """Apply a record, in any order; returns what it changed, None if nothing here.

        A KPI, a scope or a kind of window that is not published changes nothing.
        """
        dimension, value = next(iter(record.scope.items()), ("", ""))
        kpi = self._kpis.get(record.kpi)
        if (
            kpi is None
            or record.window not in self._windows
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
        target = self._value(kpi, max(records.values(), key=precedence), target_key)
        before = values.get(at)
        if before == target:
            return None
        values[at] = target
        for same in (
            self._by_window.setdefault(at, {}),
            self._by_scope.setdefault(scope, {}),
            self._by_dimension.setdefault((record.kpi, dimension), {}),
        ):
            same[target_key] = None
        return TargetChange(target_key, min(target.since, (before or target).since))

    def of(self, kpi: str, scope: str, window: Window) -> TargetValue | None:
        """Target of a KPI in a scope and window, None if there is none."""
        values = self._values.get((kpi, scope))
        if values is None:
            return None
        return values.get(window) or values.get(window.kind)

    def of_window(self, window: Window) -> Iterator[TargetKey]:
        """Targets that may alone make a record of a calendar window."""
        yield from self._by_window.get(window, ())
        yield from self._by_window.get(window.kind, ())

    def of_scope(self, scope: str) -> Collection[TargetKey]:
        """Targets of a scope."""
        return self._by_scope.get(scope, ())

    def of_dimension(self, kpi: str, dimension: str) -> Collection[TargetKey]:
        """Targets of a KPI for values of a dimension."""
        return self._by_dimension.get((kpi, dimension), ())

    def windows(self, target_key: TargetKey, since: int, today: int) -> Iterator[Window]:
        """Calendar windows from a day until today of which a target may alone make a record."""
        window = target_key.window
        if window is not None:
            if window.start <= today and self._calendar.following(window).start > since:
                yield window
        elif target_key.kind not in ROLLING_DAYS:
            kind = target_key.kind
            begin = self._values[target_key.kpi, target_key.scope][kind].since
            yield from self._calendar.windows_between(kind, max(since, begin), today)

    def _window(self, record: TargetSet) -> Window | None:
        if record.start is None or record.window in ROLLING_DAYS:
            return None
        day = record.start.toordinal()
        return Window(record.window, self._calendar.first_day(record.window, day))

    def _value(self, kpi: Kpi | Derived, record: TargetSet, target_key: TargetKey) -> TargetValue:
        value = Fraction(*exact(record.value))
        since = self._since(record, target_key)
        if kpi.unit in WHOLE_UNITS:
            if kpi.unit != "ms":
                value *= self._scale
            whole = round_half_up(value.numerator, value.denominator)
            return TargetValue(Fraction(whole), whole, since)
        if kpi.unit == "count" and value.denominator == 1:
            return TargetValue(value, value.numerator, since)
        return TargetValue(value, value.numerator / value.denominator, since)

    def _since(self, record: TargetSet, target_key: TargetKey) -> int:
        if target_key.window is not None:
            return target_key.window.start
        if target_key.kind in ROLLING_DAYS:
            return 0
        day = self._calendar.day(milliseconds(record.at))
        return self._calendar.first_day(target_key.kind, day)
