"""Activities, calls and emails, as the KPIs read them."""

from msgspec import Struct

from streams.engine.algebra.money import exact, round_half_up
from streams.engine.calendars.calendar import HOUR_MS
from streams.engine.catalogue.dimensions import Dimensions, dimensions
from streams.events import ActivityLogged


class Activity(Struct, frozen=True, gc=False):
    """A meeting, a presentation, a social media activity, collateral used, or prospecting.

    What was not recorded is None.
    """

    at: int
    kind: str
    asset: str
    duration_ms: int | None
    outreach: int | None
    responses: int | None
    dimensions: Dimensions


def activity(at: int, event: ActivityLogged) -> Activity:
    """Read an activity under the rep and the channel that it names."""
    return Activity(
        at,
        event.kind,
        event.asset or "",
        None if event.hours is None else _milliseconds(event.hours),
        event.outreach,
        event.responses,
        dimensions(event.rep, event.channel or ""),
    )


def _milliseconds(hours: str) -> int:
    number = exact(hours)
    return round_half_up(number.numerator * HOUR_MS, number.denominator)


class Call(Struct, frozen=True, gc=False):
    """A call that ended."""

    at: int
    is_outbound: bool
    is_connected: bool
    is_cold: bool
    dimensions: Dimensions


class Email(Struct, frozen=True, gc=False):
    """An email that was sent, and the instants at which its links were followed."""

    at: int
    links: int
    is_automated: bool
    clicks: tuple[int, ...]
    dimensions: Dimensions
