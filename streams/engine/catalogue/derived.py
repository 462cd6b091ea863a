"""The declaration of a derived KPI, and the context in which its formula is evaluated.

A derived KPI is evaluated by the merger from the values of its ingredients in the same scope.
It never reads events: what no published KPI provides comes from a hidden one (see `Kpi`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
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
    """The result of a derived KPI: its value, and the parts to check it with.

    `value` is an exact (numerator, denominator) in the unit's smallest parts (minor units of
    money, milliseconds), a float that is already rounded, or None where there is no value.
    `parts` None stands for those of the ingredients by name. `percentiles` are expensive: they
    are computed only when a record is written.
    """

    value: Quotient | float | None
    parts: Mapping[str, Any] | None = None
    percentiles: Callable[[], Mapping[str, Any]] | None = None


class KpiReader(Protocol):
    """Read access to the merger: each question is about one KPI, one scope and one window."""

    def vector(self, name: str, scope: str, window: Window) -> Vector:
        """Give a KPI's vector; of a level, its total before the window's end."""

    def value(self, name: str, scope: str, window: Window) -> Quotient | None:
        """Give numerator and denominator; None where the denominator is zero."""

    def parts(self, name: str, scope: str, window: Window) -> Mapping[str, Any]:
        """Give the parts of the KPI's record, those of zero facts where there is none."""

    def target(self, name: str, scope: str, window: Window) -> Fraction | None:
        """Give the current target in minor units, milliseconds or as it is."""

    def best(self, name: str, scope: str, window: Window, across: tuple[str, ...]) -> int:
        """Give a KPI's greatest numerator among siblings with facts of any KPI of `across`."""

    def all_time(self, name: str, scope: str) -> Vector:
        """Give the company's vector over all time up to now; for KPIs with `has_all_time`."""

    def has(self, name: str, scope: str, window: Window) -> bool:
        """Tell whether a KPI has a record."""

    def has_target(self, name: str, scope: str, window: Window) -> bool:
        """Tell whether a KPI's target alone makes a record."""

    def is_running(self, window: Window) -> bool:
        """Tell whether a window is running now."""

    def preceding(self, window: Window) -> Window:
        """Give the window before."""

    def key(self, name: str, scope: str, window: Window) -> str:
        """Give the key of a record."""


class FormulaContext:
    """What a formula can read: the ingredients of its KPI in one scope and one window.

    Any name that the KPI does not declare is a KeyError: a record is rebuilt only when
    something declared has changed. `scope` is `dimension=value`, empty for the grand total.
    """

    __slots__ = ("_kpi", "_reader", "scope", "window")

    def __init__(self, kpi: "Derived", reader: KpiReader, scope: str, window: Window) -> None:
        self._kpi = kpi
        self._reader = reader
        self.scope = scope
        self.window = window

    def value(self, name: str) -> Quotient | None:
        """Give an ingredient's exact numerator and denominator; None where it has no value."""
        return self._reader.value(self._ingredient(name), self.scope, self.window)

    def has(self, name: str) -> bool:
        """Tell whether an ingredient has a record."""
        return self._reader.has(self._ingredient(name), self.scope, self.window)

    def vector(self, name: str) -> Vector:
        """Give an ingredient's components, read-only; empty where it has no facts."""
        return self._reader.vector(self._ingredient(name), self.scope, self.window)

    def parts(self) -> dict[str, Any]:
        """Give the parts of every published ingredient, by name."""
        return {name: self._reader.parts(name, self.scope, self.window) for name in self._kpi.shown}

    def target(self, name: str) -> Fraction | None:
        """Give the target of a KPI named in `targets`; None if there is none.

        Money is in minor units and durations in milliseconds, both whole.
        """
        if name not in self._kpi.targets:
            raise KeyError(name)
        return self._reader.target(name, self.scope, self.window)

    def best(self, name: str) -> int:
        """Give the greatest sum or count of any value of this dimension in this window.

        For ingredients named in `across`, over the values that have facts of any of them; 0
        where none has.
        """
        if name not in self._kpi.across:
            raise KeyError(name)
        return self._reader.best(name, self.scope, self.window, self._kpi.across)

    def all_time(self, name: str) -> Vector:
        """Give the company's vector of a KPI named in `history`, over all time up to now."""
        if name not in self._kpi.history:
            raise KeyError(name)
        return self._reader.all_time(name, self.scope)

    @property
    def key(self) -> str:
        """The key of the record under evaluation."""
        return self._reader.key(self._kpi.name, self.scope, self.window)

    @property
    def is_running(self) -> bool:
        """Whether the window is running now."""
        return self._reader.is_running(self.window)

    @property
    def before(self) -> "FormulaContext":
        """The context of the window before; at most `lookback_windows` in a row."""
        return FormulaContext(
            self._kpi, self._reader, self.scope, self._reader.preceding(self.window)
        )

    def at(self, scope: str) -> "FormulaContext":
        """Give the context of another scope of the group, one whose `affects` names this one."""
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
    `kinds`, or where `exists` returns True.

    Attributes:
        evaluate: The function that computes it.
        text: The panel's text.
        lookback_windows: How many windows before its own the formula reads.
        across: Ingredients whose best value within the dimension the formula reads.
        targets: KPIs whose target in the same scope and window the formula reads.
        history: Hidden KPIs with `has_all_time`, read for the whole company.
        affects: Gives the other scopes whose records read the values of a scope.
        other_scopes: Dimensions beside its own that the formula reads, for `affects`.
        carry_forward: The ingredient whose records make it exist, in their own window and
            `lookback_windows` on, up to the running one; for the grand total only.
        is_running_only: Whether it has records only in windows that are running.
        percentiles: The percentiles in its records.
        is_expensive: Whether the merger evaluates it less often (see `Merger`).
        formula: How it is computed, in one line.
        source: Where the definition comes from: the trade's term, a public study, or the contract.
    """

    name: str
    unit: str
    scopes: tuple[str, ...]
    ingredients: tuple[str, ...]
    shown: tuple[str, ...]
    evaluate: Formula
    text: str
    better: Literal["higher", "lower"] = "higher"
    is_for_all: bool = True
    kinds: tuple[str, ...] = KINDS
    lookback_windows: int = 0
    across: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    affects: Callable[[str], Iterable[str]] | None = None
    other_scopes: tuple[str, ...] = ()
    carry_forward: str = ""
    is_running_only: bool = False
    percentiles: tuple[str, ...] = ()
    exists: Callable[[FormulaContext], bool] | None = None
    is_expensive: bool = False
    kind: Literal["derived"] = "derived"
    hourly: bool = False
    _: KW_ONLY
    formula: str
    source: str

    @property
    def adds_up(self) -> bool:
        """Whether a target is prorated over its window: only that of a count or a sum is."""
        return False

    @property
    def published_scopes(self) -> tuple[str, ...]:
        """The scopes that it is published for."""
        return (*(("all",) if self.is_for_all else ()), *self.scopes)

    def entry(self) -> dict[str, str | bool | list[str]]:
        """Give its catalogue entry."""
        return {
            "kpi": self.name,
            "kind": self.kind,
            "measure": self.kind,
            "unit": self.unit,
            "better": self.better,
            "scopes": list(self.published_scopes),
            "hourly": False,
            "ingredients": list(self.ingredients),
            "formula": self.formula,
            "source": self.source,
            "text": self.text,
        }
