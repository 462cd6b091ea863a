"""What may still be sold, and what of it is going stale?"""

from streams.engine.algebra.measures import LEVEL, MEAN
from streams.engine.catalogue.kpi import Fact, kpi
from streams.journeys import Deal
from streams.journeys.deals.levels import level_steps

PIPELINE = (
    "rep",
    "team",
    "department",
    "unit",
    "channel",
    "partner",
    "product",
    "pipeline",
    "stage",
)


@kpi(
    "pipeline_amount",
    measure=LEVEL,
    unit="money",
    scopes=PIPELINE,
    formula="sum of amounts of open deals",
    source="open pipeline, the trade's term",
)
def pipeline_amount(deal: Deal) -> list[Fact[int]]:
    """The amounts of open deals, at the rate of the day each was created.

    Of a past instant: what was open then, with the amount and stage that it had then.
    """
    worth = deal.worth_then
    return level_steps([(start, end, worth(then), own) for start, end, then, own in deal.standings])


@kpi(
    "pipeline_count",
    measure=LEVEL,
    unit="count",
    scopes=PIPELINE,
    formula="count of open deals",
    source="open opportunities, the trade's term",
)
def pipeline_count(deal: Deal) -> list[Fact[int]]:
    """Open deals; of a past instant those that were open then, in the stage of then."""
    return level_steps([(start, end, 1, own) for start, end, _, own in deal.standings])


@kpi(
    "pipeline_weighted",
    measure=LEVEL,
    unit="money",
    scopes=("rep", "team", "stage"),
    formula="sum of (amount × probability of the deal, else of its stage) over open deals",
    source="weighted pipeline, the trade's term",
)
def pipeline_weighted(deal: Deal) -> list[Fact[int]]:
    """The amounts of open deals times their probability, or else their stage's.

    A deal without either is left out.
    """
    worth = deal.weighted
    return level_steps([(start, end, worth(then), own) for start, end, then, own in deal.standings])


@kpi(
    "expired_pipeline",
    measure=LEVEL,
    unit="money",
    scopes=("rep", "team", "partner"),
    better="lower",
    formula="sum of amounts of open deals past their expected close day",
    source="pipeline past its close date, the trade's term",
)
def expired_pipeline(deal: Deal) -> list[Fact[int]]:
    """The amounts of deals still open after the day they were expected to close.

    At the rate of the day each was created.
    """
    return level_steps(deal.expired())


@kpi(
    "stale_opportunities",
    measure=LEVEL,
    unit="count",
    scopes=("rep", "team"),
    better="lower",
    formula="count of open deals without an event of their subject for 30 days",
    source="stalled opportunities, the trade's term",
)
def stale_opportunities(deal: Deal) -> list[Fact[int]]:
    """Open deals about whose subject nothing has been heard for 30 days (a setting)."""
    return level_steps(deal.stale())


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
