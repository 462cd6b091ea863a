"""Quotes: sent, ordered, rejected, and for what they could not offer."""

from collections.abc import Iterator, Sequence

from tests.oracle.entities.facts import (
    Dimensions,
    Fact,
    Reporting,
    labelled,
    share,
)
from tests.oracle.entities.journeys import Journey
from tests.oracle.entities.owners import Owners
from tests.oracle.history.events import Event, histories, latest


def quote_facts(journey: Journey, reporting: Reporting) -> Iterator[Fact]:
    """List what a subject's quotes add."""
    for history in histories(journey.events, "quote"):
        decisions = [event for event in history if event.type != "quote.sent"]
        outcome = decisions[-1].type if decisions else None
        sent = [event for event in history if event.type == "quote.sent"]
        if sent:
            dimensions = dimensions_at(sent[0].at, history, journey, reporting)
            yield share("quote_to_order", sent[0].at, dimensions, outcome == "quote.ordered")
        if outcome == "quote.rejected":
            rejected = decisions[-1].at
            for decision in reversed(decisions):
                if decision.type != outcome:
                    break
                rejected = decision.at
            dimensions = dimensions_at(rejected, history, journey, reporting)
            label = latest(history, "unmet_demand") or "unknown"
            yield labelled("unmet_demand", rejected, dimensions, label)


def dimensions_at(
    instant: int, history: Sequence[Event], journey: Journey, reporting: Reporting
) -> Dimensions:
    """The rep and product of a quote, else its subject's; the rep of now or of then."""
    owners = Owners(history, journey.owners.of_subject)
    return {
        "rep": owners.rep(instant, reporting.definitions),
        "product": latest(history, "product") or journey.qualities["product"],
    }
