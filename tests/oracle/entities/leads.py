"""Answering, following up and qualifying leads."""

from collections.abc import Iterator

from tests.oracle.entities.facts import (
    Dimensions,
    Fact,
    Level,
    Reporting,
    count,
    mean,
    share,
)
from tests.oracle.entities.journeys import Journey, Lead

HOUR_MS = 3_600_000


def lead_facts(journey: Journey, reporting: Reporting) -> Iterator[Fact | Level]:
    """List what a subject adds to the KPIs of leads: nothing unless it is a lead."""
    lead = journey.lead
    if lead is None:
        return
    dimensions = lead.dimensions_at(lead.created, reporting.definitions)
    yield count("lead_count", lead.created, dimensions)
    has_won = any(deal.won is not None for deal in journey.deals)
    yield share("lead_conversion", lead.created, dimensions, has_won)
    yield from answering(journey, lead, dimensions)
    yield from waiting(journey, lead, reporting)
    yield from following_up(journey, lead, dimensions)
    yield from qualifying(journey, lead, reporting)


def answering(journey: Journey, lead: Lead, of_lead: Dimensions) -> Iterator[Fact]:
    """How long the lead waited for its first touch; for the rep who answered, if one did."""
    answers = [touch for touch in journey.touches if touch.at >= lead.created]
    if not answers:
        unanswered_since = lead.created + HOUR_MS + 1
        parts = {"hits": 0, "total": 1}
        yield Fact("response_within_hour", lead.created, of_lead, parts, since=unanswered_since)
        return
    first = min(answers, key=lambda touch: touch.order)
    waited = first.at - lead.created
    dimensions = {**of_lead, "rep": first.text("rep")}
    yield mean("response_time", lead.created, dimensions, waited)
    yield share("response_within_hour", lead.created, dimensions, waited <= HOUR_MS)


def waiting(journey: Journey, lead: Lead, reporting: Reporting) -> Iterator[Level]:
    """The level of leads that have waited for longer than an hour."""
    ends = [touch.at for touch in journey.touches if touch.at >= lead.created]
    disqualified = [event.at for event in journey.of_type("lead.disqualified")]
    if disqualified:
        ends.append(min(disqualified))
    begins = lead.created + HOUR_MS
    if not ends or min(ends) > begins:
        standings = lead.standings(begins, min(ends, default=None), reporting.definitions)
        yield Level("unanswered_leads", standings)


def following_up(journey: Journey, lead: Lead, dimensions: Dimensions) -> Iterator[Fact]:
    """How often people got in touch, before the lead's creation too."""
    touches = len(journey.touches)
    yield mean("followup_contacts", lead.created, dimensions, touches)
    if touches >= 1:
        yield share("single_touch_share", lead.created, dimensions, touches == 1)


def qualifying(journey: Journey, lead: Lead, reporting: Reporting) -> Iterator[Fact]:
    """Whether the lead was qualified, and then handed over."""
    qualified = [event.at for event in journey.of_type("lead.qualified")]
    if qualified:
        is_handed_over = bool(journey.of_type("lead.handed_over"))
        dimensions = lead.dimensions_at(min(qualified), reporting.definitions)
        yield count("qualified_leads", min(qualified), dimensions)
        yield share("handover_rate", min(qualified), dimensions, is_handed_over)
