"""Random numbers that depend on a key alone: the same on every machine, in every order."""

from bisect import bisect_right
from functools import lru_cache, partial
from hashlib import shake_128
from itertools import accumulate
from struct import unpack

BITS = 64
MODE = 1 << 80


def stream(key: str, size: int) -> bytes:
    """Random bytes, `size` of them; different keys give independent ones."""
    return shake_128(key.encode()).digest(size)


def binomials(key: str, number: int, hits: int, total: int) -> list[int]:
    """Binomial samples, `number` of them: hits of `total` at a chance of `hits / total` each.

    0 <= hits <= total, and total is at least 1.
    """
    first, bounds = _bounds(hits, total)
    uniform = unpack(f"<{number}Q", stream(key, number * BITS // 8))
    return [first + index for index in map(partial(bisect_right, bounds), uniform)]


@lru_cache(maxsize=1024)
def _bounds(hits: int, total: int) -> tuple[int, list[int]]:
    """Least count that is sampled, and where in 64 bits each greater one begins.

    Integers only: logarithms and powers may differ from machine to machine. Weights are
    computed outwards from the mode; counts with less than 2**-80 of it are never sampled.
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
