"""Declaring a derived KPI: what is refused, and what its formula may ask."""

from typing import Any

import pytest

import streams.engine.catalogue.declare_derived as room
from streams.engine.catalogue.declare_derived import declared_derived, derived
from streams.engine.catalogue.derived import FormulaContext, Quotient
from streams.engine.catalogue.kpi import BadCatalogue
from tests.kpis.story import (
    target,
    told,
    won,
)


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a test declares to itself."""
    monkeypatch.setattr(room, "_derived", {})


def wins(given: FormulaContext) -> Quotient | None:
    """Wins by calls."""
    return given.value("deal_count")


def undocumented(given: FormulaContext) -> None:
    # No docstring is the point.
    del given


USUAL: dict[str, Any] = {
    "unit": "ratio",
    "scopes": ("rep", "team"),
    "ingredients": ("deal_count", "call_count"),
    "formula": "deal_count / call_count",
    "source": "our own",
}
BAD: tuple[tuple[str, dict[str, Any], Any, str], ...] = (
    ("no docstring", {}, undocumented, "no docstring"),
    ("no formula", {"formula": ""}, wins, "no formula"),
    ("no source", {"source": ""}, wins, "no source"),
    ("an unknown ingredient", {"ingredients": ("deal_count", "luck")}, wins, "luck"),
    ("a scope that one has not", {"scopes": ("rep", "channel")}, wins, "'channel': 'call_count'"),
    ("an unknown scope", {"scopes": ("region",)}, wins, "region"),
    ("no ingredients", {"ingredients": ()}, wins, "no ingredients"),
    ("an unknown unit", {"unit": "days"}, wins, "unknown unit 'days'"),
    ("the name of another KPI", {"name": "revenue_won"}, wins, "declared twice"),
    ("a bad name", {"name": "Wins"}, wins, "name"),
    ("nowhere", {"scopes": (), "is_for_all": False}, wins, "no scope"),
    ("hours", {"kinds": ("hour",)}, wins, "kind of window"),
    ("comparing by another", {"across": ("revenue_won",)}, wins, "compares"),
    ("an unknown target", {"targets": ("luck",)}, wins, "luck"),
    ("history of what keeps none", {"history": ("deal_count",)}, wins, "without all_time"),
    ("carried forward in a scope", {"carry_forward": "deal_count"}, wins, "forward in a scope"),
    ("carried forward by another", {"scopes": (), "carry_forward": "luck"}, wins, "no ingredient"),
)


@pytest.mark.parametrize(
    ("given", "formula", "reason"), [it[1:] for it in BAD], ids=[it[0] for it in BAD]
)
def test_bad_declaration_is_refused_by_name_and_declares_nothing(
    given: dict[str, Any], formula: Any, reason: str
) -> None:
    asked = {"name": "yield"} | USUAL | given
    with pytest.raises(BadCatalogue, match=reason) as refused:
        derived(**asked)(formula)
    assert asked["name"] in str(refused.value)
    assert declared_derived() == ()


def test_derived_kpi_is_declared_once_and_listed() -> None:
    assert derived("yield", **USUAL)(wins) is wins
    with pytest.raises(BadCatalogue, match="declared twice"):
        derived("yield", **USUAL)(wins)
    (kpi,) = declared_derived()
    assert kpi.entry() == {
        "kpi": "yield",
        "kind": "derived",
        "measure": "derived",
        "unit": "ratio",
        "better": "higher",
        "scopes": ["all", "rep", "team"],
        "hourly": False,
        "ingredients": ["deal_count", "call_count"],
        "formula": "deal_count / call_count",
        "source": "our own",
        "text": "Wins by calls.",
    }


@pytest.mark.parametrize("question", ["value", "vector", "target", "best", "all_time"])
def test_formula_is_told_only_of_what_its_kpi_declares(question: str) -> None:
    def asks(given: FormulaContext) -> None:
        """Ask for something else."""
        getattr(given, question)("revenue_won")

    derived("yield", **USUAL)(asks)
    with pytest.raises(KeyError, match="revenue_won"):
        told(won("03-10 09:00"))


def test_formula_sees_its_window_the_one_before_and_the_target() -> None:
    def seen(given: FormulaContext) -> Quotient | None:
        """Wins this month, wins before, and the target, in one number."""
        now, before = given.value("deal_count"), given.before.value("deal_count")
        aim = given.target("deal_count")
        assert now is not None
        assert before is not None
        return 100 * now[0] + 10 * before[0] + (int(aim) if aim else 0), 1

    asked = USUAL | {
        "ingredients": ("deal_count",),
        "targets": ("deal_count",),
        "lookback_windows": 1,
    }
    derived("seen", **asked)(seen)
    events = [won("02-10 09:00", "a"), won("03-10 09:00", "b"), won("03-11 09:00", "c")]
    assert told(*events, target("deal_count", "7"))["seen"] == 217.0
