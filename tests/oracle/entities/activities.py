"""Work other than calls and emails: meetings, material handed out, hours of prospecting."""

from collections.abc import Iterator
from fractions import Fraction

from tests.oracle.entities.facts import (
    Fact,
    Reporting,
    count,
    labelled,
)
from tests.oracle.entities.journeys import Journey
from tests.oracle.history.events import Event
from tests.oracle.history.money import round_half_up

HOUR_MS = 3_600_000
COUNTED = {"social": "social_activity", "meeting": "meetings", "presentation": "presentations"}


def activity_facts(journey: Journey, _reporting: Reporting) -> Iterator[Fact]:
    """List what a subject's activities add."""
    for activity in journey.of_type("activity.logged"):
        by = {"rep": activity.text("rep"), "channel": activity.text("channel")}
        kind = activity.fields["kind"]
        if kind in COUNTED:
            yield count(COUNTED[kind], activity.at, by)
        elif kind == "collateral":
            label = activity.text("asset") or "unknown"
            yield labelled("collateral_use", activity.at, by, label)
        else:
            yield from prospecting_facts(activity, by)


def prospecting_facts(activity: Event, by: dict[str, str | None]) -> Iterator[Fact]:
    """What came of an activity of prospecting, and how long it took, as far as it says."""
    outreach, responses = activity.fields.get("outreach"), activity.fields.get("responses")
    if outreach is not None or responses is not None:
        parts = {"hits": responses or 0, "total": outreach or 0}
        yield Fact("response_rate", activity.at, by, parts)
    hours = activity.text("hours")
    if hours is not None:
        duration = round_half_up(Fraction(hours) * HOUR_MS)
        yield Fact("prospecting_hours", activity.at, by, {"sum": duration})
