"""Merged is as if it had always been so, erased as if it had never been, in any order of all."""

from collections import defaultdict
from typing import Any
from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.aggregate.reroutes import Reroute
from streams.engine.merge.dimension_groups import DIMENSION_GROUPS, dimension_group
from streams.engine.merge.merger import Merger
from streams.events import Event
from streams.wiring.catalogue import catalogue
from tests.laws.merging import (
    always_so,
    decoded,
    on_topics,
    stories,
    stories_of_accounts,
)
from tests.laws.published import Reader, bodies

PARTITIONS = 3
Story = tuple[list[Any], dict[str, Any], int]


@given(stories() | stories_of_accounts())
def test_merged_and_erased_is_as_if_it_had_always_been_so(story: Story) -> None:
    events, options, now = story
    settings = Settings(now=now, **options)
    assert bodies(events, settings) == bodies(always_so(events, now), settings)


@given(stories() | stories_of_accounts(), st.data())
def test_three_partitions_end_where_one_does_however_reroutes_and_events_cross(
    story: Story, data: st.DataObject
) -> None:
    events, options, now = on_topics(story[0]), *story[1:]
    settings = Settings(now=now, **options)
    streams = Streams(settings)
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    for event in decoded(data.draw(st.permutations([*events, *again]))):
        streams.process(event)
        for _ in range(data.draw(st.integers(0, 3))):
            streams.deliver(data.draw(st.integers(0, 100)))
    streams.deliver_all()
    assert streams.read(now) == bodies(always_so(events, now), settings)


@given(stories() | stories_of_accounts(), st.data())
def test_aggregator_restored_from_state_and_received_reroutes_goes_on_as_before(
    story: Story, data: st.DataObject
) -> None:
    events, options, now = on_topics(story[0]), *story[1:]
    settings = Settings(now=now, **options)
    streams = Streams(settings)
    arriving = decoded(data.draw(st.permutations(events)))
    cut = data.draw(st.integers(0, len(arriving)))
    for event in arriving[:cut]:
        streams.process(event)
        for _ in range(data.draw(st.integers(0, 3))):
            streams.deliver(data.draw(st.integers(0, 100)))
    streams.restart(data.draw(st.booleans()))
    for event in arriving[cut:]:
        streams.process(event)
    streams.deliver_all()
    assert streams.read(now) == bodies(always_so(events, now), settings)


@given(stories() | stories_of_accounts())
def test_reroutes_sent_are_the_current_ones(story: Story) -> None:
    events, options, now = on_topics(story[0]), *story[1:]
    streams = Streams(Settings(now=now, **options))
    for event in decoded(events):
        streams.process(event)
    streams.deliver_all()
    for number, aggregator in enumerate(streams.aggregators):
        current = {reroute.key: reroute for reroute in aggregator.current_reroutes()}
        sent = streams.sent[number]
        assert current == {
            key: reroute for key, reroute in sent.items() if reroute.value is not None
        }


class Streams:
    """Three aggregators without Kafka, with the reroutes in transit between them."""

    def __init__(self, settings: Settings) -> None:
        """Start empty."""
        self.settings = settings
        self.in_force = catalogue(settings)
        self.aggregators = [self.aggregator(number) for number in range(PARTITIONS)]
        self.references: list[Any] = []
        self.sent: list[dict[bytes, Reroute]] = [{} for _ in range(PARTITIONS)]
        # The contents of a partition: state records as written, and reroutes by writer and reader.
        self.states: list[list[tuple[bytes, bytes | None]]] = [[] for _ in range(PARTITIONS)]
        self.under_way: defaultdict[tuple[int, int], list[Reroute]] = defaultdict(list)
        self.received: list[dict[tuple[int, bytes], Reroute]] = [{} for _ in range(PARTITIONS)]

    def aggregator(self, number: int) -> Aggregator:
        """Make an empty aggregator."""
        return Aggregator(self.in_force, self.settings.clock(), number, b"secret")

    def process(self, event: object) -> None:
        """Let an event arrive."""
        if isinstance(event, Event):
            number = partition_of(event.subject)
            self.states[number] += self.aggregators[number].add(event)
            self.post(number, self.aggregators[number].pending_reroutes())
        else:
            self.references.append(event)
            for aggregator in self.aggregators:
                aggregator.add_reference(event)  # type: ignore[arg-type]  # all that is no event

    def post(self, number: int, reroutes: list[Reroute]) -> None:
        """Put reroutes of an aggregator in transit."""
        for reroute in reroutes:
            self.sent[number][reroute.key] = reroute
            self.under_way[number, partition_of(reroute.subject)].append(reroute)

    def deliver(self, pick: int) -> None:
        """Deliver the oldest reroute between two aggregators."""
        waiting = sorted(pair for pair, reroutes in self.under_way.items() if reroutes)
        if not waiting:
            return
        writer, reader = waiting[pick % len(waiting)]
        reroute = self.under_way[writer, reader].pop(0)
        self.received[reader][writer, reroute.key] = reroute
        self.states[reader] += self.aggregators[reader].receive(
            Reroute.read(reroute.key, reroute.value)
        )
        self.post(reader, self.aggregators[reader].pending_reroutes())

    def deliver_all(self) -> None:
        """Let everything arrive."""
        while any(self.under_way.values()):
            self.deliver(0)

    def restart(self, is_compacted: bool) -> None:
        """Restore all aggregators from what was stored."""
        for number in range(PARTITIONS):
            elements = dict(self.states[number]) if is_compacted else self.states[number]
            aggregator = self.aggregators[number] = self.aggregator(number)
            for record in self.references:
                aggregator.add_reference(record)
            for key, value in elements.items() if isinstance(elements, dict) else elements:
                aggregator.restore(key, value)
            for reroute in self.received[number].values():
                aggregator.restore_reroute(reroute)
            while aggregator.rebuild(self.settings.clock()):
                pass
            assert aggregator.pending_reroutes() == []
            assert aggregator.apply_all_pending(self.settings.clock()) == {}

    def read(self, now: int) -> dict[str, bytes]:
        """Give what a reader of the output holds."""
        mergers = [
            Merger(self.in_force, now, [number]) for number, _ in enumerate(DIMENSION_GROUPS)
        ]
        for record in self.references:
            for merger in mergers:
                merger.add_reference(record)
        for number, aggregator in enumerate(self.aggregators):
            aggregator.apply_all_pending(now)
            for cell, vector in aggregator.cells().items():
                mergers[dimension_group(cell)].set_partial(number, cell, vector)
        reader = Reader()
        reader.read(mergers)
        return reader.records


def partition_of(subject: str) -> int:
    """Give the partition of a subject."""
    return crc32(subject.encode()) % PARTITIONS
