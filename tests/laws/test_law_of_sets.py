"""State is a function of the set of events: never of their order, their number or their cuts."""

from dataclasses import replace
from typing import Any
from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from streams.config.rules import read
from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.dimension_groups import DIMENSION_GROUPS, dimension_group
from streams.engine.merge.merger import Merger
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
from tests.laws.merging import on_topics
from tests.laws.published import (
    EventDict,
    Reader,
    bodies,
)

PARTITIONS = 3


@given(st.data())
def test_order_and_duplication_change_no_byte(data: st.DataObject) -> None:
    events, options, now = story(data)
    settings = Settings(now=now, **options)
    again = data.draw(st.lists(st.sampled_from(events), max_size=8)) if events else []
    shuffled = data.draw(st.permutations([*events, *again]))
    assert bodies(shuffled, settings) == bodies(events, settings)


@given(st.data())
def test_arriving_bit_by_bit_while_time_passes_ends_where_a_replay_does(
    data: st.DataObject,
) -> None:
    events, options, now = story(data)
    arrival = data.draw(st.permutations(events))
    clocks = sorted(
        data.draw(st.lists(st.integers(now - 40 * 86_400_000, now), min_size=1, max_size=4))
    )
    stream = Stream(replace(Settings(), **options), clocks[0])
    reader = Reader()
    for clock in [*clocks, now]:
        cut = data.draw(st.integers(0, len(arrival)))
        some, arrival = (arrival[:cut], arrival[cut:]) if clock < now else (arrival, [])
        stream.process(some, clock)
        # Deferred work, whatever comes in between, has to be there in the end.
        reader.read(
            stream.mergers,
            data.draw(st.sampled_from((None, *Priority))),
            data.draw(st.sampled_from((None, 0, 1, 3))),
        )
    reader.read(stream.mergers)
    assert reader.records == bodies(events, Settings(now=now, **options))


@given(st.data())
def test_an_aggregator_restored_from_its_state_has_the_same_cells(data: st.DataObject) -> None:
    events, options, now = story(data)
    settings = Settings(now=now, **options)
    before, after = (Aggregator(catalogue(settings, read(settings.rules)), now) for _ in range(2))
    elements: dict[bytes, bytes | None] = {}
    for event in decoded(events):
        if isinstance(event, ReferenceRecord):
            before.add_reference(event)
            after.add_reference(event)
        elif isinstance(event, Event):
            elements |= dict(before.add(event))
    before.apply_all_pending(now)
    for name, value in data.draw(st.permutations(sorted(elements.items()))):
        after.restore(name, value)
    while after.rebuild(now):
        pass
    assert after.cells() == before.cells()
    assert after.apply_all_pending(now) == {}


def story(data: st.DataObject) -> tuple[list[Any], dict[str, Any], int]:
    """Draw a short history, how it is reported, and an instant near its end."""
    events = data.draw(small_histories())
    return events, data.draw(settings_of_reporting()), data.draw(nows(events))


def decoded(events: list[EventDict]) -> list[object]:
    """Read the events as the product does: what befalls a subject befalls lead and account."""
    return [decode(line) for line in lines(on_topics(events)).splitlines()]


class Stream:
    """Both stages without Kafka: aggregators by subject, mergers by dimension group."""

    def __init__(self, settings: Settings, clock: int) -> None:
        """Start empty at an instant."""
        in_force = catalogue(settings, read(settings.rules))
        self.aggregators = [Aggregator(in_force, clock, number) for number in range(PARTITIONS)]
        self.mergers = [
            Merger(in_force, clock, [number]) for number, _ in enumerate(DIMENSION_GROUPS)
        ]

    def process(self, events: list[EventDict], clock: int) -> None:
        """Process events at an instant, until nothing is pending."""
        for merger in self.mergers:
            merger.advance_clock_to(clock)
        for event in decoded(events):
            if isinstance(event, ReferenceRecord):
                for aggregator in self.aggregators:
                    aggregator.add_reference(event)
                for merger in self.mergers:
                    merger.add_reference(event)
            elif isinstance(event, Event):
                self.aggregators[partition_of(event.subject)].add(event)
        self._apply(clock)
        # What has waited for its time may concern a subject of another partition.
        while self._deliver():
            self._apply(clock)

    def _apply(self, clock: int) -> None:
        """Bring cells up to an instant, and tell the mergers."""
        for number, aggregator in enumerate(self.aggregators):
            for cell, vector in aggregator.apply_all_pending(clock).items():
                self.mergers[dimension_group(cell)].set_partial(number, cell, vector)

    def _deliver(self) -> bool:
        """Deliver the pending reroutes; return whether there were any."""
        reroutes = [
            reroute for aggregator in self.aggregators for reroute in aggregator.pending_reroutes()
        ]
        for reroute in reroutes:
            self.aggregators[partition_of(reroute.subject)].receive(reroute)
        return bool(reroutes)


def partition_of(subject: str) -> int:
    """Give the partition of a subject."""
    return crc32(subject.encode()) % PARTITIONS
