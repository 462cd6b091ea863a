"""Whoever follows a shard's elements has its cells, and trying an event changes nothing.

Any history with merges and erasures; one shard, which hears its own moves.
"""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.aggregate.reroutes import Reroute
from streams.events import Event
from streams.wiring.catalogue import catalogue
from tests.laws.merging import decoded, stories
from tests.laws.published import Said


@given(stories(), st.integers(0, 30))
def test_followed_from_anywhere_the_cells_are_the_same(
    story: tuple[list[Said], dict[str, Any], int], since: int
) -> None:
    said, reporting, now = story
    owner, follower = _shards(reporting, now)
    is_folded = False
    heard: dict[bytes, Reroute] = {}
    for number, event in enumerate(decoded(said)):
        if not isinstance(event, Event):
            continue
        if number >= since and not is_folded:
            # A new owner is told what stands of the moves, after all elements.
            for move in heard.values():
                follower.restore_reroute(move)
            while follower.rebuild(now):
                pass
            is_folded = True
        for element in owner.add(event):
            (follower.apply_state if is_folded else follower.restore)(*element)
        owner.apply_all_pending(now)
        for move in _heard_by(owner):
            heard[move.key] = move
            if is_folded:
                follower.receive(move)
        owner.apply_all_pending(now)
        if is_folded:
            follower.apply_all_pending(now)
            follower.pending_reroutes()
            assert follower.cells() == owner.cells()


@given(stories())
def test_event_that_was_tried_first_counts_the_same(
    story: tuple[list[Said], dict[str, Any], int],
) -> None:
    said, reporting, now = story
    tried, untried = _shards(reporting, now)
    for event in decoded(said):
        if isinstance(event, Event):
            tried.check(event)
            for shard in (tried, untried):
                shard.add(event)
                for move in shard.pending_reroutes():
                    if shard is tried:
                        shard.check(move)
                    shard.receive(move)
            assert tried.apply_all_pending(now) == untried.apply_all_pending(now)
            assert tried.changed_alerts(now) == untried.changed_alerts(now)
    assert tried.cells() == untried.cells()


def _shards(reporting: dict[str, Any], now: int) -> tuple[Aggregator, Aggregator]:
    terms = catalogue(replace(Settings(now=now), **reporting))
    return Aggregator(terms, now), Aggregator(terms, now)


def _heard_by(shard: Aggregator) -> list[Any]:
    """Let a shard hear its own moves until it has no more to say; give them all."""
    heard = []
    while moves := shard.pending_reroutes():
        for move in moves:
            shard.receive(move)
        heard += moves
    return heard
