"""What may still be sold, and what of it is going stale?"""

from collections.abc import Iterator

from streams.engine.algebra.measures import LEVEL, MEAN
from streams.engine.catalogue.kpi import (
    Fact,
    kpi,
    steps,
)
from streams.journeys import Deal

PIPELINE = ("rep", "team", "department", "unit", "channel", "partner", "product", "stage")


@kpi(
    "pipeline_amount",
    measure=LEVEL,
    unit="money",
    scopes=PIPELINE,
    formula="sum of amounts of open deals",
    source="open pipeline, the trade's term",
)
def pipeline_amount(deal: Deal) -> Iterator[Fact[int]]:
    """The amounts of open deals, at the rate of the day each was created."""
    yield from steps(deal.created, deal.closed, deal.worth(deal.created))


@kpi(
    "pipeline_count",
    measure=LEVEL,
    unit="count",
    scopes=PIPELINE,
    formula="count of open deals",
    source="open opportunities, the trade's term",
)
def pipeline_count(deal: Deal) -> Iterator[Fact[int]]:
    """Open deals."""
    yield from steps(deal.created, deal.closed, 1)


@kpi(
    "pipeline_weighted",
    measure=LEVEL,
    unit="money",
    scopes=("rep", "team", "stage"),
    formula="sum of (amount × probability of the deal, else of its stage) over open deals",
    source="weighted pipeline, the trade's term",
)
def pipeline_weighted(deal: Deal) -> Iterator[Fact[int]]:
    """The amounts of open deals times their probability, or else their stage's.

    A deal without either is left out.
    """
    yield from steps(deal.created, deal.closed, deal.weighted())


@kpi(
    "expired_pipeline",
    measure=LEVEL,
    unit="money",
    scopes=("rep", "team", "partner"),
    better="lower",
    formula="sum of amounts of open deals past their expected close day",
    source="pipeline past its close date, the trade's term",
)
def expired_pipeline(deal: Deal) -> Iterator[Fact[int]]:
    """The amounts of deals still open after the day they were expected to close."""
    if deal.expected_close is None:
        return
    start = max(deal.created, deal.context.calendar.end_of(deal.expected_close))
    if deal.closed is None or deal.closed > start:
        yield from steps(start, deal.closed, deal.worth(start))


@kpi(
    "stale_opportunities",
    measure=LEVEL,
    unit="count",
    scopes=("rep", "team"),
    better="lower",
    formula="count of open deals without an event of their subject for 30 days",
    source="stalled opportunities, the trade's term",
)
def stale_opportunities(deal: Deal) -> Iterator[Fact[int]]:
    """Open deals about whose subject nothing has been heard for 30 days (a setting)."""
    if deal.closed is None:
        yield from steps(deal.origin.latest + deal.context.definitions.stale_ms, None, 1)


@kpi(
    "pipeline_created",
    measure=MEAN,
    unit="money",
    scopes=("rep", "team", "channel", "partner"),
    formula="amounts of deals created / deals created with an amount",
    source="average value of new pipeline, the trade's term",
)
def pipeline_created(deal: Deal) -> Fact[int]:
    """What a new deal is worth on average, with sum and count, over those with an amount."""
    return Fact(deal.created, deal.worth(deal.created))
