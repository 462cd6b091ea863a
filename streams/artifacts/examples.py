"""Examples of KPI records, computed from events."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import orjson

from streams.config.rules import parse
from streams.config.rules.table import read_table
from streams.config.settings import Settings, instant
from streams.events.formats.examples import event_examples
from streams.operations.replay import replay
from streams.wiring.catalogue import catalogue

NOW = "2026-03-04T12:00:00+01:00"
ZONE = "Europe/Berlin"
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


def record_examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give one record of every KPI, of a month, by KPI.

    For the grand total, or for one value where the KPI has no total. The records are the caller's.
    """
    for name, line in _examples().items():
        yield name, orjson.loads(line)


@cache
def _examples() -> Mapping[str, bytes]:
    """Compute them once: several documents of one run have them."""
    for_all = {kpi.name for kpi in catalogue(Settings()).published if "all" in kpi.published_scopes}
    found: dict[str, bytes] = {}
    settings = Settings(
        now=instant(NOW, "now"), timezone=ZONE, stage_probability={"proposal": "0.4"}
    )
    rules = parse(read_table(RULES, "rules.toml"))
    lines = [orjson.dumps(event) for event in _story()]
    for line in replay(lines, settings, rules=rules):
        record = orjson.loads(line)
        name = record["kpi"]
        is_wanted = not record["scope"] if name in for_all else name not in found
        if record["window"] == "month" and is_wanted:
            found[name] = line
    return found


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
