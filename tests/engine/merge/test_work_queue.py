"""Work that waits for a round: what a round has of it, and what is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.calendars.calendar import Window
from streams.engine.merge.state.kpi_index import KpiMask, MaskByWindow
from streams.engine.merge.work_queue import WindowWork, WorkQueue

DAY, WEEK, MONTH = Window("day", 1), Window("week", 1), Window("month", 1)
CHEAP, OTHER, EXPENSIVE = KpiMask(1), KpiMask(2), KpiMask(4)
NONE = KpiMask(0)
REP, TOTAL = "rep=ann", ""


def queue(changed: MaskByWindow, rewrite: MaskByWindow | None = None) -> WorkQueue:
    made = WorkQueue(EXPENSIVE)
    made.add(changed, rewrite or {})
    return made


def test_round_of_everything_leaves_nothing() -> None:
    made = queue({DAY: {REP: CHEAP}, WEEK: {REP: CHEAP, TOTAL: OTHER}}, {MONTH: {REP: EXPENSIVE}})
    batches = made.next_batches()
    assert [work.window for work in batches] == [DAY, WEEK, MONTH]
    assert {work.deferred for work in batches} == {NONE}
    assert len(made) == 0


def test_kpis_of_one_scope_and_window_are_joined() -> None:
    made = queue({DAY: {REP: CHEAP}})
    made.add({DAY: {REP: OTHER}}, {DAY: {REP: EXPENSIVE}})
    assert made.next_batches() == [WindowWork(DAY, {REP: CHEAP | OTHER}, {REP: EXPENSIVE}, NONE)]


def test_long_windows_of_values_wait_for_a_round_that_has_them() -> None:
    made = queue({WEEK: {REP: CHEAP, TOTAL: OTHER}, DAY: {REP: CHEAP}})
    found = made.next_batches(max_long_windows=0)
    assert {work.window: work.changed for work in found} == {
        WEEK: {TOTAL: OTHER},
        DAY: {REP: CHEAP},
    }
    assert (len(made), made.long_windows, made.expensive) == (1, 1, 0)
    assert made.next_batches() == [WindowWork(WEEK, {REP: CHEAP}, {}, NONE)]


def test_long_windows_come_in_the_order_in_which_they_wait() -> None:
    made = queue({MONTH: {REP: CHEAP, "rep=bob": CHEAP}})
    made.next_batches(max_long_windows=0)
    made.add({WEEK: {REP: CHEAP}, MONTH: {REP: OTHER}}, {})
    # A window comes whole, even if it has more scopes.
    assert made.next_batches(max_long_windows=1) == [
        WindowWork(MONTH, {REP: CHEAP | OTHER, "rep=bob": CHEAP}, {}, NONE)
    ]
    assert made.next_batches(max_long_windows=1) == [WindowWork(WEEK, {REP: CHEAP}, {}, NONE)]


@pytest.mark.parametrize(("with_expensive", "deferred"), [(True, NONE), (False, EXPENSIVE)])
def test_expensive_kpis_are_left_by_a_round_without_them(
    with_expensive: bool, deferred: KpiMask
) -> None:
    made = queue({DAY: {REP: CHEAP | EXPENSIVE}})
    (work,) = made.next_batches(with_expensive=with_expensive)
    assert work == WindowWork(DAY, {REP: CHEAP | EXPENSIVE}, {}, deferred)


def test_deferred_kpis_come_with_the_next_expensive_round() -> None:
    made = queue({})
    made.defer(DAY, {REP: EXPENSIVE})
    made.defer(DAY, {})
    assert made.next_batches(with_expensive=False) == []
    assert made.expensive == 1
    assert made.next_batches() == [WindowWork(DAY, {REP: EXPENSIVE}, {}, NONE)]


def test_deferred_kpis_come_with_their_long_window() -> None:
    made = queue({WEEK: {REP: CHEAP}})
    made.defer(WEEK, {REP: EXPENSIVE})
    (work,) = made.next_batches(with_expensive=False)
    assert work == WindowWork(WEEK, {REP: CHEAP | EXPENSIVE}, {}, NONE)
    assert len(made) == 0


def test_expensive_records_to_write_again_wait_with_their_changes() -> None:
    made = queue({}, {DAY: {REP: CHEAP | EXPENSIVE}})
    (work,) = made.next_batches(with_expensive=False)
    assert work.rewrite == {REP: CHEAP}
    assert made.expensive == 1
    (work,) = made.next_batches()
    assert work.rewrite == {REP: EXPENSIVE}


MASKS = st.dictionaries(
    st.sampled_from([DAY, WEEK, MONTH]),
    st.dictionaries(st.sampled_from([REP, TOTAL]), st.integers(1, 7).map(KpiMask), min_size=1),
)
CHOICES = st.tuples(st.one_of(st.none(), st.integers(0, 3)), st.booleans())


def joined(found: dict[tuple[Window, str], int], work: list[WindowWork]) -> None:
    """Add what a round would write: all KPIs but the deferred ones."""
    for each in work:
        for scopes in (each.changed, each.rewrite):
            for scope, mask in scopes.items():
                at = each.window, scope
                found[at] = found.get(at, 0) | mask & ~each.deferred


@given(MASKS, MASKS, st.lists(CHOICES, max_size=4))
def test_rounds_of_any_choice_do_all_the_work_in_the_end(
    changed: MaskByWindow, rewrite: MaskByWindow, choices: list[tuple[int | None, bool]]
) -> None:
    whole: dict[tuple[Window, str], int] = {}
    for masks in (changed, rewrite):
        for window, scopes in masks.items():
            for scope, mask in scopes.items():
                whole[window, scope] = whole.get((window, scope), 0) | mask
    made = queue(changed, rewrite)
    found: dict[tuple[Window, str], int] = {}
    for choice in [*choices, (None, True)]:
        work = made.next_batches(*choice)
        joined(found, work)
        for each in work:
            for scope, mask in each.changed.items():
                if mask & each.deferred:
                    made.defer(each.window, {scope: mask & each.deferred})
    joined(found, made.next_batches())
    assert {at: mask for at, mask in found.items() if mask} == whole
    assert len(made) == 0
