"""What do the KPIs say together?"""

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt
from typing import Any, NamedTuple

from streams.engine.calendars.calendar import HOUR_MS
from streams.engine.catalogue.declare_derived import derived
from streams.engine.catalogue.derived import (
    FormulaContext,
    KpiValue,
    Quotient,
)
from streams.kpis import (
    delivery,
    funnel,
    marketing,
    pipeline,
    prospecting,
    sales,
)

# The KPIs of these modules are the ingredients, and must be declared first.
SOURCES = (delivery, funnel, marketing, pipeline, prospecting, sales)
DAY_MS = 24 * HOUR_MS
MARKETING = ("channel", "media", "campaign")
LAGS = 4
SPAN_MONTHS = 24
WON = ("deal_count", "revenue_won")


@derived(
    "sales_velocity",
    unit="money_per_day",
    scopes=("rep", "team", "partner"),
    ingredients=("pipeline_count", "close_rate", "deal_size", "cycle_time"),
    formula="open deals × close_rate × deal_size / cycle_time in days",
    source="pipeline velocity, the trade's formula",
)
def sales_velocity(context: FormulaContext) -> Quotient | None:
    """What the open deals bring in a day, as surely, as large and as fast as deals are now.

    Open deals times close rate times deal size, by the days of a cycle.
    """
    closed, size, cycle = (context.value(n) for n in ("close_rate", "deal_size", "cycle_time"))
    if closed is None or size is None or cycle is None or not cycle[0]:
        return None
    count = context.vector("pipeline_count").get("sum", 0)
    return (
        count * closed[0] * size[0] * cycle[1] * DAY_MS,
        closed[1] * size[1] * cycle[0],
    )


@derived(
    "pipeline_coverage",
    unit="ratio",
    scopes=("rep", "team"),
    ingredients=("pipeline_amount", "revenue_won"),
    targets=("revenue_won",),
    formula="pipeline_amount / (target of revenue_won − revenue_won)",
    source="pipeline coverage, the trade's term",
)
def pipeline_coverage(context: FormulaContext) -> KpiValue:
    """How many times the open amounts cover what is still missing to the target of revenue.

    Without a target, or once it is reached, there is nothing to cover.
    """
    target = context.target("revenue_won")
    parts = {**context.parts(), "target": None if target is None else int(target)}
    if target is None:
        return KpiValue(None, parts)
    missing = int(target) - context.vector("revenue_won").get("sum", 0)
    amount = context.vector("pipeline_amount").get("sum", 0)
    return KpiValue((amount, missing) if missing > 0 else None, parts)


@derived(
    "cost_per_lead",
    unit="money",
    scopes=MARKETING,
    ingredients=("marketing_spend", "lead_count"),
    better="lower",
    formula="marketing_spend / lead_count",
    source="cost per lead (CPL), the trade's term",
)
def cost_per_lead(context: FormulaContext) -> Quotient | None:
    """What is spent on marketing for each lead created."""
    spent, leads = _sum(context, "marketing_spend"), context.vector("lead_count").get("n", 0)
    return (spent, leads) if leads else None


@derived(
    "cost_per_opportunity",
    unit="money",
    scopes=MARKETING,
    ingredients=("marketing_spend", "deal_conversion"),
    better="lower",
    formula="marketing_spend / deals created",
    source="cost per opportunity, the trade's term",
)
def cost_per_opportunity(context: FormulaContext) -> Quotient | None:
    """What is spent on marketing for each deal created."""
    spent, deals = _sum(context, "marketing_spend"), context.vector("deal_conversion").get("n", 0)
    return (spent, deals) if deals else None


@derived(
    "campaign_return",
    unit="ratio",
    scopes=MARKETING,
    ingredients=("revenue_won", "marketing_spend"),
    formula="(revenue_won − marketing_spend) / marketing_spend",
    source="return on marketing investment (ROMI), the trade's term",
)
def campaign_return(context: FormulaContext) -> Quotient | None:
    """What marketing wins beyond its cost, as a multiple of the cost."""
    won, spent = _sum(context, "revenue_won"), _sum(context, "marketing_spend")
    return (won - spent, spent) if spent else None


@derived(
    "rrroi",
    unit="ratio",
    scopes=("channel",),
    ingredients=("response_rate", "prospecting_hours"),
    lookback_windows=1,
    formula=(
        "(response_rate − response_rate before) / (prospecting_hours − prospecting_hours before)"
    ),
    source="the contract",
)
def rrroi(context: FormulaContext) -> KpiValue:
    """How far the response rate grew for each hour of prospecting more than in the window before.

    There is a value only where hours grew and both windows have a response rate.
    """
    before = context.before
    parts = {**context.parts(), "before": before.parts()}
    now, then = context.value("response_rate"), before.value("response_rate")
    more = _sum(context, "prospecting_hours") - _sum(before, "prospecting_hours")
    if now is None or then is None or more <= 0:
        return KpiValue(None, parts)
    grown = now[0] * then[1] - then[0] * now[1]
    return KpiValue((grown * HOUR_MS, now[1] * then[1] * more), parts)


