"""Derived KPIs: what follows from the parts of others, of the same scope and window."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import sqrt
from typing import Any

from tests.oracle.formulas.values import Number
from tests.oracle.history.money import round_half_up

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
DECIMALS = 12
LEAST_PAIRS = 3
Parts = Mapping[str, Any]


def sales_velocity(parts: Parts) -> int | None:
    """Money a day: open deals times their chance times their size, over how long they take."""
    closed, size, cycle = parts["close_rate"], parts["deal_size"], parts["cycle_time"]
    if closed["total"] == 0 or size["count"] == 0 or cycle["sum"] == 0:
        return None
    chance = Fraction(closed["hits"], closed["total"])
    worth = Fraction(size["sum"], size["count"])
    days = Fraction(cycle["sum"], cycle["count"] * DAY_MS)
    return round_half_up(parts["pipeline_count"]["level"] * chance * worth / days)


def pipeline_coverage(parts: Parts) -> float | None:
    """The open amounts over what is still missing to the target."""
    if parts["target"] is None:
        return None
    rest = parts["target"] - parts["revenue_won"]["sum"]
    return float(parts["pipeline_amount"]["level"] / rest) if rest > 0 else None


def cost_per_lead(parts: Parts) -> int | None:
    """Spend over leads."""
    return money_each(parts["marketing_spend"]["sum"], parts["lead_count"]["count"])


def cost_per_opportunity(parts: Parts) -> int | None:
    """Spend over deals created."""
    return money_each(parts["marketing_spend"]["sum"], parts["deal_conversion"]["total"])


def money_each(money: int, count: int) -> int | None:
    """Divide minor units, half up."""
    return round_half_up(Fraction(money, count)) if count else None


def campaign_return(parts: Parts) -> float | None:
    """What was won beyond the spend, over the spend."""
    won, spent = parts["revenue_won"]["sum"], parts["marketing_spend"]["sum"]
    return float((won - spent) / spent) if spent else None


def lead_generation_rate(parts: Parts) -> float | None:
    """Leads an hour."""
    count, hours = parts["lead_count"]["count"], parts["prospecting_hours"]["sum"]
    return float(count * HOUR_MS / hours) if hours else None


def rrroi(parts: Parts) -> float | None:
    """How much the response rate grew for each hour more."""
    rates = [one["response_rate"] for one in (parts, parts["before"])]
    hours, hours_before = (one["prospecting_hours"]["sum"] for one in (parts, parts["before"]))
    if any(rate["total"] == 0 for rate in rates) or hours <= hours_before:
        return None
    rate, rate_before = (Fraction(it["hits"], it["total"]) for it in rates)
    return float((rate - rate_before) / Fraction(hours - hours_before, HOUR_MS))


def partner_quality(parts: Parts) -> float | None:
    """Half for the wins and half for the revenue, each against the best partner's."""
    best = parts["best"]
    if best["deal_count"] == 0 or best["revenue_won"] <= 0:
        return None
    wins = Fraction(parts["deal_count"]["count"], best["deal_count"])
    return float(50 * wins + 50 * Fraction(parts["revenue_won"]["sum"], best["revenue_won"]))


def delivery_sales_lag(parts: Parts) -> float | None:
    """The correlation of the lag that correlates most."""
    return None if parts["lag"] is None else parts["correlations"][str(parts["lag"])]


FORMULAS: dict[str, Callable[[Parts], Number | None]] = {
    "sales_velocity": sales_velocity,
    "pipeline_coverage": pipeline_coverage,
    "cost_per_lead": cost_per_lead,
    "cost_per_opportunity": cost_per_opportunity,
    "campaign_return": campaign_return,
    "lead_generation_rate": lead_generation_rate,
    "rrroi": rrroi,
    "partner_quality": partner_quality,
    "delivery_sales_lag": delivery_sales_lag,
}


def lags(pairs: Mapping[int, list[tuple[Fraction, int]]]) -> dict[str, Any]:
    """Correlate the pairs of each lag, and name the lag that correlates most.

    Of several it is the least.
    """
    squares = {lag: square_of_correlation(of_lag) for lag, of_lag in pairs.items()}
    known = {lag: abs(square) for lag, square in squares.items() if square is not None}
    most = [lag for lag, square in known.items() if square == max(known.values())]
    return {
        "lag": min(most, default=None),
        "correlations": {str(lag): root(square) for lag, square in squares.items()},
        "pairs": {str(lag): len(of_lag) for lag, of_lag in pairs.items()},
    }


def square_of_correlation(pairs: list[tuple[Fraction, int]]) -> Fraction | None:
    """Give Pearson's correlation squared, with its sign; None where it says nothing."""
    if len(pairs) < LEAST_PAIRS:
        return None
    mean_x = sum((x for x, _ in pairs), Fraction(0)) / len(pairs)
    mean_y = Fraction(sum(y for _, y in pairs), len(pairs))
    spread_x = sum(((x - mean_x) * (x - mean_x) for x, _ in pairs), Fraction(0))
    spread_y = sum(((y - mean_y) * (y - mean_y) for _, y in pairs), Fraction(0))
    if spread_x == 0 or spread_y == 0:
        return None
    together = sum(((x - mean_x) * (y - mean_y) for x, y in pairs), Fraction(0))
    return together * abs(together) / (spread_x * spread_y)


def root(square: Fraction | None) -> float | None:
    """Give the root of a square that has kept its sign."""
    if square is None:
        return None
    length = round(sqrt(abs(square)), DECIMALS)
    return length if square >= 0 else -length
