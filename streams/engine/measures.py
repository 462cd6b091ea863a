"""The measures: each a commutative group of sparse integer vectors.

A vector maps a component (`n`, `sum`, `hits`, a label, a bucket) to an integer other than 0.
Adding, removing and merging are the vector's own plus and minus, the same for every measure;
a measure only says which components a value has and, last of all, how they are read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from streams.engine.buckets import bucket, percentile

Vector = dict[str, int]
Pairs = tuple[tuple[str, int], ...]
Kind = Literal["count", "sum", "mean", "share", "ratio", "counts", "level"]
V = TypeVar("V")

LABEL = "l:"
BUCKET = "b:"


class Fraction(NamedTuple):
    """What a ratio takes: a share of its numerator and of its denominator."""

    numerator: int
    denominator: int


class Reading(NamedTuple):
    """A measure read: numerator and denominator of the value (None: no value), exact parts."""

    value: tuple[int, int] | None
    parts: Mapping[str, Any]
    percentiles: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Measure(Generic[V]):
    """How a value becomes components, and components a reading.

    `n`, the number of facts, is a component of every measure: a vector without it is of
    nothing.
    """

    kind: Kind
    components: Callable[[V], Pairs]
    read: Callable[[Vector], Reading]


def add(into: Vector, other: Mapping[str, int], sign: int = 1) -> None:
    """Add (or with sign -1 remove) a vector in place; components that become 0 go."""
    for name, number in other.items():
        total = into.get(name, 0) + sign * number
        if total:
            into[name] = total
        else:
            into.pop(name, None)


def _labels(vector: Vector, mark: str) -> dict[str, int]:
    size = len(mark)
    return {name[size:]: n for name, n in sorted(vector.items()) if name.startswith(mark)}


def _read_count(vector: Vector) -> Reading:
    n = vector.get("n", 0)
    return Reading((n, 1), {"count": n})


def _read_sum(vector: Vector) -> Reading:
    total = vector.get("sum", 0)
    return Reading((total, 1), {"sum": total})


def _read_mean(vector: Vector) -> Reading:
    total, n = vector.get("sum", 0), vector.get("n", 0)
    return Reading((total, n) if n else None, {"sum": total, "count": n})


def _read_spread(vector: Vector) -> Reading:
    value, parts, _ = _read_mean(vector)
    counts = [(int(name), n) for name, n in _labels(vector, BUCKET).items()]
    ranks = {f"p{p}": percentile(counts, p) for p in (50, 90)} if value else None
    return Reading(value, parts, ranks)


def _read_share(vector: Vector) -> Reading:
    hits, n = vector.get("hits", 0), vector.get("n", 0)
    return Reading((hits, n) if n else None, {"hits": hits, "total": n})


def _read_ratio(vector: Vector) -> Reading:
    top, bottom = vector.get("top", 0), vector.get("bottom", 0)
    return Reading((top, bottom) if bottom else None, {"numerator": top, "denominator": bottom})


def _read_counts(vector: Vector) -> Reading:
    return Reading((vector.get("n", 0), 1), {"counts": _labels(vector, LABEL)})


def _read_level(vector: Vector) -> Reading:
    level = vector.get("sum", 0)
    return Reading((level, 1), {"level": level})


_HIT: Pairs = (("n", 1), ("hits", 1))
_MISS: Pairs = (("n", 1),)

COUNT: Measure[int] = Measure("count", lambda times: (("n", times),), _read_count)
SUM: Measure[int] = Measure("sum", lambda value: (("n", 1), ("sum", value)), _read_sum)
MEAN: Measure[int] = Measure("mean", lambda value: (("n", 1), ("sum", value)), _read_mean)
SPREAD: Measure[int] = Measure(
    "mean",
    lambda value: (("n", 1), ("sum", value), (f"{BUCKET}{bucket(value)}", 1)),
    _read_spread,
)
SHARE: Measure[bool] = Measure("share", lambda hit: _HIT if hit else _MISS, _read_share)
RATIO: Measure[Fraction] = Measure(
    "ratio", lambda value: (("n", 1), ("top", value[0]), ("bottom", value[1])), _read_ratio
)
COUNTS: Measure[str] = Measure("counts", lambda label: (("n", 1), (LABEL + label, 1)), _read_counts)
LEVEL: Measure[int] = Measure("level", lambda step: (("n", 1), ("sum", step)), _read_level)
