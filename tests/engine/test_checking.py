"""Trying an event on a shard whose KPI may raise: it tells, and leaves no trace."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.catalogue.kpi import Fact
from streams.events import Event, decode
from streams.journeys import Deal
from streams.wiring.catalogue import catalogue
from tests.kpis.story import instant

NOW = instant("03-20 12:00")


def by_stage(deal: Deal) -> Fact[int] | None:
    """Fail for a deal that was won without a stage."""
    return None if deal.won is None else Fact(deal.won, 1 // len(deal.stage or ""))


def no_number(deal: Deal) -> Fact[Any] | None:
    """Give what cannot be added up, which shows only when its time has come."""
    return None if deal.won is None else Fact(deal.won, "no number")


def test_event_that_makes_a_kpi_raise_is_told() -> None:
    shard = _shard()
    _take(shard, _deal("1", stage="offer"))
    with pytest.raises(ZeroDivisionError):
        shard.check(_deal("2", "deal-9", status="won"))


def test_event_that_only_raises_together_with_earlier_ones_is_told() -> None:
    shard = _shard()
    _take(shard, _deal("1", status="won", stage="offer"))
    with pytest.raises(ZeroDivisionError):
        shard.check(_deal("2", stage=""))


def test_event_that_was_tried_leaves_no_trace() -> None:
    tried, untried = _shard(), _shard()
    for shard in (tried, untried):
        _take(shard, _deal("1", stage="offer"))
    tried.check(_deal("2", status="won"))
    with pytest.raises(ZeroDivisionError):
        tried.check(_deal("3", status="won", stage=""))
    later = _deal("4", status="won", stage="offer")
    assert _take(tried, later) == _take(untried, later)
    assert tried.cells() == untried.cells()
    assert tried.changed_alerts(NOW) == untried.changed_alerts(NOW)


def test_fact_that_is_still_to_come_is_tried_as_well() -> None:
    shard = _shard(no_number)
    with pytest.raises(TypeError):
        shard.check(_deal("1", at="2026-04-01T12:00:00Z", status="won", stage="offer"))


def test_erasure_is_tried_without_erasing() -> None:
    shard = _shard()
    _take(shard, _deal("1", status="won", stage="offer"))
    before = dict(shard.cells())
    erasure = _event({"type": "subject.erased", "at": "2026-03-03T12:00:00Z", "id": "9"})
    shard.check(erasure)
    assert shard.apply_all_pending(NOW) == {}
    assert shard.cells() == before


def _shard(facts: Callable[[Deal], Any] = by_stage) -> Aggregator:
    """Give a shard whose count of deals is worked out in another way."""
    terms = catalogue(Settings(now=NOW))
    kpis = [replace(kpi, facts=facts) if kpi.name == "deal_count" else kpi for kpi in terms.kpis]
    return Aggregator(replace(terms, kpis=tuple(kpis)), NOW)


def _take(shard: Aggregator, event: Event) -> Mapping[str, Any]:
    shard.add(event)
    return shard.apply_all_pending(NOW)


def _deal(name: str, deal: str = "deal-1", at: str = "2026-03-02T12:00:00Z", **said: str) -> Event:
    return _event({"type": "deal.changed", "id": name, "at": at, "deal": deal, **said})


def _event(said: dict[str, Any]) -> Event:
    found = decode(json.dumps({"subject": "lead-1", **said}).encode())
    assert isinstance(found, Event)
    return found
