"""Which alerts stand depends on the events and the clock alone: not on how either came."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.aggregate.reroutes import Reroute
from streams.events import (
    Event,
    ReferenceRecord,
    decode,
)
from streams.wiring.catalogue import catalogue
from tests.histories import lines
from tests.histories.strategies import (
    nows,
    settings_of_reporting,
    small_histories,
)

DAY_MS = 86_400_000
Standing = dict[str, bytes]


class Reader:
    """Follows a shard's alerts as a consumer of the topic would."""

    def __init__(self, settings: Settings, clock: int) -> None:
        self.shard = Aggregator(catalogue(settings), clock)
        self.standing: Standing = {}
        self.raised: list[str] = []
        self.elements: dict[bytes, bytes | None] = {}
        # What merged subjects' rows said to others, of which the newest stands.
        self.moved: dict[bytes, Reroute] = {}

    def take_in(self, events: list[Any], clock: int) -> None:
        """Let events arrive and time pass, and read what changed."""
        for event in (decode(line) for line in lines(events).splitlines()):
            if isinstance(event, ReferenceRecord):
                self.shard.add_reference(event)
            elif isinstance(event, Event):
                self.elements |= dict(self.shard.add(event))
        while moves := self.shard.pending_reroutes():
            for move in moves:
                self.moved[move.key] = move
                self.shard.receive(move)
        self.shard.apply_all_pending(clock)
        self.read(clock)

    def read(self, clock: int) -> None:
        """Read what changed."""
        for key, body in self.shard.changed_alerts(clock).items():
            assert self.standing.get(key) != body, "said again"
            if body is None:
                del self.standing[key]
            else:
                self.standing[key] = body
                self.raised.append(key)


def at_once(events: list[Any], settings: Settings, now: int) -> Standing:
    """Give what stands after all events at one instant."""
    reader = Reader(settings, now)
    reader.take_in(events, now)
    return reader.standing


@given(st.data())
def test_alerts_that_came_bit_by_bit_are_those_of_a_replay(data: st.DataObject) -> None:
    events, settings, now = story(data)
    arrival = data.draw(st.permutations(events))
    steps = data.draw(st.lists(st.integers(now - 70 * DAY_MS, now), min_size=1, max_size=6))
    reader = Reader(settings, min(steps))
    for clock in [*sorted(steps), now]:
        cut = data.draw(st.integers(0, len(arrival)))
        some, arrival = (arrival[:cut], arrival[cut:]) if clock < now else (arrival, [])
        reader.take_in(some, clock)
    assert reader.standing == at_once(events, settings, now)


@given(st.data())
def test_time_alone_brings_and_ends_alerts_as_a_replay_has_them_at_each_instant(
    data: st.DataObject,
) -> None:
    events, settings, now = story(data)
    clocks = sorted(data.draw(st.lists(st.integers(now, now + 70 * DAY_MS), max_size=6)))
    reader = Reader(settings, now)
    reader.take_in(events, now)
    for clock in clocks:
        reader.shard.apply_all_pending(clock)
        reader.read(clock)
        assert reader.standing == at_once(events, settings, clock)


@given(st.data())
def test_a_restored_shard_has_the_same_alerts_standing(data: st.DataObject) -> None:
    events, settings, now = story(data)
    before, after = Reader(settings, now), Reader(settings, now)
    before.take_in(events, now)
    for event in (decode(line) for line in lines(events).splitlines()):
        if isinstance(event, ReferenceRecord):
            after.shard.add_reference(event)
    for key, value in before.elements.items():
        after.shard.restore(key, value)
    for move in before.moved.values():
        after.shard.restore_reroute(move)
    while after.shard.rebuild(now):
        pass
    after.read(now)
    assert after.standing == before.standing


def story(data: st.DataObject) -> tuple[list[Any], Settings, int]:
    """Draw a short history, how it is reported, and an instant some time after its middle."""
    events = data.draw(small_histories())
    now = data.draw(nows(events)) + data.draw(st.sampled_from([0, 3, 31, 61])) * DAY_MS
    return events, Settings(now=now, **data.draw(settings_of_reporting())), now
