"""Events as they come over the wire: one valid object of each type, and changes to it."""

import json
from typing import Any

EventDict = dict[str, Any]
AT = "2026-03-10T09:00:00Z"
MONEY: EventDict = {"amount": "10.00", "currency": "EUR"}
# What a record must say beside `id`, `type`, `at` and, for events, `subject`.
REQUIRED: dict[str, EventDict] = {
    "lead.created": {},
    "lead.assigned": {"rep": "ann"},
    "lead.qualified": {},
    "lead.handed_over": {},
    "lead.disqualified": {},
    "call.ended": {"rep": "ann", "direction": "outbound", "outcome": "busy"},
    "email.sent": {"rep": "ann", "email": "m1", "links": 1},
    "email.clicked": {"email": "m1"},
    "email.replied": {"email": "m1"},
    "deal.changed": {"deal": "d1"},
    "deal.deleted": {"deal": "d1"},
    "activity.logged": {"rep": "ann", "kind": "meeting"},
    "quote.sent": {"quote": "q1"},
    "quote.ordered": {"quote": "q1"},
    "quote.rejected": {"quote": "q1"},
    "order.placed": {"order": "o1", **MONEY},
    "order.delivered": {"order": "o1"},
    "order.cancelled": {"order": "o1"},
    "invoice.issued": {"invoice": "i1", "due": "2026-03-31", **MONEY},
    "invoice.paid": {"invoice": "i1", **MONEY},
    "invoice.credited": {"invoice": "i1", **MONEY},
    "invoice.voided": {"invoice": "i1"},
    "ticket.opened": {"ticket": "t1", "kind": "complaint"},
    "ticket.resolved": {"ticket": "t1"},
    "subject.merged": {"into": "s2"},
    "subject.erased": {},
    "rep.set": {"rep": "ann"},
    "account.set": {"account": "acme"},
    "spend.recorded": MONEY,
    "target.set": {"kpi": "revenue_won", "scope": {}, "window": "month", "value": "1000"},
    "rate.set": {"currency": "USD", "date": "2026-03-10", "rate": "0.9"},
}
# What it may say besides.
NAMES = ("rep", "channel", "partner", "product")
OPTIONAL: dict[str, EventDict] = {
    "lead.created": {"media": "paid", "campaign": "spring", **dict.fromkeys(NAMES, "x")},
    "lead.qualified": {"rep": "ann", "reason": "budget"},
    "lead.handed_over": {"rep": "ann", "reason": "budget"},
    "lead.disqualified": {"rep": "ann", "reason": "budget"},
    "call.ended": {"seconds": 0, "cold": True, "automated": False},
    "email.sent": {"automated": True},
    "deal.changed": {
        **dict.fromkeys((*NAMES, "pipeline", "stage", "account", "reason"), "x"),
        **MONEY,
        "status": "won",
        "probability": 0.3,
        "expected_close": "2026-03-31",
    },
    "activity.logged": {
        "channel": "web",
        "asset": "flyer",
        "hours": "1.5",
        "outreach": 10,
        "responses": 1,
    },
    "quote.sent": {"rep": "ann", **MONEY},
    "quote.ordered": {"rep": "ann", "order": "o1", **MONEY},
    "quote.rejected": {"rep": "ann", "reason": "price", "unmet_demand": "red", **MONEY},
    "order.placed": {"rep": "ann", "product": "basic", "promised": "2026-03-31"},
    "invoice.issued": {"rep": "ann", "product": "basic"},
    "ticket.opened": {"rep": "ann"},
    "subject.merged": {"topic": "crm.invoice"},
    "subject.erased": {"topic": "crm.deal"},
    "account.set": {"segment": "retail", "rep": "ann", "potential": "50000", "currency": "EUR"},
    "spend.recorded": {"campaign": "spring", "channel": "web", "media": "owned"},
    "target.set": {"start": "2026-03-01"},
    "rep.set": {"team": "north", "department": "field", "unit": "europe", "timezone": "UTC"},
}
REFERENCES = ("rep.set", "account.set", "spend.recorded", "target.set", "rate.set")


def least(kind: str) -> EventDict:
    """Give a valid record of the type that says only what it must."""
    subject = {} if kind in REFERENCES else {"subject": "s1"}
    return {"id": "e1", "type": kind, "at": AT, **subject, **REQUIRED[kind]}


def valid(kind: str) -> EventDict:
    """Give a valid record of the type that says all it may."""
    return {**least(kind), "source": "crm", "seq": 7, **OPTIONAL.get(kind, {})}


def written(said: EventDict) -> bytes:
    """Write a record as JSON."""
    return json.dumps(said).encode()
