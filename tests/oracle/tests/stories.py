"""Telling small histories in the oracle's own tests."""

from typing import Any

from tests.oracle.history.events import milliseconds
from tests.oracle.publishing.records import Record, records

NOW = "2026-03-20T12:00:00Z"


def event(kind: str, subject: str, at: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """Make one event; its id says what it is, so that a repeated one is the same event."""
    content = fields or {}
    name = "/".join([kind, at, *(str(value) for value in content.values())])
    return {"id": name, "type": kind, "at": at, "subject": subject, **content}


def lead(at: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """Create lead-1."""
    return event("lead.created", "lead-1", at, fields)


def call(at: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call lead-1: ann does, and gets through, unless said otherwise."""
    usual = {"rep": "ann", "direction": "outbound", "outcome": "connected"}
    return event("call.ended", "lead-1", at, usual | (fields or {}))


def deal(at: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Change a deal of lead-1: `d1` unless said otherwise."""
    return event("deal.changed", "lead-1", at, {"deal": "d1"} | fields)


def activity(at: str, kind: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """Let ann do something for lead-1."""
    return event("activity.logged", "lead-1", at, {"rep": "ann", "kind": kind} | (fields or {}))


def account(at: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Say what is known of acme."""
    return {"id": at, "type": "account.set", "at": at, "account": "acme"} | fields


def issued(at: str, amount: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """Invoice acme, in euros unless said otherwise; each time is another invoice."""
    usual = {"invoice": at, "amount": amount, "currency": "EUR", "due": "2026-12-31"}
    return event("invoice.issued", "acme", at, usual | (fields or {}))


def rep(name: str, team: str, at: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    """Put a rep into a team."""
    return {"id": f"{name}/{team}", "type": "rep.set", "at": at, "rep": name, "team": team}


def target(
    kpi: str, window: str, value: str, start: str | None = None, **scope: str
) -> dict[str, Any]:
    """Set a target, for one scope or for all."""
    fields: dict[str, Any] = {"kpi": kpi, "scope": scope, "window": window, "value": value}
    if start:
        fields["start"] = start
    name = "/".join([kpi, *scope.values(), window, start or "", value])
    return {"id": name, "type": "target.set", "at": "2026-01-01T00:00:00Z", **fields}


def spend(at: str, amount: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """Spend euros on marketing."""
    spent = {"id": at, "type": "spend.recorded", "at": at, "amount": amount, "currency": "EUR"}
    return spent | (fields or {})


def rate(currency: str, date: str, value: str) -> dict[str, Any]:
    """Set a rate from a date on."""
    fields = {"currency": currency, "date": date, "rate": value}
    return {"id": f"{currency}/{date}", "type": "rate.set", "at": f"{date}T00:00:00Z"} | fields


def reported(events: list[dict[str, Any]], now: str = NOW) -> dict[str, Record]:
    """Compute the records in UTC and euros."""
    return records(events, now=milliseconds(now))


def values(found: dict[str, Record], start: str) -> dict[str, Any]:
    """Pick the values of the records whose key begins so; the rest of the key names them."""
    return {
        key.removeprefix(start): record["value"]
        for key, record in found.items()
        if key.startswith(start)
    }
