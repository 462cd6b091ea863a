"""A KPI made of others: what it is, and all that its function may ask.

A derived KPI is read on the board, from what its ingredients come to in the same scope. It
never sees events: what it needs of them that no KPI says, a hidden KPI carries here
(`hidden`, `ever`, `carried` in `kpi`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple, Protocol

from streams.engine.algebra.measures import Vector
from streams.engine.calendars.calendar import (
    CALENDAR_KINDS,
    ROLLING_DAYS,
    Window,
)

Quotient = tuple[int, int]
KINDS = (*CALENDAR_KINDS, *ROLLING_DAYS)


class KpiValue(NamedTuple):
    """What a derived KPI comes to: a value, and what a reader may check it with.

    `value` is an exact (numerator, denominator) in the unit's smallest parts (minor units of
    money, milliseconds), a float that is rounded already, or None where there is no value.
    `parts` None stands for those of the ingredients by name. `percentiles` may take a while:
    they are asked for only where a record is written.
    """

    value: Quotient | float | None
    parts: Mapping[str, Any] | None = None
    percentiles: Callable[[], Mapping[str, Any]] | None = None


class KpiReader(Protocol):
    """What a board knows: every question about one KPI, one scope and one window."""

    def vector(self, name: str, scope: str, window: Window) -> Vector:
        """Give a KPI's vector; that of a level is its total before the window's end."""

    def value(self, name: str, scope: str, window: Window) -> Quotient | None:
        """Give numerator and denominator, None where there is nothing to divide by."""

    def parts(self, name: str, scope: str, window: Window) -> Mapping[str, Any]:
        """Give the parts that the KPI's record has, or would have over nothing."""

    def target(self, name: str, scope: str, window: Window) -> Fraction | None:
        """Give the standing target in minor units, milliseconds or as it is."""

    def best(self, name: str, scope: str, window: Window, across: tuple[str, ...]) -> int:
        """Give a KPI's greatest numerator among the scope's siblings with facts of some KPI."""

    def all_time(self, name: str, scope: str) -> Vector:
        """Give the company's vector over all time up to now, of a KPI that keeps it."""

    def has(self, name: str, scope: str, window: Window) -> bool:
        """Tell whether a KPI has a record."""

    def is_running(self, window: Window) -> bool:
        """Tell whether a window runs now."""

    def preceding(self, window: Window) -> Window:
        """Give the window before."""

    def key(self, name: str, scope: str, window: Window) -> str:
        """Name a record."""


class FormulaContext:
    """What a derived KPI's function is given: its ingredients in one scope and one window.

    It answers for the names that the KPI declares and for no other (KeyError), since a record
    is written again only when one of those has changed.
    """

    __slots__ = ("_kpi", "_reader", "scope", "window")

    def __init__(self, kpi: "Derived", reader: KpiReader, scope: str, window: Window) -> None:
        """Look at a scope (`dimension=member`, empty for all) and a window."""
        self._kpi = kpi
        self._reader = reader
        self.scope = scope
        self.window = window

    def value(self, name: str) -> Quotient | None:
        """Give an ingredient's exact numerator and denominator, None where it has no value."""
        return self._reader.value(self._ingredient(name), self.scope, self.window)

    def has(self, name: str) -> bool:
        """Tell whether an ingredient has a record."""
        return self._reader.has(self._ingredient(name), self.scope, self.window)

    def vector(self, name: str) -> Vector:
        """Give an ingredient's components, not to be changed; empty where it has no facts."""
        return self._reader.vector(self._ingredient(name), self.scope, self.window)

    def parts(self) -> dict[str, Any]:
        """Give every published ingredient's parts by name."""
        return {name: self._reader.parts(name, self.scope, self.window) for name in self._kpi.shown}

    def target(self, name: str) -> Fraction | None:
        """Give the target of a KPI named in `targets`, None if there is none.

        Money is in minor units and durations in milliseconds, both whole.
        """
        if name not in self._kpi.targets:
            raise KeyError(name)
        return self._reader.target(name, self.scope, self.window)

    def best(self, name: str) -> int:
        """Give the greatest sum or count that a member of this dimension has in this window.

        Only of ingredients named in `across`, among those who have facts of any of them; 0
        where nobody has.
        """
        if name not in self._kpi.across:
            raise KeyError(name)
        return self._reader.best(name, self.scope, self.window, self._kpi.across)

    def all_time(self, name: str) -> Vector:
        """Give the whole company's vector of a KPI named in `history`, over all time up to now."""
        if name not in self._kpi.history:
            raise KeyError(name)
        return self._reader.all_time(name, self.scope)

    @property
    def key(self) -> str:
        """The key of the record that is being read."""
        return self._reader.key(self._kpi.name, self.scope, self.window)

    @property
    def is_running(self) -> bool:
        """Whether the window runs now."""
        return self._reader.is_running(self.window)

    @property
    def before(self) -> "FormulaContext":
        """The same for the window before; at most `back` of them while reading one window."""
        return FormulaContext(
            self._kpi, self._reader, self.scope, self._reader.preceding(self.window)
        )

    def at(self, scope: str) -> "FormulaContext":
        """Give the same for another scope of the family, one whose `affects` names this one."""
        return FormulaContext(self._kpi, self._reader, scope, self.window)

    def _ingredient(self, name: str) -> str:
        if name not in self._kpi.ingredients:
            raise KeyError(name)
        return name


Formula = Callable[[FormulaContext], KpiValue | Quotient | None]


@dataclass(frozen=True, slots=True)
class Derived:
    """One derived KPI as declared; `declare_derived` checks it.

    A record exists where one of its ingredients has one in the same scope and window, within
    `kinds`, or where its own `exists` says so. What else it reads has to be said, so that
    changes find it:

    - `back`: so many windows before its own.
    - `across`: ingredients whose best among the members of its dimension it asks for.
    - `targets`: KPIs whose target in the same scope and window it asks for.
    - `history`: hidden KPIs with `ever`, read for the whole company.
    - `affects`: other scopes whose record reads what happens in a scope.

    `lasting` (scope all only) names the one ingredient whose records make it exist, in their
    own window and `back` windows on, up to the running one. `is_running_only`: windows that run
    now and no others. `adds_up` says that a target is used up evenly over time, as that of a
    sum is. `percentiles` names those that its figures carry. `is_slow`: a board is asked for it
    now and then only (see `Board.take`).
    """

    name: str
    unit: str
    scopes: tuple[str, ...]
    ingredients: tuple[str, ...]
    shown: tuple[str, ...]
    formula: Formula
    text: str
    better: Literal["higher", "lower"] = "higher"
    is_for_all: bool = True
    kinds: tuple[str, ...] = KINDS
    lookback_windows: int = 0
    across: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    affects: Callable[[str], Iterable[str]] | None = None
    carry_forward: str = ""
    is_running_only: bool = False
    adds_up: bool = False
    percentiles: tuple[str, ...] = ()
    exists: Callable[[FormulaContext], bool] | None = None
    is_expensive: bool = False
    kind: Literal["derived"] = "derived"
    hourly: bool = False

    @property
    def published_scopes(self) -> tuple[str, ...]:
        """Every scope that it is published for."""
        return (*(("all",) if self.is_for_all else ()), *self.scopes)

    def entry(self) -> dict[str, str | bool | list[str]]:
        """Give what a program may want to know of it."""
        return {
            "kpi": self.name,
            "kind": self.kind,
            "measure": self.kind,
            "unit": self.unit,
            "better": self.better,
            "scopes": list(self.published_scopes),
            "hourly": False,
            "ingredients": list(self.ingredients),
            "text": self.text,
        }
