"""Tickets, by hand."""

from typing import Any

from tests.oracle.tests.stories import (
    account,
    event,
    reported,
    values,
)

MARCH = "month|2026-03-01T00:00:00+00:00"


def opened(ticket: str, at: str, kind: str, rep: str | None = None) -> dict[str, Any]:
    """Open a ticket of acme."""
    fields = {"ticket": ticket, "kind": kind} | ({"rep": rep} if rep else {})
    return event("ticket.opened", "acme", at, fields)


def test_complaint_belongs_to_its_own_rep_or_else_the_accounts() -> None:
    events = [
        account("2026-01-01T00:00:00Z", {"rep": "bob"}),
        opened("t1", "2026-03-02T09:00:00Z", "complaint", "ann"),
        opened("t2", "2026-03-02T09:00:00Z", "complaint"),
        opened("t3", "2026-03-02T09:00:00Z", "contact"),
    ]
    found = reported(events)
    counted = [found[f"complaints|{it}|{MARCH}"]["value"] for it in ("all", "rep=ann", "rep=bob")]
    assert counted == [2, 1, 1]


def test_ticket_opened_again_is_what_it_was_opened_as_last() -> None:
    events = [
        opened("t1", "2026-03-02T09:00:00Z", "complaint"),
        opened("t1", "2026-03-03T09:00:00Z", "contact"),
    ]
    assert not values(reported(events), "complaints")


def test_account_is_at_risk_from_a_score_of_5_until_its_tickets_are_90_days_old() -> None:
    events = [
        opened("t1", "2026-01-10T09:00:00Z", "complaint"),
        opened("t2", "2026-01-12T09:00:00Z", "contract_question"),
        opened("t3", "2026-02-01T09:00:00Z", "contact"),
    ]
    # The complaint of 10 January is 90 days old on 10 April.
    assert values(reported(events, "2026-04-15T00:00:00Z"), "churn_risk|all|day|") == {
        "2026-01-12T00:00:00+00:00": 1,
        "2026-04-10T00:00:00+00:00": 0,
        "2026-04-15T00:00:00+00:00": 0,
    }
    before = reported(events, "2026-04-10T08:59:59.999Z")
    assert before["churn_risk|all|day|2026-04-10T00:00:00+00:00"]["value"] == 1


def test_ticket_that_replaces_another_in_the_score_at_one_instant_is_no_step() -> None:
    events = [
        opened("t1", "2026-01-10T09:00:00Z", "closing_request"),
        opened("t2", "2026-04-10T09:00:00Z", "closing_request"),
    ]
    days = values(reported(events, "2026-04-15T00:00:00Z"), "churn_risk|all|day|")
    assert days == {"2026-01-10T00:00:00+00:00": 1, "2026-04-15T00:00:00+00:00": 1}


def test_risk_belongs_to_the_accounts_rep_or_else_to_the_last_named() -> None:
    events = [
        opened("t1", "2026-03-02T09:00:00Z", "closing_request", "ann"),
        opened("t2", "2026-03-03T09:00:00Z", "contact", "cyd"),
        opened("t3", "2026-03-04T09:00:00Z", "contact"),
    ]
    assert values(reported(events), "churn_risk|rep=cyd|month")
    known = account("2026-01-01T00:00:00Z", {"rep": "bob"})
    assert values(reported([*events, known]), "churn_risk|rep=bob|month")
