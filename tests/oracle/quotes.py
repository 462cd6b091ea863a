"""Quotes: sent, ordered, rejected, and for what they could not offer."""

from collections.abc import Iterator

from tests.oracle.events import first_of, latest, things
from tests.oracle.facts import Fact, Reporting, labelled, share
from tests.oracle.journeys import Journey


def quote_facts(journey: Journey, _reporting: Reporting) -> Iterator[Fact]:
    """List what a subject's quotes add."""
    lead = journey.lead
    for told in things(journey.events, "quote"):
        dimensions = {
            "rep": latest(told, "rep") or (lead.rep if lead else None),
            "product": lead.product if lead else None,
        }
        decisions = [event for event in told if event.type != "quote.sent"]
        outcome = decisions[-1].type if decisions else None
        sent = first_of(event for event in told if event.type == "quote.sent")
        if sent is not None:
            is_ordered = outcome == "quote.ordered"
            yield share("quote_to_order", sent.at, dimensions, is_ordered)
        if outcome == "quote.rejected":
            rejected = decisions[-1].at
            for decision in reversed(decisions):
                if decision.type != outcome:
                    break
                rejected = decision.at
            demand = latest(told, "unmet_demand") or "unknown"
            yield labelled("unmet_demand", rejected, dimensions, demand)
