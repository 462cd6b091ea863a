"""Slow KPIs wait on the board until they are asked for, and are not read before."""

import json

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.merge.merger import Merger
from streams.events import Event, decode
from streams.wiring.catalogue import catalogue
from tests.kpis.story import (
    Said,
    instant,
    won,
)

NOW = instant("03-20 12:00")


def board_of(*events: Said) -> Merger:
    """Give a board that has all that these events come to."""
    terms = catalogue(Settings())
    shard, board = Aggregator(terms, NOW), Merger(terms, NOW)
    for said in events:
        event = decode(json.dumps(said).encode())
        if isinstance(event, Event):
            shard.add(event)
    for cell, vector in shard.apply_all_pending(NOW).items():
        board.set_partial(0, cell, vector)
    return board


def taken(board: Merger, wide: int | None = None, with_expensive: bool = True) -> set[str]:
    """Give the names of the KPIs that are taken."""
    return {key.partition("|")[0] for key, _, _ in board.publications(wide, with_expensive)}


def test_slow_kpi_waits_for_a_take_with_slow_ones() -> None:
    board = board_of(won("03-10 09:00", rep="ann"))
    assert "forecast" not in taken(board, 0, with_expensive=False)
    # Of all: the month, the quarter and the year; the week has no win.
    assert board.pending_expensive >= 3
    assert taken(board, 0, with_expensive=False) == set()
    assert taken(board, 0) == {"forecast"}
    assert board.pending_expensive == 0


def test_slow_kpi_of_a_member_comes_with_its_wide_windows() -> None:
    board = board_of(won("03-10 09:00", rep="ann"))
    assert "forecast" in taken(board, 0)
    assert board.pending == board.pending_long_windows > 0
    keys = {key for key, _, _ in board.publications(with_expensive=False)}
    assert {f"forecast|rep=ann|{window}" for window in ("month", "quarter", "year")} <= {
        key.rpartition("|")[0] for key in keys
    }
    assert board.pending == 0


def test_slow_kpi_is_taken_with_all_others_where_nobody_waits() -> None:
    assert {"forecast", "deal_count"} <= taken(board_of(won("03-10 09:00")))


def test_slow_kpi_is_taken_once_however_often_it_was_put_off() -> None:
    board = board_of(won("03-10 09:00", rep="ann"))
    for _ in range(3):
        taken(board, 0, with_expensive=False)
        board.advance_clock_to(NOW + 86_400_000)
    keys = [key for key, _, _ in board.publications() if key.startswith("forecast")]
    assert len(keys) == len({*keys})
    assert {f"forecast|{scope}|month" for scope in ("all", "rep=ann")} <= {
        key.rpartition("|")[0] for key in keys
    }
