"""Whatever leaves memory, and whenever: all that is counted is as if nothing had left.

Any history in any order, merges, erasures and reference data included; event sets retire between
any two steps, with any horizon; a new owner restores the state from any snapshot of it, or whole.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from streams.config.rules import read
from streams.config.settings import Settings
from streams.engine.aggregate.retirement.retiring import RetiringAggregator
from streams.engine.aggregate.snapshots.restorable import RestorableAggregator
from streams.events import ReferenceRecord
from streams.wiring.catalogue import catalogue
from tests.laws.merging import stories, stories_of_accounts
from tests.laws.restoring.retiring import events_of, restarted, retiring_owner
from tests.laws.restoring.snapshots import Owner, Snapshot, owner_of_nothing, read_again, waiting
from tests.laws.restoring.test_law_of_snapshots import DAY_MS, by_key
from tests.laws.test_law_of_definitions import DEFINITIONS, folder
from tests.laws.test_law_of_definitions import story as story_of_definitions
from tests.laws.test_law_of_sets import decoded, story

__all__ = ["folder"]


@given(st.data())
def test_retired_sets_change_nothing_that_is_counted(data: st.DataObject) -> None:
    events, options, now = story(data)
    compare(data, decoded(events), replace(Settings(), **options), now)


@given(st.data(), stories() | stories_of_accounts())
def test_so_it_is_where_subjects_are_merged_and_erased(
    data: st.DataObject, drawn: tuple[list[Any], dict[str, Any], int]
) -> None:
    events, options, now = drawn
    compare(data, decoded(events), replace(Settings(), **options), now)


@given(st.data(), DEFINITIONS)
def test_so_it_is_whatever_a_company_defines(
    folder: Path, data: st.DataObject, definitions: dict[str, str]
) -> None:
    events, settings = story_of_definitions(data, folder, definitions)
    assert settings.now is not None
    compare(data, decoded(events), settings, settings.now)


def compare(data: st.DataObject, records: list[Any], settings: Settings, now: int) -> None:
    """Let one owner keep everything, and let another one's event sets come and go."""
    in_force = catalogue(settings, read(settings.rules))
    # Mostly after all events, so that sets are over.
    instants = st.integers(now - 10 * DAY_MS, now + 400 * DAY_MS)
    clocks = sorted(data.draw(st.lists(instants, min_size=2, max_size=4)))
    plain, retiring = owner_of_nothing(in_force, clocks[0]), retiring_owner(in_force, clocks[0])
    snapshot: Snapshot | None = None
    arrival = data.draw(st.permutations(records))
    if data.draw(st.booleans()):
        # What reference data change has left memory by then.
        arrival.sort(key=lambda record: isinstance(record, ReferenceRecord))
    retired = back = 0
    for clock in clocks:
        cut = data.draw(st.integers(0, len(arrival)))
        some, arrival = arrival[:cut], arrival[cut:]
        for owner in (plain, retiring):
            process_each(owner, some, clock)
        assert_same(plain.aggregator, retiring.aggregator, clock)
        before = retiring.aggregator.retired_sets
        back += retired - before
        if data.draw(st.sampled_from((True, True, False))):
            retiring.retire(clock - data.draw(st.sampled_from((0, DAY_MS, 40 * DAY_MS))))
        retired = retiring.aggregator.retired_sets
        if data.draw(st.booleans()):
            snapshot = retiring.snapshot()
            assert snapshot is not None
    assert events_of(retiring.state) == events_of(plain.state)
    event(f"retired: {min(retired, 2)}, came back: {min(back, 2)}")
    chosen = data.draw(st.sampled_from((None, snapshot)))
    # It may have been set back.
    clock = data.draw(st.sampled_from((clock, clocks[0] if chosen is None else chosen.clock)))
    again = restarted(retiring, chosen, in_force, clock)
    plain.aggregator = read_again(plain, plain.state, in_force, clock)
    assert_same(plain.aggregator, again, clock)
    retiring.aggregator = again
    for owner in (plain, retiring):
        process_each(owner, arrival, clocks[-1] + DAY_MS)
    assert_same(plain.aggregator, again, clocks[-1] + DAY_MS)
    assert by_key(retiring.in_force) == by_key(plain.in_force)


def process_each(owner: Owner, records: list[Any], clock: int) -> None:
    """Let an owner process records one by one: what a tombstone remembers depends on that."""
    for some in ([], *([record] for record in records)):
        owner.process(some, clock)


def assert_same(plain: RestorableAggregator, retiring: RetiringAggregator, clock: int) -> None:
    """Compare what two aggregators have counted."""
    assert not retiring.wanted_copies()
    assert retiring.cells() == plain.cells()
    assert waiting(retiring) == waiting(plain)
    assert by_key(retiring.current_reroutes()) == by_key(plain.current_reroutes())
    assert retiring.changed_alerts(clock) == plain.changed_alerts(clock)
    assert retiring.stored_events == plain.stored_events
