"""Slow KPIs wait on the merger until they are asked for, and are not read before."""

import json

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.merger import Merger
from streams.events import Event, decode
from streams.wiring.catalogue import catalogue
from tests.kpis.story import (
    Said,
    instant,
    won,
)

NOW = instant("03-20 12:00")


def merger_of(*events: Said) -> Merger:
    """Give a merger that has all that these events come to."""
    kpi_catalogue = catalogue(Settings())
    aggregator, merger = Aggregator(kpi_catalogue, NOW), Merger(kpi_catalogue, NOW)
    for fields in events:
        event = decode(json.dumps(fields).encode())
        if isinstance(event, Event):
            aggregator.add(event)
    for cell, vector in aggregator.apply_all_pending(NOW).items():
        merger.set_partial(0, cell, vector)
    return merger


def published(merger: Merger, priority: Priority | None = None) -> set[str]:
    """Give the names of the KPIs that are taken."""
    return {key.partition("|")[0] for key, _, _ in merger.publications(priority)}


def test_expensive_kpi_waits_until_everything_else_is_published() -> None:
    merger = merger_of(won("03-10 09:00", rep="ann"))
    assert "forecast" not in published(merger, Priority.FIRST)
    assert "forecast" not in published(merger, Priority.NEXT)
    # Of all and of ann: the month, the quarter and the year; the week has no win.
    assert merger.pending == merger.waiting(Priority.LATER) >= 3
    assert "forecast" in published(merger, Priority.LATER)
    assert merger.pending == 0


def test_expensive_kpi_comes_with_all_others_in_a_round_of_everything() -> None:
    assert {"forecast", "deal_count"} <= published(merger_of(won("03-10 09:00")))


def test_expensive_kpi_comes_once_however_often_it_was_deferred() -> None:
    merger = merger_of(won("03-10 09:00", rep="ann"))
    for _ in range(3):
        published(merger, Priority.NEXT)
        merger.advance_clock_to(NOW + 86_400_000)
    keys = [key for key, _, _ in merger.publications() if key.startswith("forecast")]
    assert len(keys) == len({*keys})
    assert {f"forecast|{scope}|month" for scope in ("all", "rep=ann")} <= {
        key.rpartition("|")[0] for key in keys
    }
