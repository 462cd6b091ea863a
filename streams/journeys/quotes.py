"""A quote and its outcome."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from streams.engine.aggregate.attribution import AttributionSteps, attribution
from streams.engine.aggregate.entry import Entry, latest
from streams.engine.catalogue.dimensions import Dimensions, dimensions
from streams.events import (
    QuoteOrdered,
    QuoteRejected,
    QuoteSent,
)


class Quote(Struct, frozen=True, gc=False):
    """A quote; instants in ms, None where there is none.

    The later of an order and a rejection is the outcome; `rejected` is when the last unbroken run
    of rejections began.
    """

    sent: int | None
    is_ordered: bool
    rejected: int | None
    unmet_demand: str
    dimensions: Dimensions
    attribution: AttributionSteps


def quote(entries: Sequence[Entry], lead: Dimensions, lead_reps: Mapping[int, str] | None) -> Quote:
    """Read a quote from its own entries, by (at, id); rep and product default to the lead's.

    `lead_reps` has the lead's rep from each instant on; None where facts belong to today's rep.
    """
    outcome: type | None = None
    decided: int | None = None
    for at, _, event in entries:
        kind = type(event)
        if kind is not QuoteSent and kind is not outcome:
            outcome, decided = kind, at
    rep, product = lead.values[0], lead.values[5]
    own = dimensions(
        latest(entries, "rep") or rep,
        product=latest(entries, "product") or product,
        own=lead.own,
    )
    reps = {e.at: name for e in entries if (name := getattr(e.event, "rep", None)) is not None}
    return Quote(
        next((entry.at for entry in entries if type(entry.event) is QuoteSent), None),
        outcome is QuoteOrdered,
        decided if outcome is QuoteRejected else None,
        latest(entries, "unmet_demand"),
        own,
        () if lead_reps is None else attribution(reps, own, lead_reps),
    )
