"""Reading a KPI off the facts of a window: its parts, its value and how that is written."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tests.oracle.catalogue import Kpi
from tests.oracle.facts import Fact
from tests.oracle.money import major, round_half_up

PARTS = {
    "count": ("count",),
    "sum": ("sum",),
    "mean": ("sum", "count"),
    "share": ("hits", "total"),
    "ratio": ("numerator", "denominator"),
    "level": ("level",),
}


def parts_of(kpi: Kpi, facts: Sequence[Fact]) -> dict[str, Any]:
    """Add up the facts; money stays in minor units."""
    total: Counter[str] = Counter()
    for fact in facts:
        for part, amount in fact.parts.items():
            total[part] += amount
    if kpi.measure == "counts":
        return {"counts": dict(total)}
    return {part: total[part] for part in PARTS[kpi.measure]}


def number_of(kpi: Kpi, parts: dict[str, Any]) -> int | float | None:
    """Divide where the measure divides; money in minor units; None for something over nothing."""
    if kpi.measure == "counts":
        return int(sum(parts["counts"].values()))
    if kpi.measure in ("count", "sum", "level"):
        return int(parts[kpi.measure])
    above, below = (parts[part] for part in PARTS[kpi.measure])
    if below == 0:
        return None
    if kpi.unit in ("ms", "money"):
        return round_half_up(Fraction(above, below))
    return float(1000 * above / below if kpi.unit == "per_1000" else above / below)


def change_between(number: float | None, previous: float | None) -> int | float | None:
    """Subtract; a difference of ratios is rounded to twelve decimals."""
    if number is None or previous is None:
        return None
    change = number - previous
    return round(change, 12) if isinstance(change, float) else change


def written(kpi: Kpi, number: float | None, currency: str) -> int | float | str | None:
    """Give the number as the record shows it: money as a decimal string in major units."""
    if kpi.unit == "money" and number is not None:
        assert isinstance(number, int)
        return major(number, currency)
    return number


def percentiles_of(facts: Sequence[Fact]) -> dict[str, int]:
    """Give the exact nearest-rank percentiles of a mean's values; there is at least one."""
    values = sorted(fact.parts["sum"] for fact in facts)
    return {f"p{percent}": values[nearest_rank(percent, len(values)) - 1] for percent in (50, 90)}


def nearest_rank(percent: int, count: int) -> int:
    """Round percent/100 of the count up to a rank that counts from 1."""
    return -(-percent * count // 100)
