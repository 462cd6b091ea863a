"""Targets: which one holds for a window, and which windows exist because of one."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from tests.oracle.formulas.book import Scope
from tests.oracle.formulas.catalogue import KPIS
from tests.oracle.history.events import Event
from tests.oracle.history.windows import (
    ROLLING_DAYS,
    Calendar,
    Window,
)


class Targets:
    """All targets that KPIs of the catalogue can have."""

    def __init__(self, current: Iterable[Event], calendar: Calendar, now: int) -> None:
        """`current` holds one record for each KPI, scope, window and start."""
        self.calendar = calendar
        self.now = now
        self.set_for: dict[tuple[str, Scope], list[Event]] = defaultdict(list)
        for target in current:
            if is_valid(target):
                scope = next(iter(target.fields["scope"].items()), None)
                self.set_for[target.fields["kpi"], scope].append(target)

    def scopes(self, name: str) -> list[Scope]:
        """List the scopes for which the KPI has any target."""
        return [scope for kpi, scope in self.set_for if kpi == name]

    def target(self, name: str, scope: Scope, window: Window) -> Fraction | None:
        """The target of a window: the one set for it, else the one for every such window."""
        of_scope = self.set_for.get((name, scope), [])
        of_kind = [target for target in of_scope if target.fields["window"] == window.kind]
        own = [target for target in of_kind if self.own_window(target) == window]
        general = [target for target in of_kind if self.own_window(target) is None]
        found = max(own or general, key=lambda target: target.order, default=None)
        return Fraction(found.fields["value"]) if found else None

    def own_window(self, target: Event) -> Window | None:
        """The one window that a target is for; None where it is for every one."""
        start, kind = target.text("start"), target.fields["window"]
        if start is None or kind in ROLLING_DAYS:
            return None
        return self.calendar.window(kind, date.fromisoformat(start))

    def windows(self, name: str, scope: Scope) -> set[Window]:
        """List the windows that are published even without a fact."""
        found: set[Window] = set()
        for target in self.set_for.get((name, scope), []):
            own = self.own_window(target)
            if own is None:
                found.update(self.windows_since(target.fields["window"], target.at))
            elif own.start <= self.now:
                found.add(own)
        return found

    def windows_since(self, kind: str, instant: int) -> list[Window]:
        """List the windows of a kind from an instant's to the running one."""
        if kind in ROLLING_DAYS:
            return [it for it in self.calendar.rolling(self.now) if it.kind == kind]
        found = [self.calendar.window(kind, self.calendar.day_of(self.now))]
        while found[-1].start > instant:
            found.append(self.calendar.before(found[-1]))
        return found


def is_valid(target: Event) -> bool:
    """Whether the target names a KPI, and a scope and a window that it has."""
    kpi, scopes = KPIS.get(target.fields["kpi"]), [*target.fields["scope"].items()]
    if kpi is None or len(scopes) > 1 or target.fields["window"] not in kpi.kinds:
        return False
    return kpi.has_scope(scopes[0] if scopes else None)
