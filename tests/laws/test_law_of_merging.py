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
    stories,
)
from tests.laws.published import Reader, bodies

SHARDS = 3
Story = tuple[list[Any], dict[str, Any], int]


@given(stories())
def test_merged_and_erased_is_as_if_it_had_always_been_so(story: Story) -> None:
    events, options, now = story
    settings = Settings(now=now, **options)
    assert bodies(events, settings) == bodies(always_so(events), settings)


@given(stories(), st.data())
def test_three_shards_end_where_one_does_however_words_and_events_cross(
    story: Story, data: st.DataObject
) -> None:
    events, options, now = story
    settings = Settings(now=now, **options)
    streams = Streams(settings)
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    for event in decoded(data.draw(st.permutations([*events, *again]))):
        streams.take_in(event)
        for _ in range(data.draw(st.integers(0, 3))):
            streams.deliver(data.draw(st.integers(0, 100)))
    streams.deliver_all()
    assert streams.read(now) == bodies(always_so(events), settings)


@given(stories(), st.data())
def test_shard_restored_from_its_elements_and_what_it_was_told_goes_on_as_before(
    story: Story, data: st.DataObject
) -> None:
    events, options, now = story
    settings = Settings(now=now, **options)
    streams = Streams(settings)
    arriving = decoded(data.draw(st.permutations(events)))
    cut = data.draw(st.integers(0, len(arriving)))
    for event in arriving[:cut]:
        streams.take_in(event)
        for _ in range(data.draw(st.integers(0, 3))):
            streams.deliver(data.draw(st.integers(0, 100)))
    streams.restart(data.draw(st.booleans()))
    for event in arriving[cut:]:
        streams.take_in(event)
    streams.deliver_all()
    assert streams.read(now) == bodies(always_so(events), settings)


@given(stories())
def test_what_was_said_to_others_is_what_they_have_to_know(story: Story) -> None:
    events, options, now = story
    streams = Streams(Settings(now=now, **options))
    for event in decoded(events):
        streams.take_in(event)
    streams.deliver_all()
    for number, shard in enumerate(streams.shards):
        standing = {move.key: move for move in shard.current_reroutes()}
        said = streams.said[number]
        assert standing == {key: move for key, move in said.items() if move.value is not None}


class Streams:
    """Stage 1 in three shards without Kafka, with all that is on its way between them."""

    def __init__(self, settings: Settings) -> None:
        """Start empty."""
        self.settings = settings
        self.terms = catalogue(settings)
        self.shards = [self.shard(number) for number in range(SHARDS)]
        self.references: list[Any] = []
        self.said: list[dict[bytes, Reroute]] = [{} for _ in range(SHARDS)]
        # What a partition holds: elements as written, and words by writer and reader.
        self.states: list[list[tuple[bytes, bytes | None]]] = [[] for _ in range(SHARDS)]
        self.under_way: defaultdict[tuple[int, int], list[Reroute]] = defaultdict(list)
        self.heard: list[dict[tuple[int, bytes], Reroute]] = [{} for _ in range(SHARDS)]

    def shard(self, number: int) -> Aggregator:
        """Make an empty shard."""
        return Aggregator(self.terms, self.settings.clock(), number, b"secret")

    def take_in(self, event: object) -> None:
        """Let an event arrive."""
        if isinstance(event, Event):
            number = home(event.subject)
            self.states[number] += self.shards[number].add(event)
            self.post(number, self.shards[number].pending_reroutes())
        else:
            self.references.append(event)
            for shard in self.shards:
                shard.add_reference(event)  # type: ignore[arg-type]  # all that is no event

    def post(self, number: int, moves: list[Reroute]) -> None:
        """Send what a shard has to say on its way."""
        for move in moves:
            self.said[number][move.key] = move
            self.under_way[number, home(move.subject)].append(move)

    def deliver(self, pick: int) -> None:
        """Let the oldest word from one shard to one shard arrive."""
        waiting = sorted(pair for pair, moves in self.under_way.items() if moves)
        if not waiting:
            return
        writer, reader = waiting[pick % len(waiting)]
        move = self.under_way[writer, reader].pop(0)
        self.heard[reader][writer, move.key] = move
        self.shards[reader].receive(Reroute.read(move.key, move.value))
        self.post(reader, self.shards[reader].pending_reroutes())

    def deliver_all(self) -> None:
        """Let everything arrive."""
        while any(self.under_way.values()):
            self.deliver(0)

    def restart(self, is_compacted: bool) -> None:
        """Make all shards anew from what was kept."""
        for number in range(SHARDS):
            elements = dict(self.states[number]) if is_compacted else self.states[number]
            shard = self.shards[number] = self.shard(number)
            for record in self.references:
                shard.add_reference(record)
            for key, value in elements.items() if isinstance(elements, dict) else elements:
                shard.restore(key, value)
            for move in self.heard[number].values():
                shard.restore_reroute(move)
            while shard.rebuild(self.settings.clock()):
                pass
            assert shard.pending_reroutes() == []
            assert shard.apply_all_pending(self.settings.clock()) == {}

    def read(self, now: int) -> dict[str, bytes]:
        """Give what a reader of the output holds."""
        boards = [Merger(self.terms, now, [number]) for number, _ in enumerate(DIMENSION_GROUPS)]
        for record in self.references:
            for board in boards:
                board.add_reference(record)
        for number, shard in enumerate(self.shards):
            shard.apply_all_pending(now)
            for cell, vector in shard.cells().items():
                boards[dimension_group(cell)].set_partial(number, cell, vector)
        reader = Reader()
        reader.read(boards)
        return reader.records


def home(subject: str) -> int:
    """Say which shard has a subject."""
    return crc32(subject.encode()) % SHARDS
