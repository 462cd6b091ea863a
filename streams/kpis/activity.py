"""Does work other than calls and emails help to win?"""

from bisect import bisect_right
from collections.abc import Iterator

from streams.engine.algebra.measures import (
    COUNT,
    COUNTS,
    SHARE,
    SHARES,
    Labelled,
)
from streams.engine.catalogue.dimensions import Dimensions
from streams.engine.catalogue.kpi import Fact, kpi
from streams.journeys import (
    Activity,
    Deal,
    Journey,
)

WEEK_MS = 7 * 86_400_000


@kpi(
    "social_activity",
    measure=COUNT,
    unit="count",
    scopes=("rep", "team"),
    formula="count of activities of kind social",
    source="social selling activity, the trade's term",
)
def social_activity(activity: Activity) -> Fact[int] | None:
    """Posts, comments and messages on social media."""
    return Fact(activity.at, 1) if activity.kind == "social" else None


@kpi(
    "meetings",
    measure=COUNT,
    unit="count",
    scopes=("rep", "team"),
    formula="count of activities of kind meeting",
    source="meetings held, the trade's term",
)
def meetings(activity: Activity) -> Fact[int] | None:
    """Meetings held."""
    return Fact(activity.at, 1) if activity.kind == "meeting" else None


@kpi(
    "presentations",
    measure=COUNT,
    unit="count",
    scopes=("rep", "team"),
    formula="count of activities of kind presentation",
    source="presentations given, the trade's term",
)
def presentations(activity: Activity) -> Fact[int] | None:
    """Presentations given."""
    return Fact(activity.at, 1) if activity.kind == "presentation" else None


@kpi(
    "collateral_use",
    measure=COUNTS,
    unit="count",
    scopes=("rep", "team"),
    formula="count of activities of kind collateral, by asset",
    source="sales content usage, sales enablement's term",
)
def collateral_use(activity: Activity) -> Fact[str] | None:
    """How often sales material was used, by asset; `unknown` where none was named."""
    if activity.kind != "collateral":
        return None
    return Fact(activity.at, activity.asset or "unknown")


@kpi(
    "collateral_in_wins",
    measure=SHARE,
    unit="ratio",
    scopes=("rep", "team"),
    formula="won deals with collateral shown before the win / won deals",
    source="the contract",
)
def collateral_in_wins(deal: Deal) -> Fact[bool] | None:
    """Share of won deals before whose win the same lead had been shown sales material."""
    if deal.won is None:
        return None
    shown = deal.origin.first_collateral
    return Fact(deal.won, shown is not None and shown < deal.won)


@kpi(
    "advance_rate",
    measure=SHARES,
    unit="ratio",
    scopes=("team",),
    formula="meetings, presentations, outbound calls with an advance within 7 days / all of them",
    source='"advance": Rackham: SPIN Selling, McGraw-Hill 1988',
)
def advance_rate(journey: Journey) -> Iterator[Fact[Labelled]]:
    """Share of meetings, presentations and outbound calls that move a deal on.

    A deal of the same lead is won, or enters a stage later than the one that it was just in (where
    stages have no order: one that it had not been in), within seven days after. `by` tells
    `meeting`, `presentation` and `call` apart. A rep's work without a lead is not counted.
    """
    if journey.is_without_lead:
        return
    advances = journey.advances
    for call in journey.calls:
        if call.is_outbound:
            yield _followed(advances, call.at, "call", call.dimensions)
    for activity in journey.activities:
        if activity.kind in ("meeting", "presentation"):
            yield _followed(advances, activity.at, activity.kind, activity.dimensions)


def _followed(advances: list[int], at: int, label: str, by: Dimensions) -> Fact[Labelled]:
    after = bisect_right(advances, at)
    is_hit = after < len(advances) and advances[after] <= at + WEEK_MS
    return Fact(at, Labelled(label, is_hit), by)
