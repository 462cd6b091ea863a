"""Which leads are waiting?"""

from dataclasses import dataclass

from streams.engine.calendars.calendar import DAY_MS, HOUR_MS
from streams.engine.catalogue.alert import (
    Holds,
    Rule,
    alert,
)
from streams.engine.catalogue.dimensions import DIMENSIONS
from streams.journeys import Journey

CHANNEL = DIMENSIONS.index("channel")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unanswered(Rule):
    """How long a new lead may wait."""

    after_ms: int = HOUR_MS
    max_age_ms: int | None = 30 * DAY_MS


@dataclass(frozen=True, kw_only=True, slots=True)
class OneTouch(Rule):
    """How long a lead may be left after one touch."""

    after_ms: int = 48 * HOUR_MS
    max_age_ms: int | None = 30 * DAY_MS


@alert(
    "lead_unanswered",
    template="No person has called or written to lead {subject} within {after} of its coming.",
)
def lead_unanswered(journey: Journey, rule: Unanswered) -> Holds | None:
    """A lead waits for its first call or email from a person.

    Until a person reaches out, the lead is given up, or a deal with it is won. Where leads are
    answered in business hours, it waits in those of its rep.
    """
    lead = journey.lead
    if lead is None:
        return None
    since = lead.waits_until(rule.after_ms)
    touched = lead.first_touch.at if lead.first_touch else None
    if touched is not None and touched <= since:
        return None
    won = [deal.won for deal in journey.deals]
    return Holds(
        since=since,
        until=earliest(touched, lead.disqualified, *won),
        rep=lead.dimensions.values[0],
        channel=lead.dimensions.values[CHANNEL],
    )


@alert(
    "lead_one_touch",
    template="A person has called or written to lead {subject} once, and not again within {after}.",
)
def lead_one_touch(journey: Journey, rule: OneTouch) -> Holds | None:
    """A lead was called or written to by a person once, and has been left since.

    Until the next time, or until the lead is given up or a deal with it is won or lost.
    """
    lead = journey.lead
    if lead is None or not lead.touches:
        return None
    since = max(lead.created, lead.touches[0].at + rule.after_ms)
    second = lead.touches[1].at if len(lead.touches) > 1 else None
    if second is not None and second <= since:
        return None
    closed = [deal.closed for deal in journey.deals]
    return Holds(
        since=since,
        until=earliest(second, lead.disqualified, *closed),
        rep=lead.dimensions.values[0],
        channel=lead.dimensions.values[CHANNEL],
    )


def earliest(*instants: int | None) -> int | None:
    """Give the first of some instants; None if there is none."""
    return min((at for at in instants if at is not None), default=None)
