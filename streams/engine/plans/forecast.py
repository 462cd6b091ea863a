"""The forecast of a running window: revenue won, and open deals by the win rate of their stage."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from struct import unpack
from typing import NamedTuple

from streams.engine.algebra.money import Exact, round_half_up
from streams.engine.algebra.seeded_sampling import binomials, stream

SAMPLES = 500
LOW, HIGH = 10, 90
CHANCE_BITS = 32


class WinRate(NamedTuple):
    """A chance of `won / closed`: measured on that many deals, or configured and exact."""

    won: int
    closed: int
    is_measured: bool = True


class Due(NamedTuple):
    """The open deals of one stage that are due in the window: amounts in minor units."""

    amounts: Sequence[int]
    rate: WinRate


class Range(NamedTuple):
    """The range of a window's result in 8 of 10 cases, in minor units.

    With few deals it may not contain the expected value: a single deal with one chance in twenty
    is most often worth nothing.
    """

    p10: int
    p90: int


def win_rate(won: int, closed: int, floor: int, configured: Exact | None) -> WinRate | None:
    """Choose a stage's win rate: its history's from `floor` closed deals on, else the setting's.

    None where neither is known.
    """
    if closed >= max(floor, 1):
        return WinRate(won, closed)
    return None if configured is None else WinRate(*configured, is_measured=False)


def expected(revenue: int, stages: Iterable[Due]) -> int:
    """Give the expected result of a window: revenue won, and open deals at their win rates.

    Each stage is rounded half up once.
    """
    return revenue + sum(
        round_half_up(sum(due.amounts) * due.rate.won, due.rate.closed) for due in stages
    )


def likely(seed: str, key: str, revenue: int, stages: Mapping[str, Due]) -> Range:
    """Give the range in which a window will end, from the same and a seed.

    It is of 500 draws: each draws for each stage a win rate as uncertain as the number of its
    closed deals leaves it, and then for each deal whether it wins. It depends on the arguments
    alone, not on the order of stages or amounts: win rates, which are the company's, on the
    seed, and deals on the key as well.
    """
    if not any(due.amounts for due in stages.values()):
        return Range(revenue, revenue)
    totals = sorted(_totals(seed, key, stages))
    low, high = (totals[-(-SAMPLES * rank // 100) - 1] for rank in (LOW, HIGH))
    return Range(revenue + low, revenue + high)


def _totals(seed: str, key: str, stages: Mapping[str, Due]) -> Sequence[int]:
    """Draw what the open deals bring in.

    One integer holds all draws side by side, a lane each, so that a deal takes a handful of
    operations and not five hundred: a lane's chance less its random number leaves the bit
    above them set where the deal wins.
    """
    most = sum(abs(amount) for due in stages.values() for amount in due.amounts)
    width = max(8, most.bit_length() // 8 + 1)
    ones = int.from_bytes((1).to_bytes(width, "little") * SAMPLES, "little")
    uniform = ones * ((1 << CHANCE_BITS) - 1)
    totals = 0
    offset = 0
    for stage, due in sorted(stages.items()):
        chances = _chances(f"{seed}|{stage}", due.rate, width) + (ones << CHANCE_BITS) - ones
        drawn = 0
        for number, amount in enumerate(sorted(due.amounts)):
            if number % 2:
                # A lane's random bytes are enough for two deals.
                drawn >>= CHANCE_BITS
            else:
                fresh = stream(f"{seed}|{key}|{stage}|{number}", SAMPLES * width)
                drawn = int.from_bytes(fresh, "little")
            wins = ((chances - (drawn & uniform)) >> CHANCE_BITS) & ones
            if amount < 0:
                # Lanes cannot go below zero: take it off for all, and give it back where lost.
                wins, offset = ones - wins, offset + amount
            totals += wins * abs(amount)
    lanes = totals.to_bytes(SAMPLES * width, "little")
    if width == 8:
        return [offset + total for total in unpack(f"<{SAMPLES}Q", lanes)]
    return [
        offset + int.from_bytes(lanes[at : at + width], "little")
        for at in range(0, len(lanes), width)
    ]


@lru_cache(maxsize=1024)
def _chances(key: str, rate: WinRate, width: int) -> int:
    """Give each draw's chance to win, in its lane, as a share of 2**32."""
    drawn = [rate.won] * SAMPLES
    if rate.is_measured:
        drawn = binomials(key, SAMPLES, rate.won, rate.closed)
    chances = [(won << CHANCE_BITS) // rate.closed for won in drawn]
    return int.from_bytes(b"".join(it.to_bytes(width, "little") for it in chances), "little")
