"""From all events to all records: which windows are published, and what each record holds."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.oracle.entities.accounts import Accounts
from tests.oracle.entities.activities import activity_facts
from tests.oracle.entities.deals import deal_facts
from tests.oracle.entities.efforts import effort_facts
from tests.oracle.entities.facts import (
    Definitions,
    Fact,
    Ladder,
    Level,
    Reporting,
)
from tests.oracle.entities.invoices import invoice_facts
from tests.oracle.entities.journeys import Journey, journey
from tests.oracle.entities.leads import lead_facts
from tests.oracle.entities.orders import order_facts
from tests.oracle.entities.pipeline import pipeline_facts
from tests.oracle.entities.quotes import quote_facts
from tests.oracle.entities.spending import spending_facts
from tests.oracle.entities.stages import stage_facts
from tests.oracle.entities.tickets import ticket_facts
from tests.oracle.entities.worth import worth_facts
from tests.oracle.formulas.book import Book, Scope
from tests.oracle.formulas.catalogue import KPIS, Kpi
from tests.oracle.formulas.company import Company
from tests.oracle.formulas.forecasts import Prospect
from tests.oracle.formulas.organisation import Organisation
from tests.oracle.formulas.targets import Targets
from tests.oracle.formulas.values import (
    Number,
    change_between,
    written,
)
from tests.oracle.history.events import (
    ACCOUNT_TYPES,
    SALES_TYPES,
    Event,
    known_at,
    read,
    subjects,
)
from tests.oracle.history.money import Rates
from tests.oracle.history.reference import patched, standing
from tests.oracle.history.tombstones import Tombstones
from tests.oracle.history.windows import Calendar, Window
from tests.oracle.publishing.planning import (
    PLAN_FIELDS,
    RANKED,
    Plan,
    rank,
)

DAY_MS = 86_400_000
OF_SUBJECTS = (
    *(lead_facts, effort_facts, activity_facts, deal_facts),
    *(stage_facts, pipeline_facts, quote_facts),
)
OF_ACCOUNTS = (invoice_facts, worth_facts, order_facts, ticket_facts)
Record = dict[str, Any]


def records(events: Sequence[Mapping[str, Any]], **options: Any) -> dict[str, Record]:
    """Compute every record at once, by its key; the options are those of `published`."""
    return dict(published(events, **options))


def published(
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
    stages: Sequence[str] = (),
    forecast_floor: int = 20,
    fiscal_calendar: str = "months",
    definitions: Mapping[str, str] | None = None,
    pipelines: Mapping[str, Mapping[str, Any]] | None = None,
) -> Iterator[tuple[str, Record]]:
    """Compute each record that `sales.kpis` holds at the instant `now`, with its key.

    The events may come in any order and more than once. Reference records that are not valid are
    ignored; all other events are valid. Times are milliseconds since the epoch. Each of
    `pipelines` has `stages` and `probability`. Records have neither `revision` nor `updated_at`.
    """
    known = known_at(map(read, events), now)
    reporting = Reporting(
        Calendar(timezone, week_start, fiscal_start, fiscal_calendar),
        Rates(currency, standing(known, "rate.set", ("currency", "date"))),
        stale_days * DAY_MS,
        Accounts(known, Tombstones(known, of_accounts=True)),
        ladder(stages, stage_probability or {}),
        {name: ladder(it["stages"], it["probability"]) for name, it in (pipelines or {}).items()},
        Definitions(**(definitions or {})),
    )
    company = company_of(known, reporting, now, forecast_floor)
    yield from Publication(company, lateness_ms).records()


def ladder(stages: Sequence[str], probability: Mapping[str, str]) -> Ladder:
    """The stages of a pipeline by their settings."""
    return Ladder(stages, {stage: Fraction(text) for stage, text in probability.items()})


def company_of(events: list[Event], reporting: Reporting, now: int, forecast_floor: int) -> Company:
    """Compute all KPIs from all events."""
    calendar = reporting.calendar
    organisation = Organisation(
        patched(events, "rep.set", "rep"),
        is_of_then=reporting.definitions.organisation == "event",
    )
    sales = subjects(events, SALES_TYPES, Tombstones(events, of_accounts=False).owner)
    accounts = subjects(events, ACCOUNT_TYPES, reporting.accounts.tombstones.owner)
    journeys = [journey(history, reporting.definitions) for history in sales.values()]
    spends = standing(events, "spend.recorded", ("id",))
    book = Book(all_facts(journeys, accounts, spends, reporting), organisation, calendar, now)
    deals = [deal for one in journeys for deal in one.deals]
    targets = standing(events, "target.set", ("kpi", "scope", "window", "start"))
    return Company(
        book,
        Prospect(deals, book, reporting, forecast_floor),
        Targets(targets, calendar, now),
        reporting.rates.currency,
    )


def all_facts(
    journeys: Iterable[Journey],
    accounts: Mapping[str, Sequence[Event]],
    spends: Iterable[Event],
    reporting: Reporting,
) -> Iterator[Fact | Level]:
    """List every contribution of every subject."""
    for of_subject in journeys:
        for list_facts in OF_SUBJECTS:
            yield from list_facts(of_subject, reporting)
    for account, history in accounts.items():
        for list_account_facts in OF_ACCOUNTS:
            yield from list_account_facts(account, history, reporting)
    yield from spending_facts(spends, reporting)


class Publication:
    """The records of a company."""

    def __init__(self, company: Company, lateness_ms: int) -> None:
        """Records are final once the lateness has passed since their window's end."""
        self.company = company
        self.calendar = company.book.calendar
        self.now = company.book.now
        self.currency = company.currency
        self.lateness_ms = lateness_ms

    def records(self) -> Iterator[tuple[str, Record]]:
        """Compute each record with its key."""
        for name in KPIS:
            siblings: dict[tuple[str, Window], list[Number]] = {}
            for scope in self.company.scopes(name):
                for window in self.company.windows_of(name, scope):
                    record = self.record(name, scope, window)
                    record["rank"] = self.rank(name, scope, window, siblings)
                    key = "=".join(scope) if scope else "all"
                    yield f"{name}|{key}|{window.kind}|{record['start']}", record

    def rank(
        self,
        name: str,
        scope: Scope,
        window: Window,
        siblings: dict[tuple[str, Window], list[Number]],
    ) -> int | None:
        """The rank of a record; `siblings` are filled as they are needed."""
        if scope is None or scope[0] not in RANKED:
            return None
        place = scope[0], window
        if place not in siblings:
            siblings[place] = [*self.company.siblings(name, *place).values()]
        return rank(name, self.company.of(name, scope).number(window), siblings[place])

    def record(self, name: str, scope: Scope, window: Window) -> Record:
        """One record, without its rank."""
        kpi = KPIS[name]
        series = self.company.of(name, scope)
        value = series.number(window)
        record: Record = {
            "kpi": name,
            "scope": dict([scope]) if scope else {},
            "window": window.kind,
            "start": self.calendar.shown(window.start),
            "end": self.calendar.shown(window.end),
            "value": written(kpi, value, self.currency),
            "unit": kpi.unit.replace("money", f"money:{self.currency}"),
            "parts": series.parts(window),
        }
        percentiles = series.percentiles(window)
        if percentiles is not None:
            record["percentiles"] = percentiles
        before = self.calendar.before(window)
        record.update(self.compared(kpi, value, series.number(before), ""))
        part = self.calendar.to_date(window, self.now)
        to_date = None if part is None else series.number(part)
        record.update(self.compared(kpi, value, to_date, "_to_date"))
        record.update(self.plan(name, scope, window, value))
        record["final"] = not window.is_rolling and self.now >= window.end + self.lateness_ms
        record["as_of"] = self.calendar.shown(min(self.now, window.end))
        return record

    def compared(
        self, kpi: Kpi, value: Number | None, previous: Number | None, suffix: str
    ) -> Record:
        """The fields that compare a value with one of before."""
        change = change_between(value, previous)
        return {
            f"previous{suffix}": written(kpi, previous, self.currency),
            f"change{suffix}": written(kpi, change, self.currency),
        }

    def plan(self, name: str, scope: Scope, window: Window, value: Number | None) -> dict[str, Any]:
        """The fields on the target; all are null where there is none."""
        target = self.company.targets.target(name, scope, window)
        if target is None:
            return dict.fromkeys(PLAN_FIELDS)
        elapsed = Fraction(min(self.now, window.end) - window.start, window.end - window.start)
        return Plan(name, target, value, elapsed, self.currency).fields()
