"""Quotes, by hand."""

from typing import Any

from tests.oracle.tests.stories import (
    event,
    lead,
    reported,
    values,
)

MARCH = "|all|month|2026-03-01T00:00:00+00:00"


def quote(kind: str, at: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """Send, order or reject quote q1 of lead-1."""
    return event(f"quote.{kind}", "lead-1", at, {"quote": "q1"} | (fields or {}))


SENT = quote("sent", "2026-03-02T09:00:00Z", {"rep": "ann"})
ORDERED = quote("ordered", "2026-03-04T09:00:00Z")
REJECTED = quote("rejected", "2026-03-05T09:00:00Z", {"unmet_demand": "blue"})


def test_quote_counts_once_when_first_sent_and_by_its_last_outcome() -> None:
    again = quote("sent", "2026-03-03T09:00:00Z")
    share = f"quote_to_order{MARCH}"
    assert reported([SENT, again])[share]["parts"] == {"hits": 0, "total": 1}
    assert reported([SENT, again, ORDERED])[share]["parts"] == {"hits": 1, "total": 1}
    assert reported([SENT, again, ORDERED, REJECTED])[share]["parts"] == {"hits": 0, "total": 1}
    days = values(reported([SENT, again]), "quote_to_order|all|day|")
    assert set(days) == {"2026-03-02T00:00:00+00:00"}


def test_rejection_counts_at_the_start_of_its_last_run() -> None:
    events = [
        quote("rejected", "2026-03-03T09:00:00Z"),
        ORDERED,
        REJECTED,
        quote("rejected", "2026-03-06T09:00:00Z"),
    ]
    found = reported(events)
    assert set(values(found, "unmet_demand|all|day|")) == {"2026-03-05T00:00:00+00:00"}
    assert found[f"unmet_demand{MARCH}"]["parts"] == {"counts": {"blue": 1}}
    assert not values(found, "quote_to_order")


def test_rejection_without_unmet_demand_is_unknown() -> None:
    found = reported([SENT, quote("rejected", "2026-03-03T09:00:00Z")])
    assert found[f"unmet_demand{MARCH}"]["parts"] == {"counts": {"unknown": 1}}


def test_quote_has_rep_and_product_of_its_lead() -> None:
    created = lead("2026-03-01T09:00:00Z", {"rep": "bob", "product": "pro"})
    other = quote("sent", "2026-03-02T09:00:00Z", {"quote": "q2"})
    found = reported([SENT, other, created])
    month = "month|2026-03-01T00:00:00+00:00"
    scopes = ("rep=ann", "rep=bob", "product=pro")
    totals = [found[f"quote_to_order|{it}|{month}"]["parts"]["total"] for it in scopes]
    assert totals == [1, 1, 2]
