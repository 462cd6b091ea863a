"""Hidden KPIs: counted, kept for derived ones to read, and never published."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

import streams.engine.catalogue.kpi as room
from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.algebra.measures import COUNTS
from streams.engine.catalogue.catalogue import Catalogue
from streams.engine.catalogue.kpi import (
    BadCatalogue,
    Fact,
    Kpi,
    kpi,
)
from streams.engine.merge.dimension_groups import dimension_group
from streams.engine.merge.merger import Merger
from streams.events import Event, decode
from streams.journeys import Deal
from streams.wiring.catalogue import catalogue
from tests.kpis.story import (
    Said,
    deal,
    instant,
    won,
)

NOW = instant("03-20 12:00")


def _due(deal: Deal) -> Iterator[Fact[str]]:
    if deal.expected_close is not None and deal.closed is None:
        at = deal.context.calendar.start_of(deal.expected_close.toordinal())
        yield Fact(at, deal.stage, since=deal.created)


def _wins(deal: Deal) -> Fact[str] | None:
    return None if deal.won is None else Fact(deal.won, "won")


DUE = Kpi(
    "due",
    COUNTS,
    "count",
    ("rep",),
    False,
    "Due.",
    Deal,
    _due,
    is_hidden=True,
    formula="count",
    source="our own",
)
WINS = Kpi(
    "wins",
    COUNTS,
    "count",
    (),
    False,
    "Wins.",
    Deal,
    _wins,
    is_hidden=True,
    has_all_time=True,
    broadcast_to=("rep",),
    formula="count",
    source="our own",
)


def terms() -> Catalogue:
    """The catalogue with the two hidden KPIs."""
    today = catalogue(Settings())
    return replace(today, kpis=(*today.kpis, DUE, WINS))


def shard_of(*events: Said, clock: int = NOW) -> Aggregator:
    """Give a shard that has settled these events."""
    shard = Aggregator(terms(), clock)
    for said in events:
        event = decode(json.dumps(said).encode())
        assert isinstance(event, Event)
        shard.add(event)
    shard.apply_all_pending(clock)
    return shard


def board_of(shard: Aggregator) -> Merger:
    """Give a board that has all of a shard's cells."""
    board = Merger(terms(), NOW)
    for cell, vector in shard.cells().items():
        board.set_partial(0, cell, vector)
    board.advance_clock_to(NOW)
    return board


DUE_DEAL = deal("03-10 09:00", "deal-2", stage="offer", expected_close="2026-05-04", rep="ann")


def test_hidden_kpi_has_no_record() -> None:
    board = board_of(shard_of(won("03-10 09:00"), DUE_DEAL))
    names = {key.partition("|")[0] for key, _, _ in board.publications()}
    assert "deal_count" in names
    assert names.isdisjoint({"due", "wins"})


def test_fact_whose_anchor_is_to_come_is_readable_from_its_since_on() -> None:
    day = f"{date(2026, 5, 4).toordinal()}|"
    before = shard_of(DUE_DEAL, clock=instant("03-10 08:59"))
    assert before.next_due == instant("03-10 09:00")
    assert day not in before.cells()
    assert shard_of(DUE_DEAL).cells()[day] == {"due": {"n": 1, "l:offer": 1}}


def test_company_wide_fact_is_carried_to_the_reps_board_under_no_member() -> None:
    cells = shard_of(won("03-10 09:00", rep="ann")).cells()
    carried = {cell: v for cell, v in cells.items() if cell.endswith("|rep=")}
    assert [*carried.values()] == [{"wins": {"n": 1, "l:won": 1}}]
    (cell,) = carried
    assert dimension_group(cell) == dimension_group(cell + "ann")


def test_ever_is_the_sum_over_all_days() -> None:
    board = board_of(shard_of(won("2024-03-10T09:00:00Z"), won("03-10 09:00", "deal-2"), DUE_DEAL))
    assert board.evaluator.all_time("wins", "") == {"n": 2, "l:won": 2}
    assert board.evaluator.all_time("wins", "team=north") == {"n": 2, "l:won": 2}


@pytest.mark.parametrize("given", [{"all_time": True}, {"broadcast_to": ("rep",)}])
def test_only_a_hidden_kpi_keeps_ever_or_is_carried(
    given: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_declared", {})
    with pytest.raises(BadCatalogue, match="is not hidden"):
        kpi("x", measure=COUNTS, unit="count", scopes=(), **given)(_wins)  # type: ignore[arg-type]  # any of the two


def test_unknown_dimension_cannot_be_carried_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_declared", {})
    with pytest.raises(BadCatalogue, match="unknown dimension"):
        kpi("x", measure=COUNTS, unit="count", scopes=(), hidden=True, broadcast_to=("team",))(
            _wins
        )
