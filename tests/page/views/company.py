"""A small company as the page sees it: records and alerts that follow from events."""

from collections.abc import Iterator
from datetime import date, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from streams.config.rules import Rules, read
from streams.config.settings import Settings, instant
from streams.operations.replay import replay, replay_alerts
from streams.output.keys import ALL
from streams.page.access.viewer import EVERYTHING, Viewer
from streams.page.choice import Choice
from streams.page.live.store import Store
from streams.page.live.topics import AlertView, CatalogueView, KpiView
from streams.page.views import render
from streams.page.visible import KeyedRecord, PastSource, Visible
from streams.wiring.catalogue import catalogue
from streams.wiring.describe import entries, in_force
from tests.output.records import key

LINKS = {"acme:lead": "https://crm.example.com/leads/{id}"}
ZONE = "Europe/Berlin"
NOW = "2026-03-04T15:00:00+01:00"
VIEWS = ("today", "pipeline", "people", "marketing", "money", "alerts")
MARKUP = '<script>alert("x")</script>'


def settings() -> Settings:
    """The settings of the company, its clock fixed."""
    return Settings(now=instant(NOW, "now"), timezone=ZONE, currency="EUR")


def event(kind: str, at: str, subject: str = "", **fields: Any) -> dict[str, Any]:
    """An event or a reference record; its id is made of what it says."""
    made = {"type": kind, "at": at, **fields, "id": f"{kind}-{subject}-{at}-{len(fields)}"}
    return {**made, "subject": subject} if subject else made


def events() -> Iterator[dict[str, Any]]:
    """Eight leads of two reps in two days, their deals and invoices, spend and targets."""
    start = "2026-01-01T00:00:00+01:00"
    for rep, team in (("ann", "north"), ("bob", "south")):
        yield event("rep.set", start, rep=rep, team=team)
    for kpi, scope, value in (
        ("revenue_won", {}, "9000"),
        ("revenue_won", {"rep": "ann"}, "5000"),
        ("response_within_hour", {}, "0.9"),
    ):
        yield {
            **event("target.set", start, kpi=kpi, scope=scope, window="month", value=value),
            "id": f"target-{kpi}-{len(scope)}",
        }
    yield event(
        "spend.recorded",
        "2026-03-03T08:00:00+01:00",
        amount="400.00",
        currency="EUR",
        channel="web",
        media="paid",
        campaign="spring",
    )
    for number in range(8):
        yield from _lead(number)
    issued = "2026-01-20T09:00:00+01:00"
    bill = {"invoice": "inv-1", "rep": "ann", "amount": "700.00", "currency": "EUR"}
    yield event("invoice.issued", issued, "acme", **bill, due="2026-02-01")


def _lead(number: int) -> Iterator[dict[str, Any]]:
    lead, day = f"acme:lead:{number}", "2026-03-04" if number % 2 else "2026-03-03"
    rep = "ann" if number < 5 else "bob"
    channel = "partner" if number == 3 else "web"
    source = {"channel": channel, "campaign": "spring", "media": "paid"}
    if number == 3:
        source["partner"] = "Partner A"
    yield event("lead.created", f"{day}T09:00:00+01:00", lead, rep=rep, **source)
    if number == 7:  # Nobody calls this one.
        return
    call = {"rep": rep, "direction": "outbound", "outcome": "connected", "seconds": 90}
    hours, minutes = divmod(10 + number * 9, 60)
    yield event("call.ended", f"{day}T{9 + hours:02}:{minutes:02}:00+01:00", lead, **call)
    deal = {"deal": f"deal-{number}", "rep": rep, "amount": f"{1200 + number * 100}.00"}
    opened = {**deal, "currency": "EUR", "stage": "proposal", "probability": 0.5}
    yield event("deal.changed", f"{day}T10:00:00+01:00", lead, **opened, status="open")
    if number < 4:
        status = "lost" if number == 2 else "won"
        closed = {"deal": f"deal-{number}", "status": status, "reason": "price"}
        yield event("deal.changed", f"{day}T14:00:00+01:00", lead, **closed)


@cache
def rules() -> Rules:
    """The rules in force: none but the defaults."""
    return read(None)


@cache
def published(marked: bool = False) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Records and alerts by key; `marked` names the first rep as an attacker would."""
    lines = [orjson.dumps(each) for each in events()]
    if marked:
        lines = [line.replace(b'"ann"', orjson.dumps(MARKUP)) for line in lines]
    records = {key(record): record for record in replay(lines, settings(), rules=rules())}
    alerts = {}
    for alert in replay_alerts(lines, settings(), rules=rules()):
        fields = orjson.loads(alert)
        alerts[f"{fields['kind']}|{fields['subject']}"] = alert
    return records, alerts


@cache
def store(kind: str = "full") -> Store:
    """A store of the company that nobody changes."""
    return new_store(kind)


def new_store(kind: str) -> Store:
    """A store of the company: `full`, `marked`, or `empty` before its first event."""
    made = Store()
    kpis, alerts, entries_view = KpiView(made), AlertView(made), CatalogueView(made)
    for name, entry in entries(catalogue(settings(), rules())).items():
        entries_view.update(name, orjson.dumps(entry))
    entries_view.update("settings", orjson.dumps(in_force(settings(), rules())))
    if kind != "empty":
        found_records, found_alerts = published(marked=kind == "marked")
        for name, record in found_records.items():
            kpis.update(name, record)
        for name, alert in found_alerts.items():
            alerts.update(name, alert)
    return made


def past_page(view: str, day: date, *, is_begun_later: bool = False) -> str:
    """Render a page as a day ended, from what the records were then.

    A history that `is_begun_later` has only those of days with a fact.
    """
    end = datetime.combine(day, time(23, 59, 59), ZoneInfo(ZONE))
    then = Settings(now=int(end.timestamp() * 1_000), timezone=ZONE, currency="EUR")
    lines = [orjson.dumps(each) for each in events()]
    found = [KeyedRecord(key(record), record) for record in replay(lines, then, rules=rules())]
    if is_begun_later:
        found = [each for each in found if _is_day_with_a_fact(each)]
    visible = Visible(store(), EVERYTHING, PastSource(found))
    shown = {"kpis": visible.kpis(), "settings": visible.settings()}
    return render(Choice(view=view, as_of=day), visible, shown, end, LINKS)


def _is_day_with_a_fact(found: KeyedRecord) -> bool:
    record = orjson.loads(found.record)
    return bool(record["window"] == "day" and record["final"])


def page(
    view: str = "today", kind: str = "full", viewer: Viewer = EVERYTHING, **choices: Any
) -> str:
    """Render a page of the company."""
    choice = Choice(view=view, **{"scope": ALL, **choices})
    visible = Visible(store(kind), viewer)
    shown = {"kpis": visible.kpis(), "settings": visible.settings()}
    now = datetime.fromisoformat(NOW).astimezone(ZoneInfo(ZONE))
    return render(choice, visible, shown, now, LINKS)
