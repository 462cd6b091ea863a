"""A week of a company: its events, the records that follow, and reports of it."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import orjson

from streams.config.settings import Settings
from streams.notify.core.message import ReportMessage
from streams.notify.core.reports.desk import ReportDesk
from streams.notify.core.reports.figures import Figures
from streams.notify.reporting import published
from streams.wiring.catalogue import catalogue
from tests.notify.alerting import rules_of
from tests.output.records import at, records

ZONE = "Europe/Berlin"
# Monday morning; the week that is over has the days up to 31 May.
MONDAY = 1_780_293_600_000
DAY_MS = 86_400_000
KPIS = ("revenue_won", "deal_count", "close_rate", "response_time", "pipeline_amount", "call_count")


def settings() -> Settings:
    """Settings on that Monday."""
    return at("2026-06-01T08:00:00+02:00", timezone=ZONE, currency="EUR")


def events() -> Iterator[dict[str, Any]]:
    """Two weeks: one deal won in the first, two won and one lost in the second."""
    yield deal("d1", "2026-05-20T10:00:00+02:00", "won", "1000.00")
    yield deal("d2", "2026-05-26T10:00:00+02:00", "won", "1500.00")
    yield deal("d3", "2026-05-27T10:00:00+02:00", "won", "700.50")
    yield deal("d4", "2026-05-28T10:00:00+02:00", "lost", "300.00")
    yield deal("d5", "2026-05-13T10:00:00+02:00", "open", "5000.00")
    yield lead("l1", "2026-05-19T10:00:00+02:00")
    yield email("l1", "2026-05-19T12:00:00+02:00")
    yield lead("l2", "2026-05-26T10:00:00+02:00")
    yield email("l2", "2026-05-26T10:20:00+02:00")
    yield {
        "type": "target.set",
        "id": "t1",
        "at": "2026-05-01T00:00:00+02:00",
        "kpi": "revenue_won",
        "scope": {},
        "window": "week",
        "start": "2026-05-25",
        "value": "3000.00",
    }


def deal(name: str, when: str, status: str, amount: str) -> dict[str, Any]:
    """A deal of ann's as it stands from an instant on."""
    return {
        "type": "deal.changed",
        "id": f"{name}-1",
        "at": when,
        "subject": name,
        "deal": name,
        "status": status,
        "amount": amount,
        "currency": "EUR",
        "rep": "ann",
    }


def lead(name: str, when: str) -> dict[str, Any]:
    """A lead of ann's."""
    return {"type": "lead.created", "id": name, "at": when, "subject": name, "rep": "ann"}


def email(lead: str, when: str) -> dict[str, Any]:
    """An email of ann's to a lead."""
    name = f"mail-{lead}"
    made = {"type": "email.sent", "id": name, "at": when, "subject": lead}
    return {**made, "rep": "ann", "email": name, "links": 0, "automated": False}


@cache
def week_records() -> Mapping[str, bytes]:
    """The records of both weeks, by key."""
    return dict(records(map(orjson.dumps, events()), settings()))


def report(more: str) -> ReportMessage:
    """The report of that Monday, by a rule with `more` in it, as its first recipient gets it."""
    rule = f'[[notify.report]]\nname = "Monday numbers"\nslack_url_file = "f"\n{more}\n'
    if "every" not in more:
        rule += 'every = { day = "monday", at = "08:00" }\n'
    desk = ReportDesk(rules_of(rule), published(catalogue(settings())))
    desk.begin(MONDAY - DAY_MS)
    (due,) = desk.due(MONDAY)
    figures = Figures(desk.asked(due))
    for key, record in week_records().items():
        figures.update(key, record)
    (outbox,) = desk.compose(due, figures, MONDAY)
    assert outbox.message is not None
    return outbox.message


def plain(text: str) -> str:
    """A text without the signs that keep numbers together and in their direction."""
    return text.translate({0xA0: " ", 0x202F: " ", 0x200E: None})
