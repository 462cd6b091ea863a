"""The measures: each a commutative group of sparse integer vectors.

A vector maps a component (`n`, `sum`, `hits`, a label, a bucket) to an integer other than 0.
Adding, removing and merging are addition of vectors, the same for every measure; a measure
defines which components a value has and how the vector is read. A vector has every label; of
many, its parts name the largest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from streams.engine.algebra.log_histogram import BucketOrder, component

Vector = dict[str, int]
Grouped = dict[str, Vector]
Pairs = tuple[tuple[str, int], ...]
Kind = Literal["count", "sum", "mean", "share", "shares", "ratio", "counts", "level", "level_ratio"]
V = TypeVar("V")

LABEL = "l:"
HITS = "h:"
# Labels come from outside: a record with all of them could be too large for Kafka.
SHOWN_LABELS = 100
OTHER = "other"


class Fraction(NamedTuple):
    """One fact of a ratio: what it adds to numerator and denominator."""

    numerator: int
    denominator: int


Value = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Measure(Generic[V]):
    """How a fact becomes components, and a vector a value and exact parts.

    `n`, the number of facts, is a component of every measure: a vector without it has no facts.

    Attributes:
        kind: Name of the measure in the catalogue.
        components: Components of a fact's value.
        value: Numerator and denominator of a vector; None where there is nothing to divide by.
        parts: What the value is made of, as the record shows it.
        percentiles: p50 and p90, where the measure keeps a distribution. The bucket order is a
            cache: the same one for the same vector is faster.
        steps: Components of a level that are carried from window to window.
    """

    kind: Kind
    components: Callable[[V], Pairs]
    value: Callable[[Vector], Value]
    parts: Callable[[Vector], Mapping[str, Any]]
    percentiles: Callable[[Vector, BucketOrder], Mapping[str, int]] | None = None
    steps: tuple[str, ...] = ()


def add(into: Vector, other: Mapping[str, int], sign: int = 1) -> None:
    """Add (or with sign -1 remove) a vector in place; components that become 0 are removed."""
    for name, number in other.items():
        total = into.get(name, 0) + sign * number
        if total:
            into[name] = total
        else:
            into.pop(name, None)


def change(old: Mapping[str, Vector], new: Mapping[str, Vector]) -> Grouped:
    """What has to be added to the old vectors to get the new ones, by KPI."""
    found: Grouped = {}
    for kpi, vector in new.items():
        before = old.get(kpi)
        if before is None:
            found[kpi] = dict(vector)
        elif before != vector:
            # A distribution has hundreds of components, and few of them change at a time.
            old_number = before.get
            found[kpi] = steps = {
                component: number - old_number(component, 0)
                for component, number in vector.items()
                if old_number(component) != number
            }
            steps.update((name, -n) for name, n in before.items() if name not in vector)
    for kpi, vector in old.items():
        if kpi not in new:
            found[kpi] = negative(vector)
    return found


def negative(vector: Mapping[str, int]) -> Vector:
    """Inverse of a vector."""
    return {component: -number for component, number in vector.items()}


def add_grouped(into: Grouped, other: Grouped) -> None:
    """Add vectors by KPI, in place; KPIs without components are removed.

    This is the hottest path of the merger: `add` is inlined.
    """
    for kpi, vector in other.items():
        own = into.get(kpi)
        if own is None:
            into[kpi] = dict(vector)
            continue
        for name, number in vector.items():
            if total := own.get(name, 0) + number:
                own[name] = total
            else:
                own.pop(name, None)
        if not own:
            del into[kpi]


def _n(vector: Vector) -> Value:
    return vector.get("n", 0), 1


def _sum(vector: Vector) -> Value:
    return vector.get("sum", 0), 1


def _mean(vector: Vector) -> Value:
    n = vector.get("n", 0)
    return (vector.get("sum", 0), n) if n else None


def _share(vector: Vector) -> Value:
    n = vector.get("n", 0)
    return (vector.get("hits", 0), n) if n else None


def _weighted(vector: Vector) -> Value:
    total = vector.get("total", 0)
    return (vector.get("hits", 0), total) if total else None


def _ratio(vector: Vector) -> Value:
    bottom = vector.get("bottom", 0)
    return (vector.get("top", 0), bottom) if bottom else None


def _mean_parts(vector: Vector) -> Mapping[str, Any]:
    return {"sum": vector.get("sum", 0), "count": vector.get("n", 0)}


def _ratio_parts(vector: Vector) -> Mapping[str, Any]:
    return {"numerator": vector.get("top", 0), "denominator": vector.get("bottom", 0)}


def largest(numbers: Iterable[tuple[str, int]]) -> list[str]:
    """Labels that a record shows by name: the largest numbers first, equal ones by name."""
    ordered = sorted(numbers, key=lambda each: (-each[1], each[0]))
    return [label for label, _ in ordered[:SHOWN_LABELS]]


def _by_label(vector: Vector, prefix: str) -> dict[str, int]:
    size = len(prefix)
    return {name[size:]: n for name, n in vector.items() if name.startswith(prefix)}


def _shown(numbers: dict[str, int], labels: Sequence[str]) -> dict[str, int]:
    """Numbers by label in order of names, and those of all other labels as `other`."""
    shown = {label: numbers.get(label, 0) for label in sorted(labels)}
    if rest := sum(numbers.values()) - sum(shown.values()):
        shown[OTHER] = shown.get(OTHER, 0) + rest
    return shown


def _label_parts(vector: Vector) -> Mapping[str, Any]:
    counts = _by_label(vector, LABEL)
    if len(counts) <= SHOWN_LABELS:
        return {"counts": dict(sorted(counts.items()))}
    return {"counts": _shown(counts, largest(counts.items()))}


def _shares_parts(vector: Vector) -> Mapping[str, Any]:
    totals, hits = _by_label(vector, LABEL), _by_label(vector, HITS)
    labels = largest(totals.items())
    shown, shown_hits = _shown(totals, labels), _shown(hits, labels)
    return {
        "hits": vector.get("hits", 0),
        "total": vector.get("n", 0),
        "by": {
            label: {"hits": shown_hits.get(label, 0), "total": total}
            for label, total in shown.items()
        },
    }


def _percentiles(vector: Vector, order: BucketOrder) -> Mapping[str, int]:
    others = ("n" in vector) + ("sum" in vector)
    p50, p90 = order.percentiles(vector, others, 50, 90)
    return {"p50": p50, "p90": p90}


_HIT: Pairs = (("n", 1), ("hits", 1))
_MISS: Pairs = (("n", 1),)

COUNT: Measure[int] = Measure(
    "count", lambda times: (("n", times),), _n, lambda vector: {"count": vector.get("n", 0)}
)
SUM: Measure[int] = Measure(
    "sum",
    lambda value: (("n", 1), ("sum", value)),
    _sum,
    lambda vector: {"sum": vector.get("sum", 0)},
)
MEAN: Measure[int] = Measure("mean", lambda value: (("n", 1), ("sum", value)), _mean, _mean_parts)
SPREAD: Measure[int] = Measure(
    "mean",
    lambda value: (("n", 1), ("sum", value), (component(value), 1)),
    _mean,
    _mean_parts,
    _percentiles,
)
SHARE: Measure[bool] = Measure(
    "share",
    lambda hit: _HIT if hit else _MISS,
    _share,
    lambda vector: {"hits": vector.get("hits", 0), "total": vector.get("n", 0)},
)
RATIO: Measure[Fraction] = Measure(
    "ratio",
    lambda value: (("n", 1), ("top", value[0]), ("bottom", value[1])),
    _ratio,
    _ratio_parts,
)
COUNTS: Measure[str] = Measure(
    "counts", lambda label: (("n", 1), (LABEL + label, 1)), _n, _label_parts
)
LEVEL: Measure[int] = Measure(
    "level",
    lambda step: (("n", 1), ("sum", step)),
    _sum,
    lambda vector: {"level": vector.get("sum", 0)},
    steps=("sum",),
)
LEVEL_RATIO: Measure[Fraction] = Measure(
    "level_ratio",
    lambda step: (("n", 1), ("top", step[0]), ("bottom", step[1])),
    _ratio,
    _ratio_parts,
    steps=("top", "bottom"),
)
# A share of amounts, not of facts.
WEIGHED_SHARE: Measure[Fraction] = Measure(
    "share",
    lambda value: (("n", 1), ("hits", value[0]), ("total", value[1])),
    _weighted,
    lambda vector: {"hits": vector.get("hits", 0), "total": vector.get("total", 0)},
)


class Labelled(NamedTuple):
    """One fact of a share by label."""

    label: str
    is_hit: bool


SHARES: Measure[Labelled] = Measure(
    "shares",
    lambda value: (
        (*_HIT, (LABEL + value[0], 1), (HITS + value[0], 1))
        if value[1]
        else (*_MISS, (LABEL + value[0], 1))
    ),
    _share,
    _shares_parts,
)
