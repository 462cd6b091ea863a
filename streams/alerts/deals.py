"""Which open deals does nobody look after?"""

from dataclasses import dataclass

from streams.engine.calendars.calendar import DAY_MS
from streams.engine.catalogue.alert import (
    Holds,
    Rule,
    alert,
)
from streams.journeys import Deal


@dataclass(frozen=True, kw_only=True, slots=True)
class Stale(Rule):
    """How long nothing may be heard about an open deal's subject.

    None: as long as for `stale_opportunities`.
    """

    after_ms: int | None = None
    max_age_ms: int | None = 30 * DAY_MS


@dataclass(frozen=True, kw_only=True, slots=True)
class Expired(Rule):
    """An open deal's expected day may not pass."""

    max_age_ms: int | None = 30 * DAY_MS


@alert(
    "opportunity_stale",
    says="Nothing has been heard for {after} about open deal {subject}{worth}.",
)
def opportunity_stale(deal: Deal, rule: Stale) -> Holds | None:
    """An open deal about whose subject nothing has been heard for long.

    Until anything is heard, or the deal is closed. The amount is at the rate of its creation.
    """
    if deal.closed is not None or rule.after_ms is None:
        return None
    return Holds(
        since=deal.origin.latest + rule.after_ms,
        rep=deal.dimensions.values[0],
        amount=worth(deal, deal.created),
        within=deal.name,
    )


@alert(
    "opportunity_expired",
    says="Open deal {subject}{worth} was expected to close by {since}.",
)
def opportunity_expired(deal: Deal, rule: Expired) -> Holds | None:  # noqa: ARG001 - its age is the engine's
    """A deal is still open although the day it was expected to close has ended.

    Until it is closed or expected later. The amount is at the rate of the day after.
    """
    if deal.expected_close is None:
        return None
    since = max(deal.created, deal.context.calendar.end_of(deal.expected_close))
    if deal.closed is not None and deal.closed <= since:
        return None
    return Holds(
        since=since,
        until=deal.closed,
        rep=deal.dimensions.values[0],
        amount=worth(deal, since),
        within=deal.name,
    )


def worth(deal: Deal, at: int) -> int | None:
    """Give a deal's amount at the rate of an instant's date; None where there is none."""
    minor = deal.worth(at)
    return minor if isinstance(minor, int) else None
