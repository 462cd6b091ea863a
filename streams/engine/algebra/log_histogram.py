"""Signed log-bucket counts: percentiles within 1 %, from integers alone.

Magnitudes below 128 have a bucket each. Above, every power of two is cut into 64 equal
parts, so a bucket's middle is at most 1/128 of the value away.
"""

import sys
from bisect import bisect_left
from itertools import accumulate

_BITS = 6
_EXACT = 2 << _BITS


def bucket(value: int) -> int:
    """Bucket of a value; buckets are ordered as their values are."""
    size = abs(value)
    if size >= _EXACT:
        shift = size.bit_length() - _BITS - 1
        size = (shift << _BITS) + (size >> shift)
    return size if value >= 0 else -size


def middle(index: int) -> int:
    """Value that represents a bucket."""
    size = abs(index)
    if size >= _EXACT:
        shift = (size >> _BITS) - 1
        low = (size - (shift << _BITS)) << shift
        size = low + ((1 << shift) - 1) // 2
    return size if index >= 0 else -size


BUCKET = "b:"


class _Buckets(dict[str, int]):
    """Bucket of each component; a record has hundreds, so each is parsed only once."""

    def __missing__(self, name: str) -> int:
        self[name] = index = int(name.removeprefix(BUCKET))
        return index


# Components that count no bucket come before all that do.
_BUCKETS = _Buckets({"n": -sys.maxsize, "sum": -sys.maxsize})


def component(value: int) -> str:
    """Component that counts a value's bucket."""
    return f"{BUCKET}{bucket(value)}"


class BucketOrder:
    """The buckets of one vector from the least to the greatest value.

    A vector is read again with every change, and its set of buckets seldom changes: the order is
    cached, which is faster than sorting.
    """

    __slots__ = ("_buckets",)

    def __init__(self) -> None:
        self._buckets: list[str] = []

    def percentiles(self, vector: dict[str, int], others: int, *percents: int) -> list[int]:
        """Nearest-rank percentiles, each within 1 %. ValueError if nothing is counted.

        `others` is how many components of the vector count no bucket.
        """
        counts = self._counts(vector, others)
        if not counts:
            raise ValueError("no percentiles without values")
        totals = list(accumulate(counts))
        ranks = (-(-percent * totals[-1] // 100) for percent in percents)
        return [middle(_BUCKETS[self._buckets[bisect_left(totals, rank)]]) for rank in ranks]

    def _counts(self, vector: dict[str, int], others: int) -> list[int]:
        if len(vector) - others == len(self._buckets):
            try:
                # The same number of buckets, and all of them found: the set has not changed.
                return list(map(vector.__getitem__, self._buckets))
            except KeyError:
                pass
        self._buckets = sorted(vector, key=_BUCKETS.__getitem__)[others:]
        return list(map(vector.__getitem__, self._buckets))
