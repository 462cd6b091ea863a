"""From all events to all records: which windows are published, and what each record holds."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracle.catalogue import KPIS, Kpi
from tests.oracle.deals import deal_facts
from tests.oracle.efforts import effort_facts
from tests.oracle.events import INVOICE_TYPES, SALES_TYPES, Event, read, reference, subjects
from tests.oracle.facts import Fact, Reporting
from tests.oracle.invoices import invoice_facts
from tests.oracle.journeys import journey
from tests.oracle.leads import lead_facts
from tests.oracle.levels import LevelWindows
from tests.oracle.money import Rates
from tests.oracle.pipeline import pipeline_facts
from tests.oracle.reading import change_between, number_of, parts_of, percentiles_of, written
from tests.oracle.windows import Calendar, Window

DAY_MS = 86_400_000
ORGANISATION = ("team", "department", "unit")
Scope = tuple[str, str] | None
Record = dict[str, Any]


def records(
    events: Sequence[Mapping[str, Any]],
    *,
    now: int,
    timezone: str = "UTC",
    currency: str = "EUR",
    week_start: int = 0,
    fiscal_start: int = 1,
    lateness_ms: int = DAY_MS,
    stale_days: int = 30,
    stage_probability: Mapping[str, str] | None = None,
) -> dict[str, Record]:
    """Compute every record that `sales.kpis` holds at the instant `now`, by its key.

    The events may come in any order and more than once; all are valid. Times are milliseconds
    since the epoch. Records have neither `revision` nor `updated_at`.
    """
    read_events = [read(said) for said in events]
    reporting = Reporting(
        Calendar(timezone, week_start, fiscal_start),
        Rates(currency, reference(read_events, "rate.set", ("currency", "date"))),
        stale_days * DAY_MS,
        {stage: Fraction(text) for stage, text in (stage_probability or {}).items()},
    )
    reps = {it.said["rep"]: it for it in reference(read_events, "rep.set", ("rep",))}
    groups: dict[tuple[str, Scope], list[Fact]] = defaultdict(list)
    for fact in all_facts(read_events, reporting):
        if fact.counts_by(now):
            for scope in scopes_of(fact, reps):
                groups[fact.kpi, scope].append(fact)
    found: dict[str, Record] = {}
    for (name, scope), facts in groups.items():
        published = Published(name, scope, facts, reporting, now, lateness_ms)
        found.update(published.records())
    return found


def all_facts(events: Sequence[Event], reporting: Reporting) -> Iterator[Fact]:
    """List every contribution of every subject."""
    for history in subjects(events, SALES_TYPES).values():
        of_subject = journey(history)
        yield from lead_facts(of_subject, reporting)
        yield from effort_facts(of_subject, reporting)
        yield from deal_facts(of_subject, reporting)
        yield from pipeline_facts(of_subject, reporting)
    for account, history in subjects(events, INVOICE_TYPES).items():
        yield from invoice_facts(account, history, reporting)


def scopes_of(fact: Fact, reps: Mapping[str, Event]) -> list[Scope]:
    """List the scopes a fact counts in: all, and each of its KPI's dimensions that it has."""
    rep = reps.get(fact.dimensions.get("rep") or "")
    scopes: list[Scope] = [None]
    for dimension in KPIS[fact.kpi].scopes:
        if dimension in ORGANISATION:
            value = rep.text(dimension) if rep else None
        else:
            value = fact.dimensions[dimension]
        if value:
            scopes.append((dimension, value))
    return scopes


class Published:
    """The records of one KPI in one scope."""

    def __init__(
        self,
        name: str,
        scope: Scope,
        facts: Sequence[Fact],
        reporting: Reporting,
        now: int,
        lateness_ms: int,
    ) -> None:
        """`facts` are all facts of the KPI and scope that count by `now`; at least one."""
        self.name = name
        self.kpi: Kpi = KPIS[name]
        self.scope = scope
        self.facts = facts
        self.calendar = reporting.calendar
        self.currency = reporting.rates.currency
        self.now = now
        self.lateness_ms = lateness_ms
        self.in_window = self.facts_by_window()

    def facts_by_window(self) -> dict[Window, list[Fact]]:
        """Put each fact into every window that contains it, today's rolling ones included."""
        found: dict[Window, list[Fact]] = defaultdict(list)
        for fact in self.facts:
            for window in self.calendar.windows_of(fact.at, hourly=self.kpi.is_hourly):
                found[window].append(fact)
        for window in self.calendar.rolling(self.now):
            for either in (window, self.calendar.before(window)):
                inside = [fact for fact in self.facts if either.contains(fact.at)]
                if inside:
                    found[either] = inside
        return dict(found)

    def records(self) -> Iterator[tuple[str, Record]]:
        """Give each record with its key."""
        if self.kpi.measure == "level":
            levels = LevelWindows(self.facts, self.calendar, self.now)
            for window in levels.published(self.in_window):
                previous = {"level": levels.at_end(self.calendar.before(window))}
                yield self.record(window, {"level": levels.at_end(window)}, previous)
            return
        rolling = self.calendar.rolling(self.now)
        for window, facts in self.in_window.items():
            if window.is_rolling and window not in rolling:
                continue
            before = self.in_window.get(self.calendar.before(window), [])
            yield self.record(window, parts_of(self.kpi, facts), parts_of(self.kpi, before))

    def record(self, window: Window, parts: Record, before: Record) -> tuple[str, Record]:
        """Write down one record."""
        value, previous = number_of(self.kpi, parts), number_of(self.kpi, before)
        start = self.calendar.shown(window.start)
        has_ended = self.now >= window.end + self.lateness_ms
        record: Record = {
            "kpi": self.name,
            "scope": dict([self.scope]) if self.scope else {},
            "window": window.kind,
            "start": start,
            "end": self.calendar.shown(window.end),
            "value": written(self.kpi, value, self.currency),
            "unit": f"money:{self.currency}" if self.kpi.unit == "money" else self.kpi.unit,
            "parts": parts,
        }
        if self.kpi.has_percentiles:
            record["percentiles"] = percentiles_of(self.in_window[window])
        record["previous"] = written(self.kpi, previous, self.currency)
        change = change_between(value, previous)
        record["change"] = written(self.kpi, change, self.currency)
        record.update(target=None, attainment=None, expected=None)
        record["final"] = not window.is_rolling and has_ended
        record["as_of"] = self.calendar.shown(min(self.now, window.end))
        scope = "=".join(self.scope) if self.scope else "all"
        return f"{self.name}|{scope}|{window.kind}|{start}", record
