"""Work other than calls and emails, as the KPIs read it."""

from msgspec import Struct

from streams.engine.calendar import HOUR_MS
from streams.engine.catalogue import Dimensions, dimensions
from streams.engine.money import exact, round_half_up
from streams.events.model import ActivityLogged


class Activity(Struct, frozen=True, gc=False):
    """A meeting, a presentation, a word on social media, material sent, or prospecting.

    `took` is in milliseconds; what was not told is None.
    """

    at: int
    kind: str
    asset: str
    took: int | None
    outreach: int | None
    responses: int | None
    dimensions: Dimensions


def activity(at: int, event: ActivityLogged) -> Activity:
    """Read an activity; it belongs to the rep and the channel that it names."""
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
