"""A KPI added in few lines has its whole history; a bad declaration stops the process."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from streams.engine.algebra.measures import COUNT
from streams.engine.catalogue import kpi as room
from streams.engine.catalogue.kpi import (
    BadCatalogue,
    Fact,
    declared,
    kpi,
)
from streams.journeys import Deal
from tests.kpis.story import (
    Said,
    Told,
    deal,
    instant,
    member,
    won,
)

NOW = "03-20 12:00"
ROOT = Path(__file__).parent.parent
ADDED = ROOT / "tests" / "kpis" / "big_wins.py"
# In a process of its own, for a KPI once declared is in the catalogue of the whole process.
PROGRAM = """
import sys
import tests.kpis.big_wins
from streams.config.settings import Settings
from streams.operations.replay import replay

for record in replay(sys.stdin.buffer, Settings(now=int(sys.argv[1]))):
    sys.stdout.buffer.write(record + b"\\n")
"""


def told_with_big_wins(*events: Said) -> Told:
    """Replay events under a catalogue with the added KPI."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(instant(NOW))],
        input=b"\n".join(json.dumps(event).encode() for event in events),
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    return Told([json.loads(line) for line in done.stdout.splitlines()], instant(NOW))


def test_added_kpi_has_its_whole_history() -> None:
    found = told_with_big_wins(
        won("2023-05-10T09:00:00Z", "deal-1", "5000.01", rep="ann"),
        won("2023-05-11T09:00:00Z", "deal-2", "5000", rep="ann"),
        won("2025-01-10T09:00:00Z", "deal-3", "6000", rep="ann"),
        won("03-10 09:00", "deal-4", "7000", rep="bob"),
        won("03-11 09:00", "deal-5", "8000", rep="ann"),
        deal("03-12 09:00", "deal-5", status="open"),
        won("03-12 09:00", "deal-6", "9000", currency="XOF"),
        member("ann", team="north"),
    )
    years = {y: found["big_wins", "all", "year", str(y)] for y in (2023, 2025, 2026)}
    # 2023: one of two is above 5,000. 2026: deal-5 was opened again, deal-6 has no rate.
    assert years == {2023: 1, 2025: 1, 2026: 1}
    assert found["big_wins", "rep=bob"] == 1
    assert found["big_wins", "team=north", "year", "2023"] == 1
    assert found.parts("unpriced_facts")["big_wins"] == 1
    assert found["deal_count"] == 2


def test_added_kpi_takes_fewer_than_twenty_lines() -> None:
    code = ADDED.read_text().partition("@kpi")[2]
    assert len(code.splitlines()) < 20


def test_added_kpi_is_in_no_other_catalogue() -> None:
    assert "big_wins" not in {each.name for each in declared()}


@pytest.fixture
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a test declares to itself."""
    monkeypatch.setattr(room, "_declared", {each.name: each for each in declared()[:-1]})


def wins(deal: Deal) -> Fact[int] | None:
    """Deals won."""
    return None if deal.won is None else Fact(deal.won, 1)


def undocumented(deal: Deal) -> None:
    # No docstring is the point.
    del deal


def of_number(number: int) -> None:
    """A number is nothing that a subject has."""
    del number


def of_nothing() -> None:
    """Reads nothing at all."""


USUAL: dict[str, Any] = {
    "measure": COUNT,
    "unit": "count",
    "scopes": ("rep", "unit"),
    "formula": "count of deals won",
    "source": "our own",
}
BAD: tuple[tuple[str, dict[str, Any], Any, str], ...] = (
    ("a unit nobody knows", {"unit": "days"}, wins, "unknown unit 'days'"),
    ("money named by its currency", {"unit": "money:EUR"}, wins, "unknown unit"),
    ("a scope nobody knows", {"scopes": ("rep", "region")}, wins, "unknown scope"),
    ("a name given twice", {"name": "deal_count"}, wins, "declared twice"),
    ("no docstring", {}, undocumented, "no docstring"),
    ("no formula", {"formula": ""}, wins, "no formula"),
    ("no source", {"source": ""}, wins, "no source"),
    ("a thing that is none", {}, of_number, "no dimensions"),
    ("no thing", {}, of_nothing, "no dimensions"),
    ("a name with a dot", {"name": "big.wins"}, wins, "name"),
    ("a name with a bar", {"name": "big|wins"}, wins, "name"),
    ("no name", {"name": ""}, wins, "name"),
)


@pytest.mark.usefixtures("_own_registry")
@pytest.mark.parametrize(
    ("given", "function", "reason"), [it[1:] for it in BAD], ids=[it[0] for it in BAD]
)
def test_bad_declaration_is_refused_by_name_and_declares_nothing(
    given: dict[str, Any], function: Any, reason: str
) -> None:
    usual = {"name": "wins"} | USUAL
    before = declared()
    with pytest.raises(BadCatalogue, match=reason) as refused:
        kpi(**usual | given)(function)
    assert (usual | given)["name"] in str(refused.value)
    assert declared() == before


@pytest.mark.usefixtures("_own_registry")
def test_declared_function_is_still_itself() -> None:
    assert kpi("wins", **USUAL)(wins) is wins
    added = next(each for each in declared() if each.name == "wins")
    assert (added.text, added.reads, added.dimensions) == ("Deals won.", Deal, ("rep",))
