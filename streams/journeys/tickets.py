"""Tickets of an account, and its churn risk."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from streams.engine.aggregate.entry import Entry
from streams.engine.catalogue.dimensions import Dimensions
from streams.events import TicketOpened

RISK_SPAN_MS = 90 * 86_400_000


class Ticket(Struct, frozen=True, gc=False):
    """A request of an account; `rep` is the one that the ticket names."""

    at: int
    kind: str
    rep: str
    dimensions: Dimensions


def tickets(entries: Sequence[Entry], usual: Dimensions) -> list[Ticket]:
    """Give an account's tickets, in the order of their opening.

    `usual` are the account's dimensions with its rep, whose a ticket is that names none.
    """
    opened: dict[str, tuple[int, TicketOpened]] = {}
    for at, _, event in entries:
        if isinstance(event, TicketOpened):
            opened.pop(event.ticket, None)
            opened[event.ticket] = (at, event)
    return [
        Ticket(
            at,
            event.kind,
            event.rep or "",
            usual.with_rep(event.rep) if event.rep else usual,
        )
        for at, event in opened.values()
    ]


def risk(
    opened: Sequence[Ticket], weights: Mapping[str, int], threshold: int
) -> Iterator[tuple[int, int]]:
    """Give (instant, 1 or -1) whenever the score reaches the threshold or falls below it.

    The score is the sum of the weights of the tickets opened within the last 90 days, to the
    millisecond. All changes of one instant apply together.
    """
    changes: defaultdict[int, int] = defaultdict(int)
    for ticket in opened:
        weight = weights.get(ticket.kind, 0)
        changes[ticket.at] += weight
        changes[ticket.at + RISK_SPAN_MS] -= weight
    score = 0
    for at in sorted(changes):
        was_at_risk = score >= threshold
        score += changes[at]
        if (score >= threshold) is not was_at_risk:
            yield at, -1 if was_at_risk else 1
