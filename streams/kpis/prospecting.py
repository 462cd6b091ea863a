"""What does looking for new customers cost, and who answers?"""

from streams.engine.algebra.measures import (
    SUM,
    WEIGHED_SHARE,
    Fraction,
)
from streams.engine.catalogue.kpi import Fact, kpi
from streams.journeys import Activity


@kpi(
    "response_rate",
    measure=WEIGHED_SHARE,
    unit="ratio",
    scopes=("channel", "rep"),
    formula="responses / people reached out to",
    source="response rate, direct marketing's term",
)
def response_rate(activity: Activity) -> Fact[Fraction] | None:
    """Responses as a share of the people reached out to while prospecting.

    Where an activity records only one of the two, the other is 0.
    """
    outreach, responses = activity.outreach, activity.responses
    if activity.kind != "prospecting" or (outreach is None and responses is None):
        return None
    return Fact(activity.at, Fraction(responses or 0, outreach or 0))


@kpi(
    "prospecting_hours",
    measure=SUM,
    unit="ms",
    scopes=("channel", "rep"),
    formula="sum of hours of activities of kind prospecting",
    source="prospecting time, the trade's term",
)
def prospecting_hours(activity: Activity) -> Fact[int] | None:
    """Time spent on prospecting, over the activities that record it."""
    return Fact(activity.at, activity.duration_ms) if activity.kind == "prospecting" else None
