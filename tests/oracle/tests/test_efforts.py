"""Calls and emails, by hand."""

from typing import Any

from tests.oracle.tests.stories import (
    call,
    deal,
    event,
    reported,
)

DAY = "|all|day|2026-03-02T00:00:00+00:00"


def sent(at: str, email: str, links: int, automated: bool = False) -> dict[str, Any]:
    """Write to lead-1."""
    fields = {"rep": "ann", "email": email, "links": links, "automated": automated}
    return event("email.sent", "lead-1", at, fields)


def clicked(at: str, email: str) -> dict[str, Any]:
    """Click on a link of an email."""
    return event("email.clicked", "lead-1", at, {"email": email})


def test_outbound_calls_count_those_of_machines_too() -> None:
    events = [
        call("2026-03-02T09:00:00Z"),
        call("2026-03-02T09:01:00Z", {"outcome": "busy", "automated": True}),
        call("2026-03-02T09:02:00Z", {"direction": "inbound"}),
        {**call("2026-03-02T09:03:00Z", {"outcome": "voicemail"}), "subject": "rep:ann"},
    ]
    found = reported(events)
    assert found[f"call_count{DAY}"]["value"] == 3
    assert found["call_count|rep=ann|hour|2026-03-02T09:00:00+00:00"]["value"] == 3
    assert found[f"connect_rate{DAY}"]["value"] == 1 / 3


def test_cold_call_yield_counts_wins_of_subjects_called_cold() -> None:
    cold = {"cold": True}
    events = [
        call("2026-03-02T09:00:00Z", cold),
        call("2026-03-02T09:01:00Z"),
        {**call("2026-03-02T09:02:00Z", cold), "subject": "rep:ann"},
        deal("2026-03-02T10:00:00Z", {"status": "won"}),
        event("deal.changed", "d9", "2026-03-02T10:00:00Z", {"deal": "d9", "status": "won"}),
    ]
    found = reported(events)
    assert found[f"cold_call_yield{DAY}"]["parts"] == {"numerator": 1, "denominator": 2}
    assert found[f"cold_call_yield{DAY}"]["value"] == 500.0
    assert found[f"contact_quality{DAY}"]["parts"] == {"numerator": 2, "denominator": 3}


def test_email_counts_once_as_it_was_last_sent() -> None:
    events = [
        sent("2026-03-02T09:00:00Z", "m1", links=0),
        sent("2026-03-02T10:00:00Z", "m1", links=2),
        sent("2026-03-02T09:00:00Z", "m2", links=0),
        sent("2026-03-02T09:00:00Z", "m3", links=1, automated=True),
    ]
    share = reported(events)[f"email_link_share{DAY}"]
    assert share["parts"] == {"hits": 1, "total": 2}


def test_clicks_count_for_emails_that_were_sent() -> None:
    events = [
        sent("2026-03-02T09:00:00Z", "m1", links=1),
        sent("2026-03-02T09:00:00Z", "m2", links=1),
        sent("2026-03-02T09:00:00Z", "m3", links=1, automated=True),
        clicked("2026-03-02T10:00:00Z", "m1"),
        clicked("2026-03-02T11:00:00Z", "m1"),
        clicked("2026-03-02T11:00:00Z", "m3"),
        clicked("2026-03-02T11:00:00Z", "m4"),
    ]
    found = reported(events)
    assert found[f"email_clicks{DAY}"]["value"] == 3
    assert found[f"email_click_rate{DAY}"]["parts"] == {"hits": 1, "total": 2}
