"""Tickets of an account: complaints, and the risk that the account leaves."""

from collections.abc import Iterator, Sequence

from tests.oracle.entities.facts import (
    Fact,
    Reporting,
    count,
    step,
)
from tests.oracle.history.events import (
    Event,
    histories,
    last_of,
)

SCORED_MS = 90 * 86_400_000
RISKY_FROM = 5
WEIGHTS = {"complaint": 3, "closing_request": 5, "contract_question": 2, "contact": 1}


def ticket_facts(account: str, events: Sequence[Event], reporting: Reporting) -> Iterator[Fact]:
    """List what the tickets of one account add."""
    history = [
        [it for it in tale if it.type == "ticket.opened"] for tale in histories(events, "ticket")
    ]
    tickets = [opened for tale in history if (opened := last_of(tale)) is not None]
    owner = reporting.account_rep(account)
    for ticket in tickets:
        if ticket.fields["kind"] == "complaint":
            yield count("complaints", ticket.at, {"rep": ticket.text("rep") or owner})
    last_named = last_of(ticket for ticket in tickets if ticket.text("rep"))
    named = last_named.text("rep") if last_named else None
    yield from risk_steps(tickets, owner or named)


def risk_steps(tickets: Sequence[Event], rep: str | None) -> Iterator[Fact]:
    """Step up when the score of the last 90 days gets risky, and down when it no longer is."""
    instants = {ticket.at for ticket in tickets} | {ticket.at + SCORED_MS for ticket in tickets}
    was_risky = False
    for instant in sorted(instants):
        is_risky = score(tickets, instant) >= RISKY_FROM
        if is_risky != was_risky:
            yield step("churn_risk", instant, {"rep": rep}, +1 if is_risky else -1)
        was_risky = is_risky


def score(tickets: Sequence[Event], instant: int) -> int:
    """Add up the weights of the tickets opened in the 90 days up to the instant."""
    return sum(
        WEIGHTS[ticket.fields["kind"]]
        for ticket in tickets
        if instant - SCORED_MS < ticket.at <= instant
    )
