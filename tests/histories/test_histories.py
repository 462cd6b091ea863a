"""What tests may rely on of made-up histories."""

import json
from collections import Counter
from datetime import date, datetime
from decimal import Decimal

from hypothesis import given

from tests.histories import (
    disturbed,
    history,
    lines,
)
from tests.histories.events import EVENT_FIELDS
from tests.histories.scribe import EventDict
from tests.histories.strategies import MOST_EVENTS, small_histories
from tests.oracle.history.events import read

START = date(2026, 1, 5)
DECIMALS = ("amount", "rate", "hours", "potential", "value")
COMMON = {"id", "type", "at", "subject", "source", "seq"}


def fields_allowed(kind: str) -> set[str]:
    """Name the fields that an event of the type may carry, by the table of events."""
    table = {
        "lead.created": "rep channel media campaign partner product",
        "lead.assigned": "rep",
        "lead.qualified": "rep reason",
        "lead.handed_over": "rep reason",
        "lead.disqualified": "rep reason",
        "call.ended": "rep direction outcome seconds cold automated",
        "email.sent": "rep email links automated",
        "email.clicked": "email",
        "email.replied": "email",
        "deal.changed": "deal stage status amount currency probability expected_close rep account"
        " product channel partner reason pipeline",
        "deal.deleted": "deal",
        "activity.logged": "rep kind channel asset hours outreach responses",
        **dict.fromkeys(
            ("quote.sent", "quote.ordered", "quote.rejected"),
            "quote rep product amount currency order reason unmet_demand",
        ),
        "order.placed": "order rep product amount currency promised",
        "order.delivered": "order",
        "order.cancelled": "order",
        "invoice.issued": "invoice rep product amount currency due",
        "invoice.paid": "invoice amount currency",
        "invoice.credited": "invoice amount currency",
        "invoice.voided": "invoice",
        "ticket.opened": "ticket kind rep",
        "ticket.resolved": "ticket",
        "subject.merged": "into topic",
        "subject.erased": "topic",
        "account.set": "account segment rep potential currency",
        "spend.recorded": "campaign channel media amount currency",
        "target.set": "kpi scope window start value",
        "rep.set": "rep team department unit timezone",
        "rate.set": "currency date rate",
    }
    return COMMON | set(table[kind].split())


def is_valid(said: EventDict) -> bool:
    """Check an event against the table: known fields, an offset, money as decimal strings."""
    at = datetime.fromisoformat(said["at"])
    money_fields = [said[field] for field in DECIMALS if said.get(field)]
    return (
        said.keys() <= fields_allowed(said["type"])
        and at.utcoffset() is not None
        and all(isinstance(text, str) and Decimal(text).is_finite() for text in money_fields)
    )


def test_history_follows_from_its_seed() -> None:
    first, second, other = (history(it, 500, start=START, days=60) for it in (1, 1, 2))
    assert first == second
    assert first != other


def test_history_has_events_of_every_type_and_the_length_asked_for() -> None:
    events = history(3, 4000, start=START, days=60)
    assert len(events) == 4000
    assert {said["type"] for said in events} == EVENT_FIELDS.keys()
    assert all(is_valid(said) for said in events)


def test_history_is_ordered_by_time_and_holds_corrections() -> None:
    events = [read(said) for said in history(4, 4000, start=START, days=60)]
    assert [event.at for event in events] == sorted(event.at for event in events)
    versions = Counter((event.fields.get("subject"), event.type, event.id) for event in events)
    assert sum(count > 1 for count in versions.values()) > 20


def test_disturbed_history_holds_the_same_events() -> None:
    events = history(5, 1000, start=START, days=60)
    delivered = disturbed(events, 1, duplicates=0.2, disorder=0.2)
    assert 1100 < len(delivered) < 1300
    assert delivered[: len(events)] != events
    texts = {json.dumps(said) for said in delivered}
    assert texts == {json.dumps(said) for said in events}


def test_lines_are_one_object_each() -> None:
    events = history(6, 100, start=START, days=60)
    assert [json.loads(line) for line in lines(events).splitlines()] == events


@given(small_histories())
def test_small_histories_are_valid(events: list[EventDict]) -> None:
    assert len(events) <= MOST_EVENTS
    assert all(is_valid(said) and read(said) for said in events)
