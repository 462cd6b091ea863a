"""A value against its target, and its rank among its siblings."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from tests.oracle.formulas.catalogue import KPIS, LOW_IS_BETTER
from tests.oracle.formulas.values import Number, written
from tests.oracle.history.money import minor_digits, round_half_up

DECIMALS = 12
PLAN_FIELDS = ("target", "attainment", "met", "expected", "pace", "projected")
RANKED = ("rep", "team", "partner")


class Plan:
    """One value against its target."""

    def __init__(
        self,
        name: str,
        target: Fraction,
        value: Number | None,
        elapsed: Fraction,
        currency: str,
    ) -> None:
        """`target` is as it was set, money in major units; `elapsed` goes from 0 to 1."""
        self.kpi = KPIS[name]
        self.is_better_low = name in LOW_IS_BETTER
        self.currency = currency
        self.value = value
        self.elapsed = elapsed
        self.target = self.as_value(target)

    def as_value(self, target: Fraction) -> Number:
        """Round the target to what a value can be: minor units, milliseconds, whole counts."""
        if self.kpi.is_money:
            units: int = 10 ** minor_digits(self.currency)
            return round_half_up(target * units)
        if self.kpi.unit == "ms":
            return round_half_up(target)
        if self.kpi.unit == "count" and target.denominator == 1:
            return int(target)
        return float(target)

    def fields(self) -> dict[str, Any]:
        """The fields of the record."""
        expected, projected = self.expected(), self.projected()
        return {
            "target": self.written(self.target),
            "attainment": self.achieved(self.target),
            "met": self.is_met(),
            "expected": self.written(expected),
            "pace": self.achieved(expected),
            "projected": self.written(projected),
        }

    def is_met(self) -> bool | None:
        """Whether the target is reached or, where lower is better, not exceeded."""
        if self.value is None:
            return None
        return self.value <= self.target if self.is_better_low else self.value >= self.target

    def expected(self) -> Number:
        """The share of the target that should be reached by now."""
        if not self.kpi.adds_up_over_time:
            return self.target
        return self.rounded(Fraction(self.target) * self.elapsed)

    def projected(self) -> Number | None:
        """What the value comes to at the end, if all goes on as it did."""
        if not self.kpi.adds_up_over_time or self.value is None:
            return self.value
        return None if self.elapsed == 0 else self.rounded(Fraction(self.value) / self.elapsed)

    def rounded(self, exact: Fraction) -> Number:
        """Round money and durations to whole units, everything else to twelve decimals."""
        is_whole = self.kpi.is_money or self.kpi.unit == "ms"
        return round_half_up(exact) if is_whole else round(float(exact), DECIMALS)

    def achieved(self, aim: Number) -> float | None:
        """The value over the aim, or the aim over the value where lower is better."""
        above, below = (aim, self.value) if self.is_better_low else (self.value, aim)
        if above is None or below is None or below == 0:
            return None
        return round(above / below, DECIMALS)

    def written(self, number: Number | None) -> Number | str | None:
        """The number in the form of the record's value."""
        return written(self.kpi, number, self.currency)


def rank(name: str, own: Number | None, siblings: Iterable[Number]) -> int | None:
    """The place among siblings, 1 for the best; None for what has no value."""
    if own is None:
        return None
    is_better_low = name in LOW_IS_BETTER
    return 1 + sum(1 for it in siblings if (it < own if is_better_low else it > own))
