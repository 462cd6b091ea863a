"""Reading a KPI off what was counted: its parts, its value and how that is written."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tests.oracle.formulas.catalogue import Kpi
from tests.oracle.history.money import major, round_half_up

Number = int | float
MOST_LABELS = 100
OTHER = "other"
PARTS = {
    "count": ("count",),
    "sum": ("sum",),
    "mean": ("sum", "count"),
    "share": ("hits", "total"),
    "ratio": ("numerator", "denominator"),
    "level": ("level",),
    "level_ratio": ("numerator", "denominator"),
    "shares": ("hits", "total"),
}


def parts_of(kpi: Kpi, total: Counter[str]) -> dict[str, Any]:
    """Give the parts of what the facts add up to; money stays in minor units."""
    if kpi.measure == "counts":
        return {"counts": largest(total)}
    if kpi.measure == "shares":
        return shares_of(total)
    return {part: total[part] for part in PARTS[kpi.measure]}


def largest(total: Counter[str]) -> dict[str, int]:
    """The largest counts, then by name, and the rest under `other`."""
    ranked = sorted(total.items(), key=lambda it: (-it[1], it[0]))
    shown = dict(ranked[:MOST_LABELS])
    rest = sum(number for _, number in ranked[MOST_LABELS:])
    return shown | {OTHER: shown.get(OTHER, 0) + rest} if rest else shown


def shares_of(total: Counter[str]) -> dict[str, Any]:
    """Give a share by label, and of all labels together."""
    labels = sorted({name.rpartition(".")[0] for name in total})
    by = {it: {part: total[f"{it}.{part}"] for part in ("hits", "total")} for it in labels}
    overall = {part: sum(one[part] for one in by.values()) for part in ("hits", "total")}
    return {**overall, "by": by}


def number_of(kpi: Kpi, parts: dict[str, Any]) -> Number | None:
    """Divide where the measure divides; money in minor units; None for something over nothing."""
    if kpi.measure == "counts":
        return int(sum(parts["counts"].values()))
    if kpi.measure in ("count", "sum", "level"):
        return int(parts[kpi.measure])
    above, below = (parts[part] for part in PARTS[kpi.measure])
    if below == 0:
        return None
    if kpi.unit == "ms" or kpi.is_money:
        return round_half_up(Fraction(above, below))
    return float(1000 * above / below if kpi.unit == "per_1000" else above / below)


def change_between(number: float | None, previous: float | None) -> int | float | None:
    """Subtract; a difference of ratios is rounded to twelve decimals."""
    if number is None or previous is None:
        return None
    change = number - previous
    return round(change, 12) if isinstance(change, float) else change


def written(kpi: Kpi, number: Number | None, currency: str) -> Number | str | None:
    """Give the number as the record shows it: money as a decimal string in major units."""
    if kpi.is_money and number is not None:
        assert isinstance(number, int)
        return major(number, currency)
    return number


def percentiles_of(values: Sequence[int]) -> dict[str, int | None]:
    """Give the exact nearest-rank percentiles of a mean's values; null for none."""
    in_order = sorted(values)
    return {
        f"p{percent}": in_order[nearest_rank(percent, len(values)) - 1] if values else None
        for percent in (50, 90)
    }


def nearest_rank(percent: int, count: int) -> int:
    """Round percent/100 of the count up to a rank that counts from 1."""
    return -(-percent * count // 100)
