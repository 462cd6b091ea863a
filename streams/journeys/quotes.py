"""A quote: when it went out, and what came of it."""

from collections.abc import Sequence

from msgspec import Struct

from streams.engine.catalogue import Dimensions, dimensions
from streams.engine.entries import Entry, latest
from streams.events.model import QuoteOrdered, QuoteRejected, QuoteSent


class Quote(Struct, frozen=True, gc=False):
    """A quote as it stands now; instants in ms, None where it never was.

    Of an order and a rejection the later one is the outcome; `rejected` is when the last
    unbroken run of rejections began.
    """

    sent: int | None
    is_ordered: bool
    rejected: int | None
    unmet_demand: str
    dimensions: Dimensions


def quote(entries: Sequence[Entry], lead: Dimensions) -> Quote:
    """Read a quote from its own entries, by (at, id); rep and product are else the lead's."""
    outcome: type | None = None
    decided: int | None = None
    for at, _, event in entries:
        kind = type(event)
        if kind is not QuoteSent and kind is not outcome:
            outcome, decided = kind, at
    rep, product = lead.members[0], lead.members[5]
    return Quote(
        next((entry.at for entry in entries if type(entry.event) is QuoteSent), None),
        outcome is QuoteOrdered,
        decided if outcome is QuoteRejected else None,
        latest(entries, "unmet_demand"),
        dimensions(latest(entries, "rep") or rep, product=product),
    )
