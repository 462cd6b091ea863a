"""An example of every type of event, with every field that it can have."""

from collections.abc import Iterator
from typing import Any

import msgspec

from streams.events import EVENT_TYPES, Common, RateSet
from streams.events.fields import choices

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
ACCOUNTS = ("crm.order", "crm.invoice", "crm.ticket")


def event_example(kind: type[Common]) -> dict[str, Any]:
    """Give one event of a type with every field it can have."""
    event: dict[str, Any] = {"type": kind.__struct_config__.tag}
    for field in msgspec.structs.fields(kind):
        name = field.encode_name
        event[name] = SAMPLES[name] if name in SAMPLES else choices(field.type)[0]
    if kind.topic in ACCOUNTS:
        event["subject"] = SAMPLES["account"]
    if kind is RateSet:
        event["currency"] = "CHF"
    return event


def event_examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give one event of every type, by type."""
    for kind in EVENT_TYPES:
        yield str(kind.__struct_config__.tag), event_example(kind)
