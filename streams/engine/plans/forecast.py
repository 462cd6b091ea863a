"""Forecast of a running window: revenue won, and open deals at their stage's win rate."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from struct import unpack
from typing import NamedTuple

from streams.engine.algebra.money import Exact, round_half_up
from streams.engine.algebra.seeded_sampling import binomials, stream

SAMPLES = 500
LOW, HIGH = 10, 90
CHANCE_BITS = 32


class WinRate(NamedTuple):
    """A chance of `won / closed`: measured on closed deals, or configured and taken as certain."""

    won: int
    closed: int
    is_measured: bool = True


class Due(NamedTuple):
    """Open deals of one stage and one rate that are due in the window; amounts in minor units."""

    amounts: Sequence[int]
    rate: WinRate


class Range(NamedTuple):
    """Range in which a window ends in 8 of 10 cases, in minor units.

    With few deals the expected value may be outside: a single deal of one chance in twenty is
    most often worth nothing, and never its twentieth part.
    """

    p10: int
    p90: int


def win_rate(
    won: int, closed: int, floor: int, own: Exact | None, configured: Exact | None
) -> WinRate | None:
    """A deal's win rate: measured on its stage from `floor` closed deals on.

    Below that it is the deal's own probability, else the configured one of its stage; None where
    nothing is known.
    """
    if closed >= max(floor, 1):
        return WinRate(won, closed)
    given = configured if own is None else own
    return None if given is None else WinRate(*given, is_measured=False)


def expected(revenue: int, stages: Iterable[Iterable[Due]]) -> int:
    """Revenue won and the open deals at their win rates, each stage rounded half up once."""
    return revenue + sum(_stage_total(deals) for deals in stages)


def _stage_total(deals: Iterable[Due]) -> int:
    exact = sum(
        (Fraction(sum(due.amounts) * due.rate.won, due.rate.closed) for due in deals), Fraction()
    )
    return round_half_up(exact.numerator, exact.denominator)


def likely(seed: str, key: str, revenue: int, stages: Mapping[str, Due]) -> Range:
    """Range in which the window will end, by sampling.

    Each of 500 samples has for each stage a win rate as uncertain as the number of its closed
    deals makes it, and then for each deal whether it is won. It depends on the arguments alone,
    not on the order of stages or amounts: win rates, which are the company's, on the seed, and
    deals on the key as well.
    """
    if not any(due.amounts for due in stages.values()):
        return Range(revenue, revenue)
    totals = sorted(_totals(seed, key, stages))
    low, high = (totals[-(-SAMPLES * rank // 100) - 1] for rank in (LOW, HIGH))
    return Range(revenue + low, revenue + high)


def _totals(seed: str, key: str, stages: Mapping[str, Due]) -> Sequence[int]:
    """Revenue of the open deals in each sample.

    One integer has all samples side by side, in a lane each, so that a deal takes a handful of
    operations instead of five hundred: a lane's chance minus its random number leaves the bit
    above them set where the deal is won.
    """
    most = sum(abs(amount) for due in stages.values() for amount in due.amounts)
    width = max(8, most.bit_length() // 8 + 1)
    ones = int.from_bytes((1).to_bytes(width, "little") * SAMPLES, "little")
    uniform = ones * ((1 << CHANCE_BITS) - 1)
    totals = 0
    subtracted = 0
    for stage, due in sorted(stages.items()):
        chances = _chances(f"{seed}|{stage}", due.rate, width) + (ones << CHANCE_BITS) - ones
        random = 0
        for number, amount in enumerate(sorted(due.amounts)):
            if number % 2:
                # A lane's random bytes are enough for two deals.
                random >>= CHANCE_BITS
            else:
                fresh = stream(f"{seed}|{key}|{stage}|{number}", SAMPLES * width)
                random = int.from_bytes(fresh, "little")
            wins = ((chances - (random & uniform)) >> CHANCE_BITS) & ones
            if amount < 0:
                # Lanes cannot be negative: subtract it from all, and add it again where lost.
                wins, subtracted = ones - wins, subtracted + amount
            totals += wins * abs(amount)
    lanes = totals.to_bytes(SAMPLES * width, "little")
    if width == 8:
        return [subtracted + total for total in unpack(f"<{SAMPLES}Q", lanes)]
    return [
        subtracted + int.from_bytes(lanes[at : at + width], "little")
        for at in range(0, len(lanes), width)
    ]


@lru_cache(maxsize=1024)
def _chances(key: str, rate: WinRate, width: int) -> int:
    """Each sample's chance to win, in its lane, in parts of 2**32."""
    samples = [rate.won] * SAMPLES
    if rate.is_measured:
        samples = binomials(key, SAMPLES, rate.won, rate.closed)
    chances = [(won << CHANCE_BITS) // rate.closed for won in samples]
    return int.from_bytes(b"".join(it.to_bytes(width, "little") for it in chances), "little")
