"""What is sold, how large, how surely and how fast?"""

from streams.engine.algebra.measures import (
    COUNT,
    COUNTS,
    MEAN,
    RATIO,
    SHARE,
    SPREAD,
    SUM,
    Fraction,
)
from streams.engine.algebra.money import minor_digits
from streams.engine.catalogue.kpi import (
    Fact,
    Unpriced,
    kpi,
)
from streams.journeys import Deal, Lead

SELLING = (
    "rep",
    "team",
    "department",
    "unit",
    "channel",
    "media",
    "campaign",
    "partner",
    "product",
    "pipeline",
)


@kpi(
    "deal_count",
    measure=COUNT,
    unit="count",
    scopes=SELLING,
    formula="count of deals won",
    source="closed-won deals, the trade's term",
)
def deal_count(deal: Deal) -> Fact[int] | None:
    """Deals won."""
    return None if deal.won is None else Fact(deal.won, 1)


@kpi(
    "revenue_won",
    measure=SUM,
    unit="money",
    scopes=SELLING,
    formula="sum of amounts of deals won",
    source="closed-won revenue, the trade's term",
)
def revenue_won(deal: Deal) -> Fact[int] | None:
    """The amounts of deals won."""
    return None if deal.won is None else Fact(deal.won, deal.worth(deal.won))


@kpi(
    "deal_size",
    measure=MEAN,
    unit="money",
    scopes=SELLING,
    formula="amounts of deals won / deals won with an amount",
    source="average deal size, the trade's term",
)
def deal_size(deal: Deal) -> Fact[int] | None:
    """What a won deal is worth on average, over those with an amount."""
    return None if deal.won is None else Fact(deal.won, deal.worth(deal.won))


@kpi(
    "deal_size_mix",
    measure=COUNTS,
    unit="count",
    scopes=("rep", "team"),
    formula="count of deals won, by size",
    source="the contract",
)
def deal_size_mix(deal: Deal) -> Fact[str] | None:
    """Won deals by size: `small`, `medium`, `large`; the two bounds are settings."""
    if deal.won is None:
        return None
    worth = deal.worth(deal.won)
    if worth is None or isinstance(worth, Unpriced):
        return Fact(deal.won, worth)
    definitions = deal.context.definitions
    scale = 10 ** minor_digits(definitions.currency)
    if worth < definitions.small_deal * scale:
        return Fact(deal.won, "small")
    return Fact(deal.won, "large" if worth >= definitions.large_deal * scale else "medium")


@kpi(
    "close_rate",
    measure=SHARE,
    unit="ratio",
    scopes=SELLING,
    formula="deals won / (deals won + deals lost)",
    source="win rate, the trade's term",
)
def close_rate(deal: Deal) -> Fact[bool] | None:
    """Share of deals won, of those won or lost."""
    at = deal.outcome_at
    return None if at is None else Fact(at, deal.won is not None, since=deal.closed)


@kpi(
    "close_rate_value",
    measure=RATIO,
    unit="ratio",
    scopes=SELLING,
    formula="amounts won / (amounts won + amounts lost)",
    source="win rate by value, the trade's term",
)
def close_rate_value(deal: Deal) -> Fact[Fraction] | None:
    """The amounts won as a share of the amounts won or lost."""
    at = deal.outcome_at
    if at is None:
        return None
    worth = deal.outcome_worth(at)
    if not isinstance(worth, int):
        return Fact(at, worth, since=deal.closed)
    won = worth if deal.won is not None else 0
    return Fact(at, Fraction(won, worth), since=deal.closed)


@kpi(
    "lead_conversion",
    measure=SHARE,
    unit="ratio",
    scopes=("rep", "team", "channel", "media", "campaign", "partner"),
    formula="leads with a won deal / leads created",
    source="lead-to-win conversion rate by cohort, the trade's term",
)
def lead_conversion(lead: Lead) -> Fact[bool]:
    """Share of the leads created in the window that have a won deal by now."""
    return Fact(lead.created, lead.has_won)


@kpi(
    "deal_conversion",
    measure=SHARE,
    unit="ratio",
    scopes=SELLING,
    formula="deals now won / deals created",
    source="opportunity-to-win conversion rate by cohort, the trade's term",
)
def deal_conversion(deal: Deal) -> Fact[bool]:
    """Share of the deals created in the window that are won by now."""
    return Fact(deal.created, deal.won is not None)


@kpi(
    "cycle_time",
    measure=SPREAD,
    unit="ms",
    scopes=("rep", "team", "channel", "partner", "product"),
    better="lower",
    formula="mean, p50, p90 of (win − creation of the lead or the deal, whichever is earlier)",
    source="sales cycle length, the trade's term",
)
def cycle_time(deal: Deal) -> Fact[int] | None:
    """From the creation of the lead or of the deal, whichever is earlier, to the win."""
    return None if deal.won is None else Fact(deal.won, deal.won - deal.begun)
