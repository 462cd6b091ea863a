"""All facts in their windows: every KPI in every scope."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tests.oracle.entities.facts import (
    Dimensions,
    Fact,
    Level,
    Standing,
)
from tests.oracle.formulas.catalogue import KPIS
from tests.oracle.formulas.organisation import Organisation
from tests.oracle.formulas.series import (
    Counted,
    Series,
    Stepped,
)
from tests.oracle.history.windows import Calendar, Window

Scope = tuple[str, str] | None
Parts = Mapping[str, int]


class Book:
    """What every KPI holds in every scope at one instant."""

    def __init__(
        self,
        facts: Iterable[Fact | Level],
        organisation: Organisation,
        calendar: Calendar,
        now: int,
    ) -> None:
        """Count the facts that count by `now`."""
        self.organisation = organisation
        self.calendar = calendar
        self.now = now
        self.rolling = rolling_back(calendar, now)
        self.series: dict[tuple[str, Scope], Counted | Stepped] = {}
        for fact in facts:
            if isinstance(fact, Level):
                self.climb(fact)
            elif fact.counts_by(now):
                self.count(fact)

    def count(self, fact: Fact) -> None:
        """Count a fact in every scope and window that it falls into."""
        dimensions = self.organisation.values(fact.dimensions, fact.at)
        for scope in scopes_of(fact.kpi, dimensions, fact.only_in):
            self.add(fact.kpi, scope, fact.at, fact.parts)

    def climb(self, level: Level) -> None:
        """Step wherever what a thing adds to a level changes in a scope."""
        in_scope: dict[Scope, list[Standing]] = defaultdict(list)
        for whole in level.standings:
            for standing in self.organisation.split(whole):
                dimensions = self.organisation.values(standing.dimensions, standing.start)
                for scope in scopes_of(level.kpi, dimensions, level.only_in):
                    in_scope[scope].append(standing)
        for scope, standings in in_scope.items():
            for at, parts in steps_of(standings):
                if at <= self.now:
                    self.add(level.kpi, scope, at, parts)

    def add(self, name: str, scope: Scope, at: int, parts: Parts) -> None:
        """Add parts to one KPI in one scope."""
        kpi = KPIS[name]
        windows = self.calendar.windows_of(at, hourly=kpi.is_hourly)
        windows = windows + [window for window in self.rolling if window.contains(at)]
        found = self.series.get((name, scope))
        if found is None:
            made = Stepped if kpi.is_level else Counted
            found = self.series[name, scope] = made(kpi, self.calendar, self.now)
        found.add(at, parts, windows)

    def scopes(self, name: str) -> list[Scope]:
        """List the scopes in which the KPI has any fact."""
        return [scope for kpi, scope in self.series if kpi == name]

    def of(self, name: str, scope: Scope) -> Series:
        """One KPI in one scope; without any fact it is read over nothing."""
        kpi = KPIS[name]
        nothing = Stepped if kpi.is_level else Counted
        return self.series.get((name, scope)) or nothing(kpi, self.calendar, self.now)


def rolling_back(calendar: Calendar, now: int) -> list[Window]:
    """List the rolling windows that end with today, and the two before each."""
    found = []
    for window in calendar.rolling(now):
        before = calendar.before(window)
        found += [window, before, calendar.before(before)]
    return found


def scopes_of(name: str, dimensions: Dimensions, only_in: tuple[str, ...] | None) -> list[Scope]:
    """List the scopes a fact counts in: all, and each of its KPI's dimensions that it has."""
    scopes: list[Scope] = [None]
    for dimension in KPIS[name].scopes:
        value = dimensions.get(dimension)
        if value:
            scopes.append((dimension, value))
    if only_in is None:
        return scopes
    return [scope for scope in scopes if (scope[0] if scope else "all") in only_in]


def steps_of(standings: Iterable[Standing]) -> Iterator[tuple[int, Parts]]:
    """List the changes of what one thing adds in one scope: none where nothing changes."""
    real = [standing for standing in standings if standing.is_real]
    instants = {it.start for it in real} | {it.end for it in real if it.end is not None}
    before: Parts | None = None
    for at in sorted(instants):
        after = next((it.parts for it in real if stands(it, at)), None)
        if after != before:
            old, new = before or {}, after or {}
            yield at, {part: new.get(part, 0) - old.get(part, 0) for part in {**old, **new}}
        before = after


def stands(standing: Standing, instant: int) -> bool:
    """Whether it stands at an instant."""
    return standing.start <= instant and (standing.end is None or instant < standing.end)
