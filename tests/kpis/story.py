"""Telling a small sales story and asking what the KPIs say about it.

The year is 2026. A time is written `03-10 09:00` (UTC, seconds if wanted) or as a whole
RFC 3339 text. The same event told twice is one event, as on the wire: its id is what it says.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from streams.config.settings import Settings
from streams.engine.calendars.calendar import milliseconds
from streams.operations.replay import replay

NOW = "03-20 12:00"
Said = dict[str, Any]
Record = Mapping[str, Any]
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def moment(text: str) -> str:
    """Write a time out in full."""
    return text if "T" in text else f"2026-{text.replace(' ', 'T')}{':00' * (text.count(':') < 2)}Z"


def instant(text: str) -> int:
    """Give a time in milliseconds since the epoch."""
    return milliseconds(datetime.fromisoformat(moment(text)))


def said(kind: str, at: str, /, **fields: Any) -> Said:
    """Make any event or reference record."""
    name = "/".join([kind, at, *(str(value) for value in fields.values())])
    return {"id": name, "type": kind, "at": moment(at), **fields}


def lead(at: str, subject: str = "lead-1", **fields: Any) -> Said:
    """A lead comes in."""
    return said("lead.created", at, subject=subject, **fields)


def call(at: str, subject: str = "lead-1", **fields: Any) -> Said:
    """Ann calls the lead and gets through, unless told otherwise."""
    usual = {"rep": "ann", "direction": "outbound", "outcome": "connected"}
    return said("call.ended", at, subject=subject, **(usual | fields))


def calls(number: int, day: str, **fields: Any) -> list[Said]:
    """So many calls on one day, one a minute from midnight on."""
    return [call(f"{day} {n // 60:02}:{n % 60:02}", **fields) for n in range(number)]


def email(at: str, name: str = "mail-1", subject: str = "lead-1", **fields: Any) -> Said:
    """Ann sends the lead an email without links, unless told otherwise."""
    usual = {"rep": "ann", "email": name, "links": 0}
    return said("email.sent", at, subject=subject, **(usual | fields))


def click(at: str, name: str = "mail-1", subject: str = "lead-1") -> Said:
    """The lead follows a link in an email."""
    return said("email.clicked", at, subject=subject, email=name)


def deal(at: str, name: str = "deal-1", subject: str = "lead-1", **fields: Any) -> Said:
    """A deal of the lead changes; an amount is in euros, unless told otherwise."""
    usual = {"currency": "EUR"} if "amount" in fields else {}
    return said("deal.changed", at, subject=subject, deal=name, **(usual | fields))


def won(at: str, name: str = "deal-1", amount: str = "100", **fields: Any) -> Said:
    """A deal is won in its first event."""
    return deal(at, name, status="won", amount=amount, **fields)


def lost(at: str, name: str = "deal-1", amount: str = "100", **fields: Any) -> Said:
    """A deal is lost in its first event."""
    return deal(at, name, status="lost", amount=amount, **fields)


def deleted(at: str, name: str = "deal-1", subject: str = "lead-1") -> Said:
    """A deal is deleted."""
    return said("deal.deleted", at, subject=subject, deal=name)


def invoice(at: str, amount: str, due: str, name: str = "invoice-1", **fields: Any) -> Said:
    """The account `acme` is sent an invoice in euros, due on a date such as `03-31`."""
    usual = {"subject": "acme", "currency": "EUR", "due": f"2026-{due}"}
    return said("invoice.issued", at, invoice=name, amount=amount, **(usual | fields))


def paid(at: str, amount: str, name: str = "invoice-1", **fields: Any) -> Said:
    """Money comes in for an invoice of `acme`."""
    usual = {"subject": "acme", "currency": "EUR"}
    return said("invoice.paid", at, invoice=name, amount=amount, **(usual | fields))


def credited(at: str, amount: str, name: str = "invoice-1") -> Said:
    """An invoice of `acme` is credited."""
    return paid(at, amount, name) | {"type": "invoice.credited", "id": f"credit/{at}/{amount}"}


def activity(at: str, kind: str, subject: str = "lead-1", **fields: Any) -> Said:
    """Ann does something for the lead other than calling or writing."""
    return said("activity.logged", at, subject=subject, kind=kind, **({"rep": "ann"} | fields))


def quoted(at: str, name: str = "quote-1", what: str = "sent", **fields: Any) -> Said:
    """A quote of the lead is `sent`, `ordered` or `rejected`."""
    return said(f"quote.{what}", at, quote=name, **({"subject": "lead-1"} | fields))


def ordered(at: str, name: str = "order-1", **fields: Any) -> Said:
    """The account `acme` orders for 100 euros."""
    usual = {"subject": "acme", "amount": "100", "currency": "EUR"}
    return said("order.placed", at, order=name, **(usual | fields))


def delivered(at: str, name: str = "order-1", what: str = "delivered") -> Said:
    """An order of `acme` is `delivered` or `cancelled`."""
    return said(f"order.{what}", at, subject="acme", order=name)


def ticket(at: str, kind: str, name: str = "ticket-1", **fields: Any) -> Said:
    """The account `acme` asks for something."""
    return said("ticket.opened", at, ticket=name, kind=kind, **({"subject": "acme"} | fields))


def account(name: str = "acme", at: str = "01-01 00:00", **fields: Any) -> Said:
    """What is known of an account."""
    return said("account.set", at, account=name, **fields)


def spent(at: str, amount: str, **fields: Any) -> Said:
    """Euros are spent on marketing."""
    return said("spend.recorded", at, amount=amount, **({"currency": "EUR"} | fields))


def target(kpi: str, value: str, window: str = "month", **fields: Any) -> Said:
    """A KPI is to come to a value in all windows of a kind, or in one that `start` names."""
    usual = {"at": "01-01 00:00", "scope": {}}
    given = usual | fields
    return said("target.set", given.pop("at"), kpi=kpi, window=window, value=value, **given)


def member(rep: str, at: str = "01-01 00:00", **groups: str) -> Said:
    """A rep's place in the organisation: team, department, unit."""
    return said("rep.set", at, rep=rep, **groups)