@derived(
    "lead_generation_rate",
    unit="ratio",
    scopes=("channel", "rep"),
    ingredients=("lead_count", "prospecting_hours"),
    formula="lead_count / prospecting_hours",
    source="leads per prospecting hour, the trade's term",
)
def lead_generation_rate(context: FormulaContext) -> Quotient | None:
    """Leads created for each hour of prospecting."""
    spent = _sum(context, "prospecting_hours")
    return (context.vector("lead_count").get("n", 0) * HOUR_MS, spent) if spent else None


@derived(
    "partner_quality",
    unit="score",
    scopes=("partner",),
    ingredients=WON,
    across=WON,
    is_for_all=False,
    formula="50 × deal_count / best deal_count + 50 × revenue_won / best revenue_won",
    source="the contract",
)
def partner_quality(context: FormulaContext) -> KpiValue:
    """How good a partner is from 0 to 100, measured by the best ones of the window.

    Half for the number of deals won, half for their revenue.
    """
    count, revenue = context.vector("deal_count").get("n", 0), _sum(context, "revenue_won")
    best_count, best_revenue = (context.best(name) for name in WON)
    parts = {**context.parts(), "best": {"deal_count": best_count, "revenue_won": best_revenue}}
    if best_count <= 0 or best_revenue <= 0:
        return KpiValue(None, parts)
    score = 50 * (count * best_revenue + revenue * best_count)
    return KpiValue((score, best_count * best_revenue), parts)


@derived(
    "delivery_sales_lag",
    unit="ratio",
    scopes=(),
    ingredients=("on_time_delivery", "revenue_won"),
    kinds=("month",),
    lookback_windows=SPAN_MONTHS - 1,
    carry_forward="on_time_delivery",
    formula="strongest correlation of on_time_delivery with revenue_won 0..3 months later",
    source="Pearson's correlation coefficient, lagged; lags and span: the contract",
)
def delivery_sales_lag(context: FormulaContext) -> KpiValue:
    """How closely delivering on time goes with revenue up to three months later, over 24 months.

    Pearson's correlation at the lag where it is strongest; the parts have every lag. Fewer than
    three pairs of months, or months that are all alike, say nothing.
    """
    months = [context]
    while len(months) < SPAN_MONTHS:
        months.append(months[-1].before)
    months.reverse()
    shares = [month.value("on_time_delivery") for month in months]
    revenue = [_sum(month, "revenue_won") for month in months]
    found = []
    for lag in range(LAGS):
        later = zip(shares, revenue[lag:], strict=False)
        found.append([(share, won) for share, won in later if share is not None])
    correlations = {lag: correlation(pairs) for lag, pairs in enumerate(found)}
    known = {lag: each for lag, each in correlations.items() if each is not None}
    # Of several that are equally strong `max` gives the first, the one with the smallest lag.
    strongest = max(known, key=lambda lag: known[lag].strength, default=None)
    parts: dict[str, Any] = {
        "lag": strongest,
        "correlations": {str(lag): each and each.value for lag, each in correlations.items()},
        "pairs": {str(lag): len(pairs) for lag, pairs in enumerate(found)},
    }
    return KpiValue(None if strongest is None else known[strongest].value, parts)


def _sum(context: FormulaContext, name: str) -> int:
    return context.vector(name).get("sum", 0)


LEAST_PAIRS = 3

DECIMALS = 12


class Correlation(NamedTuple):
    """A correlation from -1 to 1, and its exact square, by which lags are compared."""

    value: float
    strength: Fraction


def correlation(pairs: Sequence[tuple[tuple[int, int], int]]) -> Correlation | None:
    """Correlate quotients with whole numbers; None below 3 pairs or where one is constant."""
    n = len(pairs)
    if n < LEAST_PAIRS:
        return None
    firsts = [Fraction(*quotient) for quotient, _ in pairs]
    seconds = [second for _, second in pairs]
    mean, other_mean = sum(firsts, Fraction()) / n, Fraction(sum(seconds), n)
    spread = sum(((each - mean) ** 2 for each in firsts), Fraction())
    other_spread = sum(((each - other_mean) ** 2 for each in seconds), Fraction())
    if not spread or not other_spread:
        return None
    together = sum(
        ((one - mean) * (other - other_mean) for one, other in zip(firsts, seconds, strict=True)),
        Fraction(),
    )
    strength = together**2 / (spread * other_spread)
    value = round(sqrt(strength), DECIMALS)
    return Correlation(value if together >= 0 else -value, strength)
