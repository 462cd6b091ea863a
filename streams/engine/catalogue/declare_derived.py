"""Declaring derived KPIs: a name, ingredients, and what is refused at import."""

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
    """What a derived KPI reads beside its ingredients, and when: see `Derived`."""

    is_for_all: bool
    kinds: tuple[str, ...]
    lookback_windows: int
    across: tuple[str, ...]
    targets: tuple[str, ...]
    history: tuple[str, ...]
    carry_forward: str
    is_running_only: bool
    is_expensive: bool
    adds_up: bool
    percentiles: tuple[str, ...]


def derived(
    name: str,
    *,
    unit: str,
    scopes: tuple[str, ...],
    ingredients: tuple[str, ...],
    better: Better = "higher",
    **needs: Unpack[Needs],
) -> Callable[[Formula], Formula]:
    """Declare a derived KPI: the docstring is its text, the function its formula.

    Its ingredients must have been declared. A bad declaration raises BadCatalogue at import: an
    unknown unit or ingredient, a scope that not all ingredients have, a name given twice, a
    missing docstring.
    """

    def declare(formula: Formula) -> Formula:
        known = {kpi.name: kpi for kpi in declared()}
        text = inspect.getdoc(formula) or ""
        made = make(name, unit, scopes, ingredients, formula, text, known, better=better, **needs)
        if name in _derived:
            raise BadCatalogue(f"KPI {name} is declared twice")
        _derived[name] = made
        return formula

    return declare


def make(
    name: str,
    unit: str,
    scopes: tuple[str, ...],
    ingredients: tuple[str, ...],
    formula: Formula,
    text: str,
    known: Mapping[str, Kpi],
    *,
    better: Better = "higher",
    **needs: Unpack[Needs],
) -> Derived:
    """Make a derived KPI of known ones without declaring it: for one that settings describe.

    Raises BadCatalogue as `derived` does. What it `affects` in other scopes can be set by
    `dataclasses.replace`.
    """
    shown = tuple(each for each in ingredients if each in known and not known[each].is_hidden)
    kpi = Derived(name, unit, scopes, ingredients, shown, formula, text, better, **needs)
    for fault, holds in _faults(kpi, known).items():
        if holds:
            raise BadCatalogue(f"KPI {name} {fault}")
    return kpi


def declared_derived() -> tuple[Derived, ...]:
    """Give every derived KPI declared so far, in the order of declaration."""
    return (*_derived.values(),)


def _faults(kpi: Derived, known: Mapping[str, Kpi]) -> dict[str, bool]:
    named = {*kpi.ingredients, *kpi.targets, *kpi.history}
    unknown = sorted(named - known.keys())
    ingredients = [known[name] for name in kpi.ingredients if name in known]
    lacking = {
        scope: one.name for scope in kpi.scopes for one in ingredients if scope not in one.scopes
    }
    forgetful = [name for name in kpi.history if name in known and not known[name].has_all_time]
    return {
        "needs a name of small letters, digits and _": not NAME.fullmatch(kpi.name),
        f"unknown unit {kpi.unit!r}, known: {UNITS}": kpi.unit not in UNITS,
        "is declared twice": kpi.name in known,
        "has no docstring": not kpi.text,
        "has no ingredients": not kpi.ingredients,
        f"has unknown ingredients: {', '.join(unknown)}": bool(unknown),
        f"has a scope that an ingredient has not: {lacking}": bool(lacking),
        "has no scope at all": not kpi.published_scopes,
        f"has an unknown kind of window in {kpi.kinds}": not {*kpi.kinds} <= {*KINDS},
        "compares members by what is no ingredient": not {*kpi.across} <= {*kpi.ingredients},
        f"reads the history of what keeps none: {forgetful}": bool(forgetful),
        "is lasting in a scope": bool(kpi.carry_forward and kpi.scopes),
        "lasts by what is no ingredient": kpi.carry_forward not in ("", *kpi.ingredients),
    }
