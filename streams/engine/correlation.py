"""Pearson's correlation, exact up to the last root."""

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt
from typing import NamedTuple

LEAST_PAIRS = 3
DECIMALS = 12


class Correlation(NamedTuple):
    """How two series go together: from -1 to 1, and the exact square that strength is told by."""

    value: float
    strength: Fraction


def correlation(pairs: Sequence[tuple[tuple[int, int], int]]) -> Correlation | None:
    """Correlate quotients with whole numbers; None for under 3 pairs or where one never varies."""
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
