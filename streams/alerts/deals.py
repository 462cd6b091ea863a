"""Which open deals are neglected?"""

from collections.abc import Iterator
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
    """The longest time without an event of an open deal's subject.

    None: that of `stale_opportunities`.
    """

    after_ms: int | None = None
    max_age_ms: int | None = 30 * DAY_MS


@dataclass(frozen=True, kw_only=True, slots=True)
class Expired(Rule):
    """An open deal may not pass its expected close day."""

    max_age_ms: int | None = 30 * DAY_MS


@alert(
    "opportunity_stale",
    template="Nothing has been heard for {after} about open deal {subject}{worth}.",
)
def opportunity_stale(deal: Deal, rule: Stale) -> Holds | None:
    """An open deal whose subject has had no event for long.

    Until the next event, or until the deal is closed. The amount is at the rate of its creation.
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
    template="Open deal {subject}{worth} was expected to close by {since}.",
)
def opportunity_expired(deal: Deal, rule: Expired) -> Iterator[Holds]:  # noqa: ARG001 - its age is the engine's
    """A deal is still open although its expected close day has ended.

    Until it is closed or gets a later day. The amount is at the rate of its creation.
    """
    since = ended = None
    for start, end, _, _ in deal.expired():
        if ended is None or ended != start:
            if since is not None:
                yield _expired(deal, since, ended)
            since = start
        ended = end
    if since is not None:
        yield _expired(deal, since, ended)


def _expired(deal: Deal, since: int, until: int | None) -> Holds:
    return Holds(
        since=since,
        until=until,
        rep=deal.dimensions.values[0],
        amount=worth(deal, deal.created),
        within=deal.name,
    )


def worth(deal: Deal, at: int) -> int | None:
    """Give a deal's amount at the rate of an instant's date; None where there is none."""
    minor = deal.worth(at)
    return minor if isinstance(minor, int) else None
