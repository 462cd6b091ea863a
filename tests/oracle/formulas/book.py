"""All facts in their windows: every KPI in every scope."""

from collections.abc import Iterable, Mapping

from tests.oracle.entities.facts import Fact
from tests.oracle.formulas.catalogue import KPIS
from tests.oracle.formulas.series import (
    Counted,
    Series,
    Stepped,
)
from tests.oracle.history.events import Event
from tests.oracle.history.windows import Calendar, Window

ORGANISATION = ("team", "department", "unit")
LEVELS = ("level", "level_ratio")
Scope = tuple[str, str] | None


class Book:
    """What every KPI holds in every scope at one instant."""

    def __init__(
        self, facts: Iterable[Fact], reps: Mapping[str, Event], calendar: Calendar, now: int
    ) -> None:
        """Count the facts that count by `now`; `reps` holds the standing record of each."""
        self.reps = reps
        self.calendar = calendar
        self.now = now
        self.rolling = rolling_back(calendar, now)
        self.series: dict[tuple[str, Scope], Counted | Stepped] = {}
        for fact in facts:
            if fact.counts_by(now):
                self.add(fact)

    def add(self, fact: Fact) -> None:
        """Count a fact in every scope and window that it falls into."""
        kpi = KPIS[fact.kpi]
        windows = self.calendar.windows_of(fact.at, hourly=kpi.is_hourly)
        windows += [window for window in self.rolling if window.contains(fact.at)]
        for scope in scopes_of(fact, self.reps):
            found = self.series.get((fact.kpi, scope))
            if found is None:
                made = Stepped if kpi.measure in LEVELS else Counted
                found = self.series[fact.kpi, scope] = made(kpi, self.calendar, self.now)
            found.add(fact, windows)

    def scopes(self, name: str) -> list[Scope]:
        """List the scopes in which the KPI has any fact."""
        return [scope for kpi, scope in self.series if kpi == name]

    def of(self, name: str, scope: Scope) -> Series:
        """Give one KPI in one scope; without any fact it is read over nothing."""
        kpi = KPIS[name]
        nothing = Stepped if kpi.measure in LEVELS else Counted
        return self.series.get((name, scope)) or nothing(kpi, self.calendar, self.now)


def rolling_back(calendar: Calendar, now: int) -> list[Window]:
    """List the rolling windows that end with today, and the two before each."""
    found = []
    for window in calendar.rolling(now):
        before = calendar.before(window)
        found += [window, before, calendar.before(before)]
    return found


def scopes_of(fact: Fact, reps: Mapping[str, Event]) -> list[Scope]:
    """List the scopes a fact counts in: all, and each of its KPI's dimensions that it has."""
    rep = reps.get(fact.dimensions.get("rep") or "")
    scopes: list[Scope] = [None]
    for dimension in KPIS[fact.kpi].scopes:
        if dimension in ORGANISATION:
            value = rep.text(dimension) if rep else None
        else:
            value = fact.dimensions.get(dimension)
        if value:
            scopes.append((dimension, value))
    if fact.only_in is None:
        return scopes
    return [scope for scope in scopes if (scope[0] if scope else "all") in fact.only_in]
