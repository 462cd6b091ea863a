"""Random numbers that depend on a text alone: the same on every machine, in every order."""

from bisect import bisect_right
from functools import lru_cache, partial
from hashlib import shake_128
from itertools import accumulate
from struct import unpack

BITS = 64
MODE = 1 << 80


def stream(key: str, size: int) -> bytes:
    """Give so many random bytes; other keys give independent ones."""
    return shake_128(key.encode()).digest(size)


def binomials(key: str, number: int, hits: int, total: int) -> list[int]:
    """Draw so many times how many of `total` would hit, at a chance of `hits / total` each.

    0 <= hits <= total, and total is at least 1.
    """
    first, bounds = _bounds(hits, total)
    uniform = unpack(f"<{number}Q", stream(key, number * BITS // 8))
    return [first + index for index in map(partial(bisect_right, bounds), uniform)]


@lru_cache(maxsize=1024)
def _bounds(hits: int, total: int) -> tuple[int, list[int]]:
    """Give the least count that can come, and where in 64 bits each next one begins.

    All in integers: a logarithm or a power may differ from machine to machine. Weights are
    stepped outwards from the mode, and what is less than 2**-80 of it never comes.
    """
    misses = total - hits
    below, above = [], []
    weight, count = MODE, hits
    while weight and count:
        weight = weight * count * misses // ((total - count + 1) * hits)
        count -= 1
        below.append(weight)
    weight, count = MODE, hits
    while weight and count < total:
        weight = weight * (total - count) * hits // ((count + 1) * misses)
        count += 1
        above.append(weight)
    sums = list(accumulate([*reversed(below), MODE, *above]))
    return hits - len(below), [(it << BITS) // sums[-1] for it in sums[:-1]]
