"""An example of every kind of alert, computed from events."""

from collections.abc import Iterator
from typing import Any

import orjson

from streams.config.settings import Settings, instant
from streams.operations.replay import replay_alerts

NOW = "2026-03-20T12:00:00+01:00"
ZONE = "Europe/Berlin"


def alert_examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give one alert of every kind, by kind."""
    settings = Settings(now=instant(NOW, "now"), timezone=ZONE)
    for line in replay_alerts([orjson.dumps(event) for event in _story()], settings):
        alert = orjson.loads(line)
        yield alert["kind"], alert


def _story() -> Iterator[dict[str, Any]]:
    """Give the events of leads, deals and invoices that were neglected in a quarter."""

    def event(kind: str, at: str, subject: str, /, **fields: object) -> dict[str, Any]:
        name = f"{kind}-{at}"
        return {"type": kind, "id": name, "at": f"2026-{at}+01:00", "subject": subject, **fields}

    money = {"amount": "1200.00", "currency": "EUR"}
    call = {"rep": "ann", "direction": "outbound", "outcome": "no_answer"}
    yield event("lead.created", "03-19T09:00:00", "lead-1", rep="ann", channel="web")
    yield event("lead.created", "03-16T09:00:00", "lead-2", rep="ann")
    yield event("call.ended", "03-16T09:20:00", "lead-2", **call)
    yield event("deal.changed", "02-10T10:00:00", "lead-3", deal="deal-7", rep="bob", **money)
    yield event(
        "deal.changed",
        "03-10T10:00:00",
        "deal-8",
        deal="deal-8",
        rep="bob",
        expected_close="2026-03-13",
        **money,
    )
    due = {"invoice": "invoice-9", "due": "2026-03-13", "rep": "ann"}
    yield event("invoice.issued", "02-13T10:00:00", "acme", **due, **money)
    yield event(
        "ticket.opened", "03-18T10:00:00", "acme", ticket="ticket-4", kind="closing_request"
    )
    for number, day in enumerate(("02-02", "02-16", "03-02"), 1):
        order = {"order": f"order-{number}", "product": "starter", **money}
        yield event("order.placed", f"{day}T10:00:00", "acme", **order)
    plan = {"kpi": "revenue_won", "scope": {"rep": "ann"}, "window": "month", "value": "10000.00"}
    yield event("target.set", "01-01T00:00:00", "", **plan)
