"""What a KPI is: a name, a measure, a unit, scopes, and a function from a thing to facts."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_type_hints

from msgspec import Struct

from streams.engine.algebra.measures import COUNTS, Measure
from streams.engine.catalogue.dimensions import (
    DIMENSIONS,
    ROLLED_UP,
    Dimensions,
)

UNITS = ("ms", "count", "ratio", "money", "money_per_day", "per_1000", "score")

# Names are part of keys, of Prometheus' metric names and of files' names.
NAME = re.compile("[a-z][a-z0-9_]*")

V = TypeVar("V")

T = TypeVar("T")


class Unpriced:
    """Money that no rate could convert: it counts in no money KPI, but it is counted."""


UNPRICED = Unpriced()


class Fact(Struct, Generic[V], frozen=True, gc=False):
    """One contribution: when, what, and for whom where that is not the thing's own.

    `at` is the anchor that picks the window; `value` None counts nowhere; the fact waits for
    `since` (default: the anchor). One with an earlier `since` stands in a window that is still
    to come: for hidden KPIs only. All instants are milliseconds.
    """

    at: int
    value: V | Unpriced | None
    dimensions: Dimensions | None = None
    since: int | None = None


def steps(start: int, end: int | None, value: int | Unpriced | None) -> Iterator[Fact[int]]:
    """Give the level steps of something worth `value` from `start` until `end` (None: ever)."""
    yield Fact(start, value)
    if end is not None and isinstance(value, int):
        yield Fact(end, -value)


Better = Literal["higher", "lower"]


class BadCatalogue(Exception):
    """A declaration that cannot stand; it stops the start."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI as declared; `text` is what a panel says about it, `reads` the thing it reads.

    A hidden one is counted and never published: derived KPIs read it. With `ever` the board
    also keeps its sum over all time up to now, and with `carried` the facts that count for all
    stand under an empty member of these dimensions, too, where those are at hand.
    """

    name: str
    measure: Measure[Any]
    unit: str
    scopes: tuple[str, ...]
    hourly: bool
    text: str
    reads: type
    facts: Callable[[Any], Any]
    better: Better = "higher"
    is_hidden: bool = False
    has_all_time: bool = False
    broadcast_to: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Which kind of parts its records have."""
        return self.measure.kind

    @property
    def adds_up(self) -> bool:
        """Whether a target is used up evenly over time: a rate and a stock do not add up."""
        return self.kind in ("count", "sum", "counts")

    @property
    def published_scopes(self) -> tuple[str, ...]:
        """Every scope that it is published for."""
        return ("all", *self.scopes)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions its facts must be told apart by."""
        wanted = {"rep" if scope in ROLLED_UP else scope for scope in self.scopes}
        return tuple(name for name in DIMENSIONS if name in wanted)

    def entry(self) -> dict[str, str | bool | list[str]]:
        """Give what a program may want to know of it."""
        return {
            "kpi": self.name,
            "kind": self.kind,
            "measure": self.kind,
            "unit": self.unit,
            "better": self.better,
            "scopes": ["all", *self.scopes],
            "hourly": self.hourly,
            "text": self.text,
        }


Declared = Callable[[T], Fact[V] | Iterable[Fact[V]] | None]

_declared: dict[str, Kpi] = {}


def kpi(
    name: str,
    *,
    measure: Measure[V],
    unit: str,
    scopes: tuple[str, ...],
    hourly: bool = False,
    better: Better = "higher",
    hidden: bool = False,
    all_time: bool = False,
    broadcast_to: tuple[str, ...] = (),
) -> Callable[[Declared[T, V]], Declared[T, V]]:
    """Declare a KPI: the docstring is its text, the annotation the thing it reads.

    `better` says which way is good news. `hidden`, `ever` and `carried` make an ingredient that
    only derived KPIs see; see `Kpi`.

    A bad declaration raises BadCatalogue at import: an unknown unit or scope, a name given
    twice, a missing docstring, a thing that has no dimensions, `ever` or `carried` of a KPI
    that is published.
    """

    def declare(function: Declared[T, V]) -> Declared[T, V]:
        hints = get_type_hints(function)
        hints.pop("return", None)
        entity = next(iter(hints.values()), None)
        text = inspect.getdoc(function) or ""
        faults = {
            "needs a name of small letters, digits and _": not NAME.fullmatch(name),
            f"unknown unit {unit!r}, known: {UNITS}": unit not in UNITS,
            f"unknown scope in {scopes!r}": not {*scopes} <= {*DIMENSIONS, *ROLLED_UP},
            f"unknown dimension in {broadcast_to!r}": not {*broadcast_to} <= {*DIMENSIONS},
            "keeps ever or is carried, but is not hidden": not hidden
            and (all_time or bool(broadcast_to)),
            "is declared twice": name in _declared,
            "has no docstring": not text,
            f"reads {entity!r}, which has no dimensions": "dimensions"
            not in getattr(entity, "__annotations__", {}),
        }
        for fault, holds in faults.items():
            if holds:
                raise BadCatalogue(f"KPI {name} {fault}")
        assert isinstance(entity, type)  # noqa: S101 - for the type checker; shown just above
        _declared[name] = Kpi(
            name,
            measure,
            unit,
            scopes,
            hourly,
            text,
            entity,
            function,
            better,
            hidden,
            all_time,
            broadcast_to,
        )
        return function

    return declare


def declared() -> tuple[Kpi, ...]:
    """Give every KPI declared so far, in the order of declaration."""
    return (*_declared.values(), UNPRICED_FACTS)


class Nothing:
    """A thing no subject has."""


def _no_facts(_: Nothing) -> None:
    return None


# The engine itself adds to it wherever a fact of a money KPI has no rate.
UNPRICED_FACTS = Kpi(
    "unpriced_facts",
    COUNTS,
    "count",
    (),
    False,
    "Facts left out of a money KPI, by KPI: no rate for their currency on or before their date.",
    Nothing,
    _no_facts,
    "lower",
)
