"""Packing saves memory and changes nothing: records, reroutes, cells and alerts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.aggregate.aggregator import Aggregator
from streams.engine.aggregate.entry import Entry, entry_of, identity_of
from streams.engine.aggregate.reroutes import EventSet, Hop, Reroute, ReroutedKey
from streams.engine.aggregate.stores import contribution_cache, packed_cells, packed_sets
from streams.engine.aggregate.stores.packed_cells import PackedCells
from streams.engine.aggregate.stores.packed_sets import PackedSets
from streams.engine.aggregate.stores.waiting_contributions import WaitingContributions
from streams.engine.algebra.measures import Grouped, add_grouped
from streams.engine.algebra.packed_vectors import unpack
from streams.engine.catalogue.dimensions import dimensions
from streams.events import Event, ReferenceRecord, pack
from streams.events.key_value import KeyValue
from streams.wiring.catalogue import catalogue
from tests.histories.strategies import small_histories
from tests.laws.merging import decoded, on_topics, stories

NEVER = 10**9
DAY_MS = 86_400_000
Story = tuple[list[Any], dict[str, Any], int]
# An event, how often pending changes are applied after it, whether reroutes are delivered, and
# whether the aggregator is restored before it.
Step = tuple[Any, int, bool, bool]


@given(stories(), st.data())
def test_aggregator_that_packs_at_once_does_the_same_as_one_that_never_packs(
    story: Story, data: st.DataObject
) -> None:
    events, options, now = on_topics(story[0]), *story[1:]
    steps: list[Step] = [
        (
            event,
            data.draw(st.integers(0, 2)),
            data.draw(st.booleans()),
            data.draw(st.integers(0, 7)) == 7,
        )
        for event in decoded(events)
    ]
    settings = Settings(now=now, **options)
    few = st.sampled_from((0, 30))
    with limits(data.draw(st.integers(0, 4)), data.draw(few), data.draw(few)):
        packed = done(steps, settings)
    with limits(NEVER, NEVER, NEVER):
        assert packed == done(steps, settings)


@given(small_histories(), st.data())
def test_packed_sets_are_what_a_dictionary_is(events: list[Any], data: st.DataObject) -> None:
    entries = [entry_of(event) for event in decoded(events)]
    paths = st.sampled_from(
        ((), (Hop("lead:1", (5, "m")),), (Hop("lead:1"), Hop("lead:2", (7, "n"))))
    )
    plain: dict[str, EventSet] = {}
    with limits(data.draw(st.integers(0, 6))):
        sets = PackedSets()
        for entry in entries * 2:
            name, path = data.draw(st.sampled_from("abc")), data.draw(paths)
            key = ReroutedKey(path, identity_of(entry)) if path else identity_of(entry)
            if key in plain.get(name, {}) and data.draw(st.booleans()):
                sets.drop(name, key)
                del plain[name][key]
                if not plain[name]:
                    del plain[name]
            else:
                sets.store(name, key, entry, pack(entry.event))
                plain.setdefault(name, {})[key] = entry
            assert list(sets.read(name).items()) == list(plain.get(name, {}).items())
        assert contents(sets) == contents(plain)
        assert {name: sets.touch(name) for name in plain} == plain
        assert contents(sets.copy_of(plain)) == contents(plain)


CHANGES = st.tuples(
    st.sampled_from((7, 8, "h0")),
    st.sampled_from(("", "rep=ann")),
    st.sampled_from(("calls", "mails")),
    st.sampled_from(("n", "b:5")),
    # Some sums take more than 64 bits.
    st.sampled_from((1, -1, 2**63)),
)


@given(st.lists(st.lists(CHANGES, max_size=4), max_size=12), st.integers(0, 4))
def test_packed_cells_are_what_a_dictionary_is(rounds: list[list[Any]], most: int) -> None:
    plain: dict[tuple[int | str, str], Grouped] = {}
    with limits(0, 0, most):
        cells = PackedCells()
        for changes in rounds:
            for at, scope, kpi, component, number in changes:
                for cell in (plain.setdefault((at, scope), {}), touched(cells, at, scope)):
                    add_grouped(cell, {kpi: {component: number}})
            plain = {name: cell for name, cell in plain.items() if cell}
            for at in {change[0] for change in changes}:
                cells.release(at)
            cells.pack_idle()
            assert unpacked(cells) == plain


def touched(cells: PackedCells, at: int | str, scope: str) -> Grouped:
    """A cell, to be changed until its day or hour is released."""
    cells.hold(at)
    found = cells.unpacked[at].get(scope)
    return cells.unpack(at, scope) if found is None else found


def test_only_what_is_released_is_packed_and_the_oldest_first() -> None:
    cells = PackedCells()
    for at in (7, 8, 9):
        touched(cells, at, "rep=ann")["calls"] = {"n": 1}
    for at in (8, 7):
        cells.release(at)
    with limits(0, 0, 1):
        cells.pack_idle()
    assert [at for at, _, _ in cells.packed()] == [8]
    cells.hold(7)
    with limits(0, 0, 0):
        cells.pack_idle()
    assert [at for at, _, _ in cells.packed()] == [8]


def unpacked(cells: PackedCells) -> dict[tuple[int | str, str], Grouped]:
    """All cells, as objects."""
    packed = {(at, scope): unpack(cell) for at, scope, cell in cells.packed()}
    return packed | {
        (at, scope): cell
        for at, scopes in cells.unpacked.items()
        for scope, cell in scopes.items()
        if cell
    }


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 3 * 3_600_000), st.sampled_from((1, 2, -1)))
    ),
    st.lists(st.integers(1, 3 * 3_600_000), max_size=4).map(sorted),
)
def test_contributions_wait_for_their_instant_and_no_longer(
    added: list[tuple[int, int, int]], clocks: Sequence[int]
) -> None:
    waiting, plain = WaitingContributions(), dict[Any, int]()
    for number, since, times in added:
        contribution = (number, since, since, 1, dimensions("ann"))
        waiting.add(contribution, times)
        plain[contribution] = plain.get(contribution, 0) + times
    for clock in clocks:
        due = {each: times for each, times in plain.items() if each[2] <= clock and times}
        assert dict(waiting.due(clock)) == due
        plain = {each: times for each, times in plain.items() if each[2] > clock and times}
        assert waiting.next_due == min((each[2] for each in plain), default=None)


def contents(sets: Any) -> dict[str, list[tuple[str | ReroutedKey, Entry]]]:
    """Give what is in event sets, in the order in which it is there."""
    return {name: list(event_set.items()) for name, event_set in sets.items()}


class Driver:
    """An aggregator with what is written of it, and all that it returned."""

    def __init__(self, settings: Settings) -> None:
        """Start empty."""
        self.found: list[Any] = []
        self._in_force, self._now = catalogue(settings), settings.clock()
        self._state: list[KeyValue] = []
        self._references: list[ReferenceRecord] = []
        self._received: dict[bytes, Reroute] = {}
        self._aggregator = self._empty()

    def _empty(self) -> Aggregator:
        return Aggregator(self._in_force, self._now - 40 * DAY_MS, 0, b"secret")

    def restart(self) -> None:
        """Go on with an aggregator that is restored from what was written."""
        self._aggregator = self._empty()
        for record in self._references:
            self._aggregator.add_reference(record)
        for key, value in self._state:
            self._aggregator.restore(key, value)
        for reroute in self._received.values():
            self._aggregator.restore_reroute(reroute)
        while self._aggregator.rebuild(self._now - 20 * DAY_MS):
            pass
        self._state += self._aggregator.released_records()

    def add(self, event: object) -> None:
        """Apply an event or a reference record."""
        if isinstance(event, ReferenceRecord):
            self._references.append(event)
            self._aggregator.add_reference(event)
        elif isinstance(event, Event):
            written = self._aggregator.add(event)
            self._state += written
            self.found.append(written)

    def apply(self, slices: int, delivers: bool) -> None:
        """Apply some pending changes, then perhaps the reroutes that wait."""
        for _ in range(slices):
            self._aggregator.apply_pending(self._now - 10 * DAY_MS)
        reroutes = self._aggregator.pending_reroutes()
        self.found.append(reroutes)
        for reroute in reroutes if delivers else ():
            self._received[reroute.key] = reroute
            self._state += self._aggregator.receive(reroute)

    def end(self) -> list[Any]:
        """Let the last days pass, and give all that was returned and is in force."""
        one = self._aggregator
        for clock in (self._now - DAY_MS, self._now):
            self.found += [one.apply_all_pending(clock), one.next_due]
        in_force = [one.cells(), one.changed_alerts(self._now), one.current_reroutes()]
        return [*self.found, *in_force]


def done(steps: Sequence[Step], settings: Settings) -> list[Any]:
    """Let an aggregator do some steps; give all that it returns."""
    driver = Driver(settings)
    for event, slices, delivers, restarts in steps:
        if restarts:
            driver.restart()
        driver.add(event)
        driver.apply(slices, delivers)
    return driver.end()


@contextmanager
def limits(entries: int, contributions: int = 0, cells: int = 0) -> Iterator[None]:
    """Let event sets and cells be packed, and contributions forgotten, above these sizes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed_sets, "UNPACKED_ENTRIES", entries)
        patch.setattr(contribution_cache, "CACHED_CONTRIBUTIONS", contributions)
        patch.setattr(packed_cells, "UNPACKED_CELLS", cells)
        yield
