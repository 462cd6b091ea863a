"""The current alerts depend on the events and the clock alone, not on their arrival."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.rules import read
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
from tests.kpis.story import call, instant, lead

DAY_MS = 86_400_000
Alerts = dict[str, bytes]


@pytest.fixture(autouse=True, scope="module")
def heap_that_is_rebuilt_at_once() -> Iterator[None]:
    """Let what is not to come any more leave the heap in these small histories, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.engine.aggregate.alert_evaluator.HEAP_FACTOR", 1)
        patch.setattr("streams.engine.aggregate.alert_evaluator.HEAP_SLACK", 0)
        yield


class Reader:
    """Follows an aggregator's alerts as a consumer of the topic would."""

    def __init__(self, settings: Settings, clock: int) -> None:
        self.aggregator = Aggregator(catalogue(settings, read(settings.rules)), clock)
        self.current: Alerts = {}
        self.raised: list[str] = []
        self.elements: dict[bytes, bytes | None] = {}
        # The newest reroute of each key.
        self.sent_reroutes: dict[bytes, Reroute] = {}

    def process(self, events: list[Any], clock: int) -> None:
        """Let events arrive and time pass, and read what changed."""
        for event in (decode(line) for line in lines(events).splitlines()):
            if isinstance(event, ReferenceRecord):
                self.aggregator.add_reference(event)
            elif isinstance(event, Event):
                self.elements |= dict(self.aggregator.add(event))
        self.advance(clock)

    def advance(self, clock: int) -> None:
        """Let time pass, and read what changed; a merge may wait for its time, as events do."""
        self._receive_reroutes()
        self.aggregator.apply_all_pending(clock)
        while self._receive_reroutes():
            self.aggregator.apply_all_pending(clock)
        self._read(clock)

    def _receive_reroutes(self) -> bool:
        """Pass on what belongs to another subject, until nothing is left; whether anything was."""
        found = False
        while reroutes := self.aggregator.pending_reroutes():
            found = True
            for reroute in reroutes:
                self.sent_reroutes[reroute.key] = reroute
                self.elements |= dict(self.aggregator.receive(reroute))
        return found

    def _read(self, clock: int) -> None:
        for key, body in self.aggregator.changed_alerts(clock).items():
            assert self.current.get(key) != body, "published again"
            if body is None:
                del self.current[key]
            else:
                self.current[key] = body
                self.raised.append(key)


def at_once(events: list[Any], settings: Settings, now: int) -> Alerts:
    """Give the current alerts after all events at one instant."""
    reader = Reader(settings, now)
    reader.process(events, now)
    return reader.current


@given(st.data())
def test_alerts_that_came_bit_by_bit_are_those_of_a_replay(data: st.DataObject) -> None:
    events, settings, now = story(data)
    arrival = data.draw(st.permutations(events))
    steps = data.draw(st.lists(st.integers(now - 70 * DAY_MS, now), min_size=1, max_size=6))
    reader = Reader(settings, min(steps))
    for clock in [*sorted(steps), now]:
        cut = data.draw(st.integers(0, len(arrival)))
        some, arrival = (arrival[:cut], arrival[cut:]) if clock < now else (arrival, [])
        reader.process(some, clock)
    assert reader.current == at_once(events, settings, now)


@given(st.data())
def test_time_alone_brings_and_ends_alerts_as_a_replay_has_them_at_each_instant(
    data: st.DataObject,
) -> None:
    events, settings, now = story(data)
    clocks = sorted(data.draw(st.lists(st.integers(now, now + 70 * DAY_MS), max_size=6)))
    reader = Reader(settings, now)
    reader.process(events, now)
    for clock in clocks:
        reader.advance(clock)
        assert reader.current == at_once(events, settings, clock)


@given(st.data())
def test_a_restored_aggregator_has_the_same_current_alerts(data: st.DataObject) -> None:
    events, settings, now = story(data)
    before, after = Reader(settings, now), Reader(settings, now)
    before.process(events, now)
    for event in (decode(line) for line in lines(events).splitlines()):
        if isinstance(event, ReferenceRecord):
            after.aggregator.add_reference(event)
    for key, value in before.elements.items():
        after.aggregator.restore(key, value)
    for reroute in before.sent_reroutes.values():
        after.aggregator.restore_reroute(reroute)
    while after.aggregator.rebuild(now):
        pass
    after.advance(now)
    assert after.current == before.current


def story(data: st.DataObject) -> tuple[list[Any], Settings, int]:
    """Draw a short history, how it is reported, and an instant some time after its middle."""
    events = data.draw(small_histories())
    now = data.draw(nows(events)) + data.draw(st.sampled_from([0, 3, 31, 61])) * DAY_MS
    return events, Settings(now=now, **data.draw(settings_of_reporting())), now


def test_what_waited_for_the_age_of_an_alert_that_ended_does_not_wait_any_more() -> None:
    now = instant("03-20 12:00")
    reader = Reader(Settings(now=now), now)
    evaluator = reader.aggregator._pending.alerts
    reader.process([lead("03-20 09:00", f"lead-{number}") for number in range(5)], now)
    unanswered = set(evaluator._heap)
    assert len(unanswered) == len(reader.current) == 5
    reader.process([call("03-20 09:30", f"lead-{number}") for number in range(5)], now)
    assert not reader.current
    assert {(at, name) for name, at in evaluator._wakes.items()} == set(evaluator._heap)
    assert not unanswered & set(evaluator._heap)