def rate(currency: str, day: str, worth: str, at: str = "01-01 00:00") -> Said:
    """What one unit of a currency was worth in the reporting currency from a day on."""
    return said("rate.set", at, currency=currency, date=f"2026-{day}", rate=worth)


class Told:
    """What the KPIs say: records by KPI, scope, window and the first characters of its start.

    The scope is `all` or `dimension=value`. Without a start, a window is the one that holds
    now. `told["deal_count", "rep=ann", "day", "2026-03-10"]` is a value.
    """

    def __init__(self, records: list[Record], now: int) -> None:
        """Take the records published at an instant."""
        self.records = records
        self.now = now

    def record(
        self, kpi: str, scope: str = "all", window: str = "month", start: str = ""
    ) -> Record | None:
        """Give the one record, or None if it is not published."""
        found = [
            record
            for record in self.records
            if (record["kpi"], named(record["scope"]), record["window"]) == (kpi, scope, window)
            and (record["start"].startswith(start) if start else self._is_running(record))
        ]
        assert len(found) <= 1, f"{len(found)} records where one was meant: {found}"
        return found[0] if found else None

    def __getitem__(self, picked: str | tuple[str, ...]) -> Any:
        """Give a value; a record that is not published is a KeyError."""
        return self._found(picked)["value"]

    def parts(self, *picked: str) -> Any:
        """Give the exact integers that a value is made of; counts without their wrapping."""
        parts = self._found(picked)["parts"]
        return parts.get("counts", parts)

    def __contains__(self, picked: str | tuple[str, ...]) -> bool:
        """Tell whether a record is published."""
        return self.record(*((picked,) if isinstance(picked, str) else picked)) is not None

    def scopes(self, kpi: str, window: str = "month") -> set[str]:
        """Name the scopes in which a KPI is published."""
        return {
            named(record["scope"])
            for record in self.records
            if (record["kpi"], record["window"]) == (kpi, window)
        }

    def _found(self, picked: str | tuple[str, ...]) -> Record:
        record = self.record(*((picked,) if isinstance(picked, str) else picked))
        if record is None:
            raise KeyError(picked)
        return record

    def _is_running(self, record: Record) -> bool:
        start, end = (instant(record[field]) for field in ("start", "end"))
        return start <= self.now < end


def named(scope: Mapping[str, str]) -> str:
    """Write a scope as its key does."""
    return "=".join(next(iter(scope.items()))) if scope else "all"


def told(*events: Said, now: str = NOW, **options: Any) -> Told:
    """Replay the events as of an instant, under any settings, in UTC and euros by default."""
    settings = Settings(now=instant(now), **options)
    lines = [json.dumps(event).encode() for event in events]
    return Told([json.loads(line) for line in replay(lines, settings)], instant(now))
