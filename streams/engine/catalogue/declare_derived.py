"""The decorator that declares derived KPIs, and the checks of their declarations."""

import inspect
from collections.abc import Callable, Mapping
from typing import TypedDict, Unpack

from streams.engine.catalogue.derived import (
    KINDS,
    Derived,
    Formula,
)
from streams.engine.catalogue.kpi import (
    NAME,
    UNITS,
    BadCatalogue,
    Better,
    Kpi,
    declared,
)

_derived: dict[str, Derived] = {}


class Needs(TypedDict, total=False):
    """Optional arguments of a derived KPI; see `Derived`."""

    is_for_all: bool
    kinds: tuple[str, ...]
    lookback_windows: int
    across: tuple[str, ...]
    targets: tuple[str, ...]
    history: tuple[str, ...]
    carry_forward: str
    is_running_only: bool
    is_expensive: bool
    percentiles: tuple[str, ...]


def derived(
    name: str,
    *,
    unit: str,
    scopes: tuple[str, ...],
    ingredients: tuple[str, ...],
    formula: str = "",
    source: str = "",
    better: Better = "higher",
    **needs: Unpack[Needs],
) -> Callable[[Formula], Formula]:
    """Declare a derived KPI: the docstring is its text, the function computes it.

    `formula` and `source` are required, and the ingredients must have been declared. A bad
    declaration raises BadCatalogue at import: an unknown unit or ingredient, a scope that not all
    ingredients have, a duplicate name, no docstring, formula or source.
    """

    def declare(evaluate: Formula) -> Formula:
        made = make(
            name,
            unit,
            scopes,
            ingredients,
            evaluate,
            inspect.getdoc(evaluate) or "",
            {kpi.name: kpi for kpi in declared()},
            formula=formula,
            source=source,
            better=better,
            **needs,
        )
        if name in _derived:
            raise BadCatalogue(f"KPI {name} is declared twice")
        _derived[name] = made
        return evaluate

    return declare


def make(
    name: str,
    unit: str,
    scopes: tuple[str, ...],
    ingredients: tuple[str, ...],
    evaluate: Formula,
    text: str,
    known: Mapping[str, Kpi],
    *,
    formula: str,
    source: str,
    better: Better = "higher",
    **needs: Unpack[Needs],
) -> Derived:
    """Make a derived KPI of known ones without declaring it, for one that rules describe.

    Raises BadCatalogue as `derived` does. Set `affects` with `dataclasses.replace`.
    """
    shown = tuple(each for each in ingredients if each in known and not known[each].is_hidden)
    kpi = Derived(
        name,
        unit,
        scopes,
        ingredients,
        shown,
        evaluate,
        text,
        better,
        formula=formula,
        source=source,
        **needs,
    )
    for fault, holds in _faults(kpi, known).items():
        if holds:
            raise BadCatalogue(f"KPI {name} {fault}")
    return kpi


def declared_derived() -> tuple[Derived, ...]:
    """Give the derived KPIs declared so far, in the order of declaration."""
    return (*_derived.values(),)


def _faults(kpi: Derived, known: Mapping[str, Kpi]) -> dict[str, bool]:
    named = {*kpi.ingredients, *kpi.targets, *kpi.history}
    unknown = sorted(named - known.keys())
    ingredients = [known[name] for name in kpi.ingredients if name in known]
    lacking = {
        scope: one.name for scope in kpi.scopes for one in ingredients if scope not in one.scopes
    }
    without = [name for name in kpi.history if name in known and not known[name].has_all_time]
    return {
        "needs a name of small letters, digits and _": not NAME.fullmatch(kpi.name),
        f"unknown unit {kpi.unit!r}, known: {UNITS}": kpi.unit not in UNITS,
        "is declared twice": kpi.name in known,
        "has no docstring": not kpi.text,
        "has no ingredients": not kpi.ingredients,
        f"has unknown ingredients: {', '.join(unknown)}": bool(unknown),
        f"has a scope that an ingredient lacks: {lacking}": bool(lacking),
        "has no scope at all": not kpi.published_scopes,
        f"has an unknown kind of window in {kpi.kinds}": not {*kpi.kinds} <= {*KINDS},
        "compares values by what is no ingredient": not {*kpi.across} <= {*kpi.ingredients},
        f"reads the history of KPIs without all_time: {without}": bool(without),
        "carries forward in a scope": bool(kpi.carry_forward and kpi.scopes),
        "carries forward what is no ingredient": kpi.carry_forward not in ("", *kpi.ingredients),
        "has no formula": not kpi.formula,
        "has no source": not kpi.source,
    }
