"""Examples of events and KPI records, computed from the code."""

from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec
import orjson

from streams.config.rules import parse
from streams.config.rules.table import read_table
from streams.config.settings import Settings, instant
from streams.events import (
    EVENT_TYPES,
    Common,
    RateSet,
)
from streams.operations.replay import replay
from streams.wiring.catalogue import catalogue

NOW = "2026-03-04T12:00:00+01:00"
ZONE = "Europe/Berlin"
# The value of each field in an example; any other field has its first allowed value.
SAMPLES: dict[str, object] = {
    "account": "acme",
    "amount": "1200.00",
    "asset": "price-list",
    "at": "2026-03-04T09:15:00+01:00",
    "automated": False,
    "campaign": "spring",
    "channel": "web",
    "cold": False,
    "currency": "EUR",
    "custom": {"region": "north"},
    "date": "2026-03-04",
    "deal": "deal-7",
    "department": "field",
    "due": "2026-04-03",
    "email": "mail-3",
    "expected_close": "2026-03-31",
    "hours": "1.5",
    "id": "crm-1042",
    "into": "lead-7",
    "invoice": "invoice-9",
    "kpi": "revenue_won",
    "links": 1,
    "order": "order-5",
    "outreach": 40,
    "partner": "north",
    "pipeline": "new-business",
    "potential": "50000.00",
    "probability": 0.4,
    "product": "starter",
    "promised": "2026-03-20",
    "quote": "quote-2",
    "rate": "0.9187",
    "reason": "price",
    "rep": "ann",
    "responses": 6,
    "scope": {"rep": "ann"},
    "seconds": 185,
    "segment": "retail",
    "seq": 1,
    "source": "crm",
    "stage": "proposal",
    "start": "2026-03-01",
    "subject": "lead-1",
    "team": "south",
    "ticket": "ticket-4",
    "timezone": "Europe/Berlin",
    "unit": "europe",
    "value": "100000.00",
    "window": "month",
    "unmet_demand": "on-premises",
}
# Commission has records only under rules.
RULES = """
[[commission]]
name = "Month in steps"
kpi = "revenue_won"
window = "month"
tiers = [{ from = 0, rate = "0.05" }, { from = 1000, rate = "0.08" }]
accelerators = [{ from = 1, times = "1.5" }]
cap = 5000
"""
ACCOUNTS = ("crm.order", "crm.invoice", "crm.ticket")


def event_example(kind: type[Common]) -> dict[str, Any]:
    """Give one event of a type with every field it can have."""
    event: dict[str, Any] = {"type": kind.__struct_config__.tag}
    for field in msgspec.structs.fields(kind):
        name = field.encode_name
        event[name] = SAMPLES[name] if name in SAMPLES else _allowed_values(field.type)[0]
    if kind.topic in ACCOUNTS:
        event["subject"] = SAMPLES["account"]
    if kind is RateSet:
        event["currency"] = "CHF"
    return event


def event_examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give one event of every type, by type."""
    for kind in EVENT_TYPES:
        yield str(kind.__struct_config__.tag), event_example(kind)


def record_examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give one record of every KPI, of a month, by KPI.

    For the grand total, or for one value where the KPI has no total.
    """
    for_all = {kpi.name for kpi in catalogue(Settings()).published if "all" in kpi.published_scopes}
    seen: set[str] = set()
    settings = Settings(
        now=instant(NOW, "now"), timezone=ZONE, stage_probability={"proposal": "0.4"}
    )
    rules = parse(read_table(RULES, "rules.toml"))
    lines = [orjson.dumps(event) for event in _story()]
    for line in replay(lines, settings, rules=rules):
        record = orjson.loads(line)
        name = record["kpi"]
        is_wanted = not record["scope"] if name in for_all else name not in seen
        if record["window"] == "month" and is_wanted:
            seen.add(name)
            yield name, record


def _story() -> Iterator[dict[str, Any]]:
    """Give the events of a few days of sales: leads, calls, emails, deals, invoices."""
    by_type = dict(event_examples())

    def event(kind: str, at: str, /, **fields: object) -> dict[str, Any]:
        return {**by_type[kind], "id": f"{kind}-{at}", "at": f"2026-{at}+01:00", **fields}

    yield event("rep.set", "03-01T00:00:00")
    yield event("target.set", "03-01T00:00:00", scope={})
    yield event("deal.changed", "01-20T10:00:00", subject="deal-6", deal="deal-6", status="open")
    yield event("lead.created", "03-02T09:00:00")
    yield event("call.ended", "03-02T09:24:10", cold=True)
    yield event("email.sent", "03-02T10:00:00")
    yield event("email.clicked", "03-02T10:30:00")
    yield event("lead.qualified", "03-02T11:00:00")
    yield event("lead.handed_over", "03-02T12:00:00")
    yield event("deal.changed", "03-02T12:30:00", status="open")
    yield event("deal.changed", "03-03T16:00:00", status="won", stage="contract")
    yield event("lead.created", "03-03T09:00:00", subject="lead-2")
    yield event("deal.changed", "03-03T10:00:00", subject="lead-2", deal="deal-8", status="open")
    yield event("deal.changed", "03-04T10:00:00", subject="lead-2", deal="deal-8", status="lost")
    yield event(
        "deal.changed",
        "03-04T10:00:00",
        subject="deal-9",
        deal="deal-9",
        status="open",
        expected_close="2026-03-03",
    )
    yield event("invoice.issued", "03-02T08:00:00", due="2026-03-02")
    yield event("invoice.paid", "03-03T08:00:00", amount="1200.00")
    yield event("invoice.issued", "03-03T08:00:00", invoice="invoice-10", due="2026-03-03")
    yield event(
        "deal.changed",
        "03-03T16:00:00",
        subject="deal-11",
        deal="deal-11",
        status="won",
        currency="USD",
    )
    yield from _other_events(event)


def _other_events(event: Callable[..., dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give the other events: spend, activities, quotes, orders, tickets."""
    yield event("spend.recorded", "03-01T09:00:00", amount="300.00")
    yield event("activity.logged", "03-02T14:00:00", kind="meeting")
    yield event("activity.logged", "03-02T15:00:00", kind="presentation")
    yield event("activity.logged", "03-02T16:00:00", kind="collateral")
    yield event("activity.logged", "03-02T17:00:00", kind="social", subject="rep:ann")
    yield event("activity.logged", "03-02T18:00:00", kind="prospecting", subject="rep:ann")
    yield event("quote.sent", "03-02T12:00:00")
    yield event("quote.ordered", "03-03T12:00:00")
    yield event("quote.sent", "03-02T13:00:00", quote="quote-3", subject="lead-2")
    yield event("quote.rejected", "03-03T13:00:00", quote="quote-3", subject="lead-2")
    yield event("account.set", "03-01T00:00:00")
    yield event("order.placed", "02-10T12:00:00", order="order-4")
    yield event("order.placed", "03-03T12:00:00", promised="2026-03-04")
    yield event("order.delivered", "03-04T10:00:00")
    yield event("ticket.opened", "03-03T11:00:00")
    yield event("ticket.opened", "03-04T11:00:00", ticket="ticket-5", kind="contract_question")


def _allowed_values(kind: Any) -> tuple[Any, ...]:
    """Give the values that a field may have; none if it may have any."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    for inner in get_args(kind):
        if allowed := _allowed_values(inner):
            return allowed
    return ()
