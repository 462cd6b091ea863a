"""Random numbers: even, independent of one another, and the same everywhere."""

from collections import Counter
from fractions import Fraction
from itertools import pairwise
from math import comb, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.algebra.seeded_sampling import binomials, stream

# So many standard deviations off is chance once in a few million.
FAR = 5


def chi_square(seen: Counter[int], expected: dict[int, float]) -> float:
    """Say how far counts are from what was expected, in standard deviations of chi-square."""
    freedom = len(expected) - 1
    off = sum((seen[value] - often) ** 2 / often for value, often in expected.items())
    return (off - freedom) / sqrt(2 * freedom)


def test_stream_is_the_same_on_every_machine() -> None:
    assert stream("forecast", 8).hex() == "b5877d4156cbd18b"
    assert binomials("forecast", 8, 30, 100) == [30, 26, 27, 31, 30, 32, 38, 29]


def test_bytes_of_a_stream_are_evenly_spread() -> None:
    size = 256 * 400
    seen = Counter(stream("even", size))
    assert abs(chi_square(seen, dict.fromkeys(range(256), 400.0))) < FAR


def test_bytes_that_follow_each_other_do_not_depend_on_each_other() -> None:
    drawn = stream("pairs", 2 * 65_536)
    seen = Counter(
        left % 16 * 16 + right % 16 for left, right in zip(drawn[::2], drawn[1::2], strict=True)
    )
    assert abs(chi_square(seen, dict.fromkeys(range(256), 256.0))) < FAR


def test_streams_of_keys_that_differ_by_one_sign_do_not_depend_on_each_other() -> None:
    seen = Counter(stream(f"key-{n}", 1)[0] % 16 for n in range(16 * 400))
    assert abs(chi_square(seen, dict.fromkeys(range(16), 400.0))) < FAR
    # Bits that agree between neighbours: half of them.
    drawn = [int.from_bytes(stream(f"key-{n}", 64)) for n in range(101)]
    bits = 100 * 8 * 64
    agree = bits - sum((one ^ other).bit_count() for one, other in pairwise(drawn))
    assert abs(agree - bits / 2) < FAR * sqrt(bits) / 2


@pytest.mark.parametrize(
    ("hits", "total"), [(1, 2), (3, 10), (1, 20), (19, 20), (200, 400), (7, 1000)]
)
def test_counts_come_as_often_as_the_binomial_law_demands(hits: int, total: int) -> None:
    number = 40_000
    seen = Counter(binomials(f"law {hits} {total}", number, hits, total))
    chance = Fraction(hits, total)
    law = {
        k: float(comb(total, k) * chance**k * (1 - chance) ** (total - k)) * number
        for k in range(total + 1)
    }
    # What is rare is taken together, or chi-square would be none.
    common = {k: often for k, often in law.items() if often >= 20}
    assert abs(chi_square(seen, common)) < FAR
    assert (
        sum(n for k, n in seen.items() if k not in common)
        < 4 * sum(often for k, often in law.items() if k not in common) + 20
    )


def test_mean_and_spread_hold_for_as_many_deals_as_a_company_ever_had() -> None:
    number, hits, total = 4_000, 240_000, 1_000_000
    drawn = binomials("many", number, hits, total)
    sigma = sqrt(hits * (total - hits) / total)
    assert abs(sum(drawn) / number - hits) < FAR * sigma / sqrt(number)
    variance = sum((it - hits) ** 2 for it in drawn) / number
    assert abs(variance / sigma**2 - 1) < FAR * sqrt(2 / number)


@given(st.integers(1, 50), st.data())
def test_counts_lie_between_none_and_all(total: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, total))
    drawn = binomials("bounds", 50, hits, total)
    assert min(drawn) >= 0
    assert max(drawn) <= total
    if hits in (0, total):
        assert set(drawn) == {hits}


def test_counts_of_two_keys_differ() -> None:
    drawn = [tuple(binomials(f"key-{n}", 20, 50, 100)) for n in range(50)]
    assert len(set(drawn)) == len(drawn)
