"""Targets: which one holds for a window, and which windows exist because of one."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from tests.oracle.formulas.book import Scope
from tests.oracle.formulas.catalogue import KPIS
from tests.oracle.history.events import Event, last_of
from tests.oracle.history.windows import (
    ROLLING_DAYS,
    Calendar,
    Window,
)


class Targets:
    """All targets that KPIs of the catalogue can have."""

    def __init__(self, current: Iterable[Event], calendar: Calendar, now: int) -> None:
        """`standing` holds one record for each KPI, scope, window and start."""
        self.calendar = calendar
        self.now = now
        self.set_for: dict[tuple[str, Scope], list[Event]] = defaultdict(list)
        for target in current:
            name = target.fields["kpi"]
            scope = next(iter(target.fields["scope"].items()), None)
            if (
                name in KPIS
                and KPIS[name].has_scope(scope)
                and target.fields["window"] in (KPIS[name].kinds)
            ):
                self.set_for[name, scope].append(target)

    def scopes(self, name: str) -> list[Scope]:
        """List the scopes for which the KPI has any target."""
        return [scope for kpi, scope in self.set_for if kpi == name]

    def target(self, name: str, scope: Scope, window: Window) -> Fraction | None:
        """Give the target of a window: the one set for it, else the one for every such window."""
        of_scope = self.set_for.get((name, scope), [])
        of_kind = [target for target in of_scope if target.fields["window"] == window.kind]
        own = last_of(target for target in of_kind if self.own_window(target) == window)
        general = last_of(target for target in of_kind if self.own_window(target) is None)
        found = own or general
        return Fraction(found.fields["value"]) if found else None

    def own_window(self, target: Event) -> Window | None:
        """Give the one window that a target is for; None where it is for every one."""
        start, kind = target.text("start"), target.fields["window"]
        if start is None or kind in ROLLING_DAYS:
            return None
        return self.calendar.window(kind, date.fromisoformat(start))

    def windows(self, name: str, scope: Scope) -> set[Window]:
        """List the windows that are published even without a fact."""
        running = self.calendar.windows_of(self.now, hourly=False) + self.calendar.rolling(self.now)
        found: set[Window] = set()
        for target in self.set_for.get((name, scope), []):
            own = self.own_window(target)
            if own is None:
                found.update(it for it in running if it.kind == target.fields["window"])
            elif own.start <= self.now:
                found.add(own)
        return found
