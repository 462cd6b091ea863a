"""What a record of `sales.alerts` holds, as a type, and an example of each kind."""

from collections.abc import Iterator
from typing import Annotated, Any

import orjson
from msgspec import UNSET, Meta, Struct, UnsetType

from streams.config.settings import Settings, instant
from streams.operations.replay import replay_alerts
from streams.output.records.kpi_record import (
    Moment,
    Money,
    Window,
)

NOW = "2026-03-20T12:00:00+01:00"
ZONE = "Europe/Berlin"


class Alert(Struct, omit_defaults=True):
    """Something that somebody should look at. A key without a record: it holds no more."""

    kind: str
    subject: Annotated[
        str,
        Meta(description="what it is about: `name`, or `owner/name` with `/` in names as `%2F`"),
    ]
    rep: Annotated[str | None, Meta(description="whose it is; null where nobody's")]
    since: Annotated[Moment, Meta(description="since when it holds")]
    amount: Annotated[Money | None, Meta(description="what it is about, where there is money")]
    currency: Annotated[
        str | None, Meta(description="the reporting currency; null without an amount")
    ]
    rule: Annotated[
        dict[str, int | str],
        Meta(description="the thresholds in force, `_ms` in milliseconds, shares as decimals"),
    ]
    text: Annotated[str, Meta(description="one sentence for a person")]
    updated_at: Annotated[Moment, Meta(description="when the record was written")]
    kpi: Annotated[str | UnsetType, Meta(description="of a target: of which KPI")] = UNSET
    scope: Annotated[
        dict[str, str] | UnsetType,
        Meta(description="of a target: empty for all, else one dimension and its value"),
    ] = UNSET
    window: Annotated[Window | UnsetType, Meta(description="of a target")] = UNSET
    start: Annotated[Moment | UnsetType, Meta(description="of a target's window")] = UNSET
    end: Annotated[Moment | UnsetType, Meta(description="of a target's window")] = UNSET


def alert_examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give one alert of every kind, by kind."""
    settings = Settings(now=instant(NOW, "now"), timezone=ZONE)
    for line in replay_alerts([orjson.dumps(event) for event in _story()], settings):
        alert = orjson.loads(line)
        yield alert["kind"], alert


def _story() -> Iterator[dict[str, Any]]:
    """Tell what nobody looked after in the first months of a year."""

    def said(what: str, at: str, subject: str, **fields: object) -> dict[str, Any]:
        name = f"{what}-{at}"
        return {"type": what, "id": name, "at": f"2026-{at}+01:00", "subject": subject, **fields}

    money = {"amount": "1200.00", "currency": "EUR"}
    call = {"rep": "ann", "direction": "outbound", "outcome": "no_answer"}
    yield said("lead.created", "03-19T09:00:00", "lead-1", rep="ann")
    yield said("lead.created", "03-16T09:00:00", "lead-2", rep="ann")
    yield said("call.ended", "03-16T09:20:00", "lead-2", **call)
    yield said("deal.changed", "02-10T10:00:00", "lead-3", deal="deal-7", rep="bob", **money)
    yield said(
        "deal.changed",
        "03-10T10:00:00",
        "deal-8",
        deal="deal-8",
        rep="bob",
        expected_close="2026-03-13",
        **money,
    )
    due = {"invoice": "invoice-9", "due": "2026-03-13", "rep": "ann"}
    yield said("invoice.issued", "02-13T10:00:00", "acme", **due, **money)
    yield said("ticket.opened", "03-18T10:00:00", "acme", ticket="ticket-4", kind="closing_request")
    for number, day in enumerate(("02-02", "02-16", "03-02"), 1):
        order = {"order": f"order-{number}", "product": "starter", **money}
        yield said("order.placed", f"{day}T10:00:00", "acme", **order)
    plan = {"kpi": "revenue_won", "scope": {"rep": "ann"}, "window": "month", "value": "10000.00"}
    yield said("target.set", "01-01T00:00:00", "", **plan)
