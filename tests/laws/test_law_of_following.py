"""A follower of a state changelog has its cells, and trying an event changes nothing.

Any history with merges and erasures; one aggregator, which receives its own reroutes.
"""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.aggregate.reroutes import Reroute
from streams.events import Event
from streams.events.key_value import KeyValue
from streams.wiring.catalogue import catalogue
from tests.laws.merging import decoded, stories
from tests.laws.published import EventDict


@given(stories(), st.integers(0, 30))
def test_followed_from_anywhere_the_cells_are_the_same(
    story: tuple[list[EventDict], dict[str, Any], int], since: int
) -> None:
    events, reporting, now = story
    owner, follower = _aggregators(reporting, now)
    is_rebuilt = False
    received: dict[bytes, Reroute] = {}
    for number, event in enumerate(decoded(events)):
        if not isinstance(event, Event):
            continue
        if number >= since and not is_rebuilt:
            # A new owner restores the current reroutes after all state records.
            for reroute in received.values():
                follower.restore_reroute(reroute)
            while follower.rebuild(now):
                pass
            is_rebuilt = True
        _follow(follower, owner.add(event), is_rebuilt)
        owner.apply_all_pending(now)
        for reroute, elements in _receive_own(owner):
            received[reroute.key] = reroute
            _follow(follower, elements, is_rebuilt)
            if is_rebuilt:
                follower.receive(reroute)
        owner.apply_all_pending(now)
        if is_rebuilt:
            follower.apply_all_pending(now)
            follower.pending_reroutes()
            assert follower.cells() == owner.cells()


@given(stories())
def test_event_that_was_tried_first_counts_the_same(
    story: tuple[list[EventDict], dict[str, Any], int],
) -> None:
    events, reporting, now = story
    tried, untried = _aggregators(reporting, now)
    for event in decoded(events):
        if isinstance(event, Event):
            tried.check(event)
            for aggregator in (tried, untried):
                aggregator.add(event)
                for reroute in aggregator.pending_reroutes():
                    if aggregator is tried:
                        aggregator.check(reroute)
                    aggregator.receive(reroute)
            assert tried.apply_all_pending(now) == untried.apply_all_pending(now)
            assert tried.changed_alerts(now) == untried.changed_alerts(now)
    assert tried.cells() == untried.cells()


def _aggregators(reporting: dict[str, Any], now: int) -> tuple[Aggregator, Aggregator]:
    in_force = catalogue(replace(Settings(now=now), **reporting))
    return Aggregator(in_force, now), Aggregator(in_force, now)


def _follow(follower: Aggregator, elements: list[KeyValue], is_rebuilt: bool) -> None:
    """Let a follower apply records of the state."""
    for element in elements:
        (follower.apply_state if is_rebuilt else follower.restore)(*element)


def _receive_own(aggregator: Aggregator) -> list[tuple[Reroute, list[KeyValue]]]:
    """Let an aggregator receive its own reroutes until none is pending.

    Gives them all, each with the records that it led to.
    """
    received = []
    while reroutes := aggregator.pending_reroutes():
        received += [(reroute, aggregator.receive(reroute)) for reroute in reroutes]
    return received
