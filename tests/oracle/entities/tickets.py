"""Tickets of an account: complaints, and the risk that the account leaves."""

import itertools
from collections.abc import Iterator, Sequence

from tests.oracle.entities.facts import (
    Fact,
    Level,
    Reporting,
    Standing,
    count,
)
from tests.oracle.history.events import (
    Event,
    histories,
    in_order,
)

SCORED_MS = 90 * 86_400_000
RISKY_FROM = 5
WEIGHTS = {"complaint": 3, "closing_request": 5, "contract_question": 2, "contact": 1}


def ticket_facts(
    account: str, events: Sequence[Event], reporting: Reporting
) -> Iterator[Fact | Level]:
    """List what the tickets of one account add."""
    opened = [
        [event for event in history if event.type == "ticket.opened"]
        for history in histories(events, "ticket")
    ]
    # One that is opened again is what it was opened as last.
    tickets = in_order(openings[-1] for openings in opened if openings)
    owner = reporting.accounts.rep(account)
    for ticket in tickets:
        if ticket.fields["kind"] == "complaint":
            yield count("complaints", ticket.at, {"rep": ticket.text("rep") or owner})
    named = [rep for ticket in tickets if (rep := ticket.text("rep"))]
    rep = owner or (named[-1] if named else None)
    yield Level("churn_risk", [*risks(tickets, rep)])


def risks(tickets: Sequence[Event], rep: str | None) -> Iterator[Standing]:
    """The account, while the score of the last 90 days is risky."""
    changes = {ticket.at for ticket in tickets} | {ticket.at + SCORED_MS for ticket in tickets}
    instants = sorted(changes)
    for start, end in itertools.pairwise(instants):
        if score(tickets, start) >= RISKY_FROM:
            yield Standing(start, end, {"rep": rep}, {"level": 1})


def score(tickets: Sequence[Event], instant: int) -> int:
    """Add up the weights of the tickets opened in the 90 days up to the instant."""
    return sum(
        WEIGHTS[ticket.fields["kind"]]
        for ticket in tickets
        if instant - SCORED_MS < ticket.at <= instant
    )
