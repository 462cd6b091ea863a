"""Quotes: sent, ordered, rejected, and for what they could not offer."""

from collections.abc import Iterator, Sequence

from tests.oracle.entities.facts import (
    Dimensions,
    Fact,
    Reporting,
    labelled,
    share,
)
from tests.oracle.entities.journeys import Journey, Lead
from tests.oracle.history.events import (
    Event,
    first_of,
    histories,
    latest,
    latest_by,
)


def quote_facts(journey: Journey, reporting: Reporting) -> Iterator[Fact]:
    """List what a subject's quotes add."""
    for history in histories(journey.events, "quote"):
        decisions = [event for event in history if event.type != "quote.sent"]
        outcome = decisions[-1].type if decisions else None
        sent = first_of(event for event in history if event.type == "quote.sent")
        if sent is not None:
            dimensions = dimensions_at(sent.at, history, journey.lead, reporting)
            yield share("quote_to_order", sent.at, dimensions, outcome == "quote.ordered")
        if outcome == "quote.rejected":
            rejected = decisions[-1].at
            for decision in reversed(decisions):
                if decision.type != outcome:
                    break
                rejected = decision.at
            dimensions = dimensions_at(rejected, history, journey.lead, reporting)
            label = latest(history, "unmet_demand") or "unknown"
            yield labelled("unmet_demand", rejected, dimensions, label)


def dimensions_at(
    instant: int, history: Sequence[Event], lead: Lead | None, reporting: Reporting
) -> Dimensions:
    """Give the rep of a quote, or else its lead's, of now or of then; and the lead's product."""
    rep = latest(history, "rep") or (lead.rep if lead else None)
    if reporting.definitions.owner == "event":
        by_then = latest_by(history, "rep", instant) or (lead.rep_at(instant) if lead else None)
        rep = by_then or rep
    return {"rep": rep, "product": lead.product if lead else None}
