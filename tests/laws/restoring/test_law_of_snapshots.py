"""Whoever restores a snapshot, and what came after it, has what a full rebuild has.

Any history, cut anywhere; a changelog that may be compacted; a clock that goes on, and that may
be set back after the snapshot.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from streams.config.rules import read
from streams.config.settings import Settings, instant
from streams.engine.aggregate.reroutes import Reroute
from streams.engine.aggregate.snapshots.restorable import RestorableAggregator
from streams.wiring.catalogue import catalogue
from tests.laws.merging import stories, stories_of_accounts
from tests.laws.restoring.snapshots import (
    add_all,
    compacted,
    owner_of_nothing,
    read_again,
    restored,
    waiting,
)
from tests.laws.test_law_of_sets import decoded, story

DAY_MS = 86_400_000


def cut(data: st.DataObject, records: list[Any]) -> list[list[Any]]:
    """Cut records in three: before a snapshot, after it, and after the restart."""
    places = st.integers(0, len(records))
    first, second = sorted(data.draw(st.tuples(places, places)))
    return [records[:first], records[first:second], records[second:]]


def clocks(data: st.DataObject, now: int) -> list[int]:
    """Draw three instants in their order."""
    instants = st.integers(now - 40 * DAY_MS, now + DAY_MS)
    return sorted(data.draw(st.tuples(instants, instants, instants)))


@given(st.data())
def test_restored_from_a_snapshot_all_is_as_after_a_full_rebuild(data: st.DataObject) -> None:
    events, options, now = story(data)
    restore_both(data, decoded(events), options, now)


@given(st.data(), stories() | stories_of_accounts())
def test_so_it_is_where_subjects_were_merged_and_erased(
    data: st.DataObject, drawn: tuple[list[Any], dict[str, Any], int]
) -> None:
    events, options, now = drawn
    restore_both(data, decoded(events), options, now)


def restore_both(
    data: st.DataObject, records: list[Any], options: dict[str, Any], now: int
) -> None:
    """Let one new owner read all events, and another one a snapshot with what came after it."""
    settings = replace(Settings(), **options)
    in_force = catalogue(settings, read(settings.rules))
    first, second, third = cut(data, records)
    instants = clocks(data, now)
    owner = owner_of_nothing(in_force, instants[0])
    owner.process(first, instants[0])
    snapshot = owner.snapshot()
    assert snapshot is not None
    owner.process(second, instants[1])
    keys = sorted({key for key, _ in owner.state})
    removed = data.draw(st.lists(st.sampled_from(keys))) if keys else []
    before, after = compacted(owner.state, snapshot.place, removed)
    # The clock of the snapshot's owner may have been ahead after it.
    clock = data.draw(st.sampled_from((snapshot.clock, *instants[1:])))

    plain = read_again(owner, [*before, *after], in_force, clock)
    quick = RestorableAggregator(in_force, clock)
    restored(owner, snapshot, after, quick, clock)
    event(f"{len(after)} records after it, {len(owner.reroutes)} reroutes")
    assert_same(quick, plain, third, clock, now + 30 * DAY_MS)


def assert_same(
    quick: RestorableAggregator,
    plain: RestorableAggregator,
    later: list[Any],
    clock: int,
    end: int,
) -> None:
    """Compare two aggregators now, after further records, and after much time."""
    assert quick.cells() == plain.cells()
    assert waiting(quick) == waiting(plain)
    assert by_key(quick.current_reroutes()) == by_key(plain.current_reroutes())
    assert quick.changed_alerts(clock) == plain.changed_alerts(clock)
    assert Counter(quick.released_records()) == Counter(plain.released_records())
    for at, records in ((clock, later), (max(clock, end), [])):
        changed = []
        for aggregator in (quick, plain):
            add_all(aggregator, records, at)
            cells = aggregator.apply_all_pending(at)
            aggregator.pending_reroutes()
            changed.append((cells, aggregator.changed_alerts(at)))
        assert changed[0] == changed[1]
        assert waiting(quick) == waiting(plain)
        assert quick.stored_events == plain.stored_events
    assert quick.cells() == plain.cells()


def by_key(reroutes: list[Reroute]) -> dict[bytes, Reroute]:
    """The reroutes by key."""
    return {reroute.key: reroute for reroute in reroutes}


def test_rerouted_event_that_was_withdrawn_after_the_snapshot_is_gone() -> None:
    day = "2026-03-0{}T09:00:00Z".format
    call = {"direction": "outbound", "outcome": "connected", "rep": "ann", "seconds": 60}
    lead = {"topic": "crm.lead", "subject": "one"}
    records = decoded(
        [
            {"id": "c", "type": "call.ended", "at": day(1), "subject": "one", **call},
            {"id": "m", "type": "subject.merged", "at": day(2), "into": "two", **lead},
            {"id": "x", "type": "subject.erased", "at": day(3), **lead},
        ]
    )
    now = Settings(now=instant(day(4), "NOW")).clock()
    in_force = catalogue(Settings())
    owner = owner_of_nothing(in_force, now)
    owner.process(records[:2], now)
    snapshot = owner.snapshot()
    assert snapshot is not None
    assert owner.in_force
    owner.process(records[2:], now)
    assert not owner.in_force
    before, after = compacted(owner.state, snapshot.place, ())
    quick = RestorableAggregator(in_force, now)
    restored(owner, snapshot, after, quick, now)
    assert owner.aggregator.cells() == {}
    assert_same(quick, read_again(owner, [*before, *after], in_force, now), [], now, now)


def test_merge_of_an_account_that_was_erased_after_the_snapshot_is_in_force() -> None:
    day = "2026-03-0{}T09:00:00Z".format
    both = {"topic": "crm.order", "subject": "one"}
    bill = {"subject": "two", "amount": "5", "currency": "EUR", "due": "2026-03-31"}
    records = decoded(
        [
            {"id": "a", "type": "account.set", "at": day(1), "account": "one", "rep": "ann"},
            {"id": "m", "type": "subject.merged", "at": day(2), "into": "two", **both},
            {"id": "x", "type": "subject.erased", "at": day(3), **both, "subject": "two"},
            {"id": "i", "type": "invoice.issued", "at": day(4), "invoice": "i", **bill},
        ]
    )
    now = Settings(now=instant(day(5), "NOW")).clock()
    in_force = catalogue(Settings())
    for place in range(len(records)):
        owner = owner_of_nothing(in_force, now)
        owner.process(records[:place], now)
        snapshot = owner.snapshot()
        assert snapshot is not None
        owner.process(records[place:], now)
        before, after = compacted(owner.state, snapshot.place, ())
        quick = RestorableAggregator(in_force, now)
        restored(owner, snapshot, after, quick, now)
        assert any("rep=ann" in name for name in quick.cells())
        assert_same(quick, read_again(owner, [*before, *after], in_force, now), [], now, now)


def test_event_that_has_happened_since_waits_again_where_the_clock_was_set_back() -> None:
    call = {"direction": "outbound", "outcome": "connected", "rep": "ann", "seconds": 60}
    at = "2026-03-05T09:00:00Z"
    records = decoded([{"id": "c", "type": "call.ended", "at": at, "subject": "one", **call}])
    now = Settings(now=instant("2026-03-04T09:00:00Z", "NOW")).clock()
    in_force = catalogue(Settings())
    owner = owner_of_nothing(in_force, now)
    owner.process(records, now)
    snapshot = owner.snapshot()
    assert snapshot is not None
    owner.process([], now + 2 * DAY_MS)
    before, after = compacted(owner.state, snapshot.place, ())
    quick = RestorableAggregator(in_force, now)
    restored(owner, snapshot, after, quick, now)
    assert quick.future_events == 1
    assert_same(quick, read_again(owner, [*before, *after], in_force, now), [], now, now)
