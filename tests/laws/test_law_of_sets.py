"""State is a function of the set of events: never of their order, their number or their cuts."""

from dataclasses import replace
from typing import Any
from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
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
from tests.laws.published import (
    Reader,
    Said,
    bodies,
)

SHARDS = 3


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
        stream.take_in(some, clock)
        # What is put off, whatever comes in between, has to be there in the end.
        reader.read(
            stream.boards, data.draw(st.sampled_from((None, 0, 1, 3))), data.draw(st.booleans())
        )
    reader.read(stream.boards)
    assert reader.records == bodies(events, Settings(now=now, **options))


@given(st.data())
def test_a_shard_restored_from_its_elements_has_the_same_cells(data: st.DataObject) -> None:
    events, options, now = story(data)
    settings = Settings(now=now, **options)
    before, after = (Aggregator(catalogue(settings), now) for _ in range(2))
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


def decoded(events: list[Said]) -> list[object]:
    """Read the events as the product does."""
    return [decode(line) for line in lines(events).splitlines()]


class Stream:
    """Both stages without Kafka: shards by subject, boards by family of dimensions."""

    def __init__(self, settings: Settings, clock: int) -> None:
        """Start empty at an instant."""
        terms = catalogue(settings)
        self.shards = [Aggregator(terms, clock, number) for number in range(SHARDS)]
        self.boards = [Merger(terms, clock, [number]) for number, _ in enumerate(DIMENSION_GROUPS)]

    def take_in(self, events: list[Said], clock: int) -> None:
        """Let events arrive at an instant and everything settle."""
        for board in self.boards:
            board.advance_clock_to(clock)
        for event in decoded(events):
            if isinstance(event, ReferenceRecord):
                for shard in self.shards:
                    shard.add_reference(event)
                for board in self.boards:
                    board.add_reference(event)
            elif isinstance(event, Event):
                self.shards[home(event.subject)].add(event)
        self._deliver()
        for number, shard in enumerate(self.shards):
            for cell, vector in shard.apply_all_pending(clock).items():
                self.boards[dimension_group(cell)].set_partial(number, cell, vector)

    def _deliver(self) -> None:
        """Let merged subjects' events go round until each is where it stays."""
        while moves := [move for shard in self.shards for move in shard.pending_reroutes()]:
            for move in moves:
                self.shards[home(move.subject)].receive(move)


def home(subject: str) -> int:
    """Number the shard of a subject."""
    return crc32(subject.encode()) % SHARDS
