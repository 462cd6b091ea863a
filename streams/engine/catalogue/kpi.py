"""The declaration of a KPI: measure, unit, scopes, formula, and a function from entity to facts."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import KW_ONLY, dataclass
from types import NoneType
from typing import Any, Generic, Literal, TypeVar, get_type_hints

from msgspec import Struct

from streams.engine.algebra.measures import (
    COUNTS,
    SPREAD,
    Measure,
)
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
    """Money without a rate: left out of money KPIs and counted in `unpriced_facts`."""


UNPRICED = Unpriced()


class Fact(Struct, Generic[V], frozen=True, gc=False):
    """One contribution of an entity to a KPI; all instants are milliseconds.

    `at` is the anchor that selects the window. A `value` of None is not counted. `dimensions`
    None stands for those of the entity. The fact is counted from `since` on (default: the
    anchor); only a hidden KPI may have a `since` before the anchor, in a window still to come.
    """

    at: int
    value: V | Unpriced | None
    dimensions: Dimensions | None = None
    since: int | None = None


def steps(start: int, end: int | None, value: int | Unpriced | None) -> Iterator[Fact[int]]:
    """Give the level steps of a `value` that holds from `start` until `end` (None: for good)."""
    yield Fact(start, value)
    if end is not None and isinstance(value, int):
        yield Fact(end, -value)


Better = Literal["higher", "lower"]


class BadCatalogue(Exception):
    """An invalid declaration; it stops the process at start-up."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI as declared.

    A hidden KPI is counted but never published: derived KPIs read it. With `has_all_time` the
    merger also keeps its sum over all time up to now. With `broadcast_to`, facts of the grand
    total also appear under an empty value of these dimensions, on the partitions that hold them.

    Attributes:
        text: The panel's text.
        reads: The type of entity that `facts` reads.
        formula: How it is computed, in one line.
        source: Where the definition comes from: the trade's term, a public study, or the contract.
        is_ingredient: Whether it is hidden by the operator's choice alone.
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
    _: KW_ONLY
    formula: str
    source: str
    is_ingredient: bool = False

    @property
    def kind(self) -> str:
        """The kind of parts in its records."""
        return self.measure.kind

    @property
    def adds_up(self) -> bool:
        """Whether a target is prorated over its window: a rate or a level is not."""
        return self.kind in ("count", "sum", "counts")

    @property
    def percentiles(self) -> tuple[str, ...]:
        """The percentiles in its records."""
        return ("p50", "p90") if self.measure is SPREAD else ()

    @property
    def published_scopes(self) -> tuple[str, ...]:
        """The scopes that it is published for."""
        return ("all", *self.scopes)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions that its facts are grouped by."""
        wanted = {"rep" if scope in ROLLED_UP else scope for scope in self.scopes}
        own = (name for name in self.scopes if name not in DIMENSIONS and name not in ROLLED_UP)
        return (*(name for name in DIMENSIONS if name in wanted), *own)

    def entry(self) -> dict[str, str | bool | list[str]]:
        """Give its catalogue entry."""
        return {
            "kpi": self.name,
            "kind": self.kind,
            "measure": self.kind,
            "unit": self.unit,
            "better": self.better,
            "scopes": ["all", *self.scopes],
            "hourly": self.hourly,
            "formula": self.formula,
            "source": self.source,
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
    formula: str = "",
    source: str = "",
    hourly: bool = False,
    better: Better = "higher",
    hidden: bool = False,
    all_time: bool = False,
    broadcast_to: tuple[str, ...] = (),
) -> Callable[[Declared[T, V]], Declared[T, V]]:
    """Declare a KPI: the docstring is its text, the annotation the type of entity it reads.

    `formula` and `source` are required; see `Kpi` for them and for what a hidden KPI can have.
    `better` says which direction is an improvement.

    A bad declaration raises BadCatalogue at import: an unknown unit or scope, a duplicate name,
    no docstring, formula or source, an entity that has no dimensions, `all_time` or
    `broadcast_to` of a KPI that is published.
    """

    def declare(function: Declared[T, V]) -> Declared[T, V]:
        made = Kpi(
            name,
            measure,
            unit,
            scopes,
            hourly,
            inspect.getdoc(function) or "",
            _entity_type(function),
            function,
            better,
            hidden,
            all_time,
            broadcast_to,
            formula=formula,
            source=source,
        )
        _register(made)
        return function

    return declare


def _register(kpi: Kpi) -> None:
    for fault, holds in _faults(kpi).items():
        if holds:
            raise BadCatalogue(f"KPI {kpi.name} {fault}")
    _declared[kpi.name] = kpi


def _entity_type(function: Callable[..., Any]) -> type:
    """Give the annotation of the first parameter; NoneType where that is no type."""
    hints = get_type_hints(function)
    hints.pop("return", None)
    entity = next(iter(hints.values()), None)
    return entity if isinstance(entity, type) else NoneType


def _faults(kpi: Kpi) -> dict[str, bool]:
    return {
        "needs a name of small letters, digits and _": not NAME.fullmatch(kpi.name),
        f"unknown unit {kpi.unit!r}, known: {UNITS}": kpi.unit not in UNITS,
        f"unknown scope in {kpi.scopes!r}": not {*kpi.scopes} <= {*DIMENSIONS, *ROLLED_UP},
        f"unknown dimension in {kpi.broadcast_to!r}": not {*kpi.broadcast_to} <= {*DIMENSIONS},
        "has all_time or broadcast_to, but is not hidden": not kpi.is_hidden
        and (kpi.has_all_time or bool(kpi.broadcast_to)),
        "is declared twice": kpi.name in _declared,
        "has no docstring": not kpi.text,
        f"reads {kpi.reads.__name__}, which has no dimensions": "dimensions"
        not in getattr(kpi.reads, "__annotations__", {}),
        "has no formula": not kpi.formula,
        "has no source": not kpi.source,
    }


def declared() -> tuple[Kpi, ...]:
    """Give the KPIs declared so far, in the order of declaration."""
    return (*_declared.values(), UNPRICED_FACTS)


class NoEntity:
    """An entity that no subject has."""


def _no_facts(_: NoEntity) -> None:
    return None


# The engine itself adds to it wherever a fact of a money KPI has no rate.
UNPRICED_FACTS = Kpi(
    "unpriced_facts",
    COUNTS,
    "count",
    (),
    False,
    "Facts left out of a money KPI, by KPI: no rate for their currency on or before their date.",
    NoEntity,
    _no_facts,
    "lower",
    formula="count of facts without a rate, by KPI",
    source="the contract",
)
