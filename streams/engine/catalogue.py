"""What a KPI is: a name, a measure, a unit, scopes, and a function from a thing to facts."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar, get_type_hints

from msgspec import Struct

from streams.engine.alerts import OffPace, Watched
from streams.engine.calendar import Calendar
from streams.engine.derived import Derived
from streams.engine.measures import COUNTS, Measure
from streams.engine.money import Rates
from streams.engine.readings import Readings
from streams.engine.working import WorkingTime
from streams.events import AccountSet, RepSet

# Teams, departments and units are made of reps: their facts are told apart by rep.
ROLLED_UP = ("team", "department", "unit")
UNITS = ("ms", "count", "ratio", "money", "money_per_day", "per_1000", "score")


DIMENSIONS = (
    "rep",
    "channel",
    "media",
    "campaign",
    "partner",
    "product",
    "stage",
    "account",
)


class Dimensions:
    """Where a fact belongs; an empty text means nowhere in that dimension.

    Made by `dimensions`, which gives the same object for the same place, so that comparing and
    hashing need not look inside: facts are compared far more often than they are made. Two
    equal places that are two objects would cost time and change nothing.
    """

    __slots__ = ("is_in_all", "members", "scopes")

    def __init__(self, members: tuple[str, ...], is_in_all: bool = True) -> None:
        """Take the members in the order of `DIMENSIONS`, and whether it counts for all, too."""
        self.members = members
        self.is_in_all = is_in_all
        self.scopes: dict[int, tuple[str, ...]] = {}

    def with_rep(self, rep: str) -> "Dimensions":
        """Give the same place under another rep."""
        return dimensions(rep, *self.members[1:])

    def with_stage(self, stage: str) -> "Dimensions":
        """Give the same place under another stage."""
        return dimensions(*self.members[:6], stage, self.members[7])


@lru_cache(maxsize=200_000)
def dimensions(
    rep: str = "",
    channel: str = "",
    media: str = "",
    campaign: str = "",
    partner: str = "",
    product: str = "",
    stage: str = "",
    account: str = "",
) -> Dimensions:
    """Give the place with these members."""
    return Dimensions((rep, channel, media, campaign, partner, product, stage, account))


@lru_cache(maxsize=200_000)
def only(rep: str = "", product: str = "") -> Dimensions:
    """Give a place that counts for its own members and not for all.

    For what is counted once for each member and once for all, such as an account with several
    reps.
    """
    return Dimensions((rep, "", "", "", "", product, "", ""), is_in_all=False)


NOWHERE = dimensions()
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
    has_ever: bool = False
    carried: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Which kind of parts its records have."""
        return self.measure.kind

    @property
    def adds_up(self) -> bool:
        """Whether a target is used up evenly over time: a rate and a stock do not add up."""
        return self.kind in ("count", "sum", "counts")

    @property
    def reach(self) -> tuple[str, ...]:
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
    ever: bool = False,
    carried: tuple[str, ...] = (),
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
        thing = next(iter(hints.values()), None)
        text = inspect.getdoc(function) or ""
        faults = {
            "needs a name of small letters, digits and _": not NAME.fullmatch(name),
            f"unknown unit {unit!r}, known: {UNITS}": unit not in UNITS,
            f"unknown scope in {scopes!r}": not {*scopes} <= {*DIMENSIONS, *ROLLED_UP},
            f"unknown dimension in {carried!r}": not {*carried} <= {*DIMENSIONS},
            "keeps ever or is carried, but is not hidden": not hidden and (ever or bool(carried)),
            "is declared twice": name in _declared,
            "has no docstring": not text,
            f"reads {thing!r}, which has no dimensions": "dimensions"
            not in getattr(thing, "__annotations__", {}),
        }
        for fault, holds in faults.items():
            if holds:
                raise BadCatalogue(f"KPI {name} {fault}")
        assert isinstance(thing, type)  # noqa: S101 - for the type checker; shown just above
        _declared[name] = Kpi(
            name,
            measure,
            unit,
            scopes,
            hourly,
            text,
            thing,
            function,
            better,
            hidden,
            ever,
            carried,
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


# How much a ticket of each kind says that an account may leave.
CHURN_WEIGHTS = MappingProxyType(
    {"complaint": 3, "closing_request": 5, "contract_question": 2, "contact": 1}
)


@dataclass(frozen=True, slots=True)
class Definitions:
    """The definitions an operator can set; with `working` leads wait in working time only.

    `stages` is their order, earliest first; a stage that it lacks is neither before nor after
    another, so that any other one entered later is a step ahead.
    """

    currency: str
    lateness_ms: int
    stale_ms: int
    small_deal: int
    large_deal: int
    stage_probability: dict[str, str]
    stages: tuple[str, ...] = ()
    churn_threshold: int = 5
    churn_weights: Mapping[str, int] = field(default_factory=lambda: CHURN_WEIGHTS)
    readings: Readings = field(default_factory=Readings)
    working: WorkingTime | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What facts depend on besides events: calendar, rates, definitions, accounts, reps."""

    calendar: Calendar
    rates: Rates
    definitions: Definitions
    accounts: Mapping[str, AccountSet]
    reps: Mapping[str, RepSet]

    def waited(self, start: int, end: int, rep: str) -> int:
        """Give how long a lead waited from start to end, as a rep's hours count it."""
        working = self.definitions.working
        return end - start if working is None else working.between(start, end, self._zone(rep))

    def after(self, start: int, length: int, rep: str) -> int:
        """Give the instant by which a lead has waited that long, as a rep's hours count it."""
        working = self.definitions.working
        return start + length if working is None else working.after(start, length, self._zone(rep))

    def _zone(self, rep: str) -> str:
        record = self.reps.get(rep)
        return record.timezone or "" if record else ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The KPIs and alerts in force with their calendar and definitions.

    `alerts` are those of rows, `off_pace` is the rule for targets, None if there is none.
    `place` gives the set an event belongs to and the row that holds it there, `view` the things
    in a row, `survivor` whose set takes over that of a merged one; all come from the room that
    knows what events mean.
    """

    kpis: tuple[Kpi, ...]
    calendar: Calendar
    definitions: Definitions
    place: Callable[[Any], tuple[str, str]]
    view: Callable[[str, list[Any], Terms], Iterable[tuple[type, Any]]]
    survivor: Callable[[str, str], str | None]
    alerts: tuple[Watched, ...] = ()
    off_pace: OffPace | None = None
    derived: tuple[Derived, ...] = ()

    @property
    def published(self) -> tuple[Kpi | Derived, ...]:
        """The KPIs that have records: all but the hidden ones, derived ones last."""
        return (*(kpi for kpi in self.kpis if not kpi.is_hidden), *self.derived)
