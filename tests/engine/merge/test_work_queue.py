"""Work that waits for a round: what a round has of it, and what is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.calendars.calendar import Window
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.state.kpi_index import KpiIndex, KpiMask, MaskByWindow
from streams.engine.merge.state.priorities import Priorities
from streams.engine.merge.work_queue import NEVER, Epochs, WindowWork, WorkQueue
from streams.wiring.catalogue import catalogue

CATALOGUE = catalogue(Settings())
INDEX = KpiIndex((*CATALOGUE.kpis, *CATALOGUE.derived))
TODAY = 739_694  # Thursday, 19 March 2026
DAY, LAST_WEEK = Window("day", TODAY), Window("week", TODAY - 10)
(WEEK, MONTH) = (
    each for each in CATALOGUE.calendar.windows_of(TODAY) if each.kind in ("week", "month")
)
BASE, OTHER = INDEX.bits["lead_count"], INDEX.bits["call_count"]
DERIVED, EXPENSIVE = INDEX.bits["cost_per_lead"], INDEX.bits["forecast"]
ANN, BOB, TOTAL, PARTNER = "rep=ann", "rep=bob", "", "partner=north"
FIRST, NEXT, LATER = Priority
NOW, CHANGED, REWRITE = Epochs(0, 0), Epochs(0, NEVER), Epochs(NEVER, 0)


def queue(changed: MaskByWindow, rewrite: MaskByWindow | None = None) -> WorkQueue:
    made = WorkQueue(Priorities(INDEX, CATALOGUE.calendar, TODAY))
    made.add(changed, rewrite or {})
    return made


def waiting(made: WorkQueue) -> list[int]:
    return [made.waiting(priority) for priority in Priority]


@pytest.mark.parametrize(
    ("scope", "window", "kpi", "priority"),
    [
        (TOTAL, DAY, BASE, FIRST),
        (TOTAL, MONTH, BASE, FIRST),
        (TOTAL, WEEK, BASE, NEXT),
        (TOTAL, MONTH, DERIVED, NEXT),
        (TOTAL, MONTH, EXPENSIVE, LATER),
        (TOTAL, LAST_WEEK, BASE, LATER),
        (ANN, DAY, BASE, FIRST),
        (ANN, Window("day", TODAY - 1), BASE, FIRST),
        (ANN, Window("day", TODAY - 2), BASE, LATER),
        (ANN, Window("day", TODAY + 1), BASE, LATER),
        (ANN, WEEK, BASE, NEXT),
        (ANN, Window("last_7d", TODAY - 6), BASE, LATER),
        (ANN, DAY, DERIVED, LATER),
        ("channel=web", DAY, BASE, FIRST),
        (PARTNER, DAY, BASE, NEXT),
        (PARTNER, WEEK, BASE, LATER),
    ],
)
def test_what_people_look_at_comes_first(
    scope: str, window: Window, kpi: KpiMask, priority: Priority
) -> None:
    found = waiting(queue({window: {scope: kpi}}))
    assert found == [int(each is priority) for each in Priority]


def test_round_of_everything_leaves_nothing() -> None:
    made = queue({DAY: {ANN: BASE}, WEEK: {ANN: BASE, TOTAL: OTHER}}, {MONTH: {ANN: DERIVED}})
    batches = made.next_batches()
    assert {work.window for work in batches} == {DAY, WEEK, MONTH}
    assert {work.priority for work in batches} == {LATER}
    assert len(made) == 0


def test_kpis_of_one_scope_and_window_are_joined() -> None:
    made = queue({DAY: {ANN: BASE}})
    made.add({DAY: {ANN: OTHER}}, {DAY: {ANN: DERIVED}})
    assert made.next_batches() == [WindowWork(DAY, {ANN: BASE | OTHER}, {ANN: DERIVED}, LATER, NOW)]


def test_first_round_leaves_what_comes_later() -> None:
    made = queue({MONTH: {ANN: BASE, TOTAL: OTHER}, DAY: {ANN: BASE | DERIVED}})
    assert made.next_batches(FIRST) == [
        WindowWork(MONTH, {TOTAL: OTHER}, {}, FIRST, CHANGED),
        WindowWork(DAY, {ANN: BASE}, {}, FIRST, CHANGED),
    ]
    assert waiting(made) == [0, 1, 1]


def test_round_has_what_comes_first_and_its_windows_whole() -> None:
    made = queue({WEEK: {ANN: BASE | DERIVED}, DAY: {ANN: BASE}, MONTH: {ANN: BASE}})
    found = {work.window: work for work in made.next_batches(LATER)}
    assert found == {
        DAY: WindowWork(DAY, {ANN: BASE}, {}, FIRST, CHANGED),
        WEEK: WindowWork(WEEK, {ANN: BASE | DERIVED}, {}, LATER, CHANGED),
    }
    assert waiting(made) == [0, 1, 0]


def test_windows_come_in_the_order_in_which_they_wait() -> None:
    made = queue({MONTH: {ANN: BASE, BOB: BASE}})
    made.add({WEEK: {ANN: BASE}, MONTH: {ANN: OTHER}}, {})
    # A window comes whole, even if it has more scopes.
    assert made.next_batches(NEXT, max_scopes=1) == [
        WindowWork(MONTH, {ANN: BASE | OTHER, BOB: BASE}, {}, NEXT, CHANGED)
    ]
    assert made.next_batches(NEXT, max_scopes=1) == [
        WindowWork(WEEK, {ANN: BASE}, {}, NEXT, CHANGED)
    ]


def test_window_keeps_its_place_and_its_epoch() -> None:
    made = queue({}, {MONTH: {ANN: DERIVED}})
    made.epoch = 1
    made.add({WEEK: {ANN: DERIVED}, MONTH: {ANN: DERIVED}}, {})
    assert made.oldest_epoch == 0
    assert made.next_batches(LATER, max_scopes=1) == [
        WindowWork(MONTH, {ANN: DERIVED}, {ANN: DERIVED}, LATER, Epochs(1, 0))
    ]
    assert made.oldest_epoch == 1
    made.begin_day(TODAY)
    made.epoch = 2
    assert made.oldest_epoch == 1
    made.next_batches(LATER)
    assert made.oldest_epoch == 2


def test_records_to_write_again_wait_as_told() -> None:
    made = queue({})
    made.add_window(WindowWork(DAY, {}, {ANN: BASE}, LATER, NOW))
    made.add_window(WindowWork(WEEK, {}, {BOB: BASE}, LATER, NOW))
    made.add({}, {DAY: {BOB: BASE}})
    assert waiting(made) == [1, 0, 2]
    assert made.next_batches(FIRST) == [WindowWork(DAY, {}, {BOB: BASE}, FIRST, REWRITE)]


def test_another_day_changes_what_comes_first_of_what_waits() -> None:
    made = queue({Window("day", TODAY + 1): {ANN: BASE}, DAY: {ANN: BASE}, WEEK: {ANN: BASE}})
    assert waiting(made) == [1, 1, 1]
    made.begin_day(TODAY + 1)
    assert waiting(made) == [2, 1, 0]
    made.begin_day(TODAY + 7)
    assert waiting(made) == [0, 0, 3]


MASKS = st.dictionaries(
    st.sampled_from([DAY, WEEK, MONTH, LAST_WEEK]),
    st.dictionaries(
        st.sampled_from([ANN, TOTAL, PARTNER]),
        st.sets(st.sampled_from([BASE, OTHER, DERIVED, EXPENSIVE]), min_size=1).map(
            lambda bits: KpiMask(sum(bits))
        ),
        min_size=1,
    ),
)
CHOICES = st.tuples(st.sampled_from((None, *Priority)), st.one_of(st.none(), st.integers(0, 3)))


def add_all(found: dict[tuple[Window, str], int], masks: MaskByWindow) -> None:
    for window, scopes in masks.items():
        for scope, mask in scopes.items():
            found[window, scope] = found.get((window, scope), 0) | mask


def scopes_in(made: WorkQueue, priority: Priority) -> int:
    windows = made._work[priority].windows(priority)
    return sum(len(each.changed) + len(each.rewrite) for each in windows)


@given(MASKS, MASKS, st.lists(CHOICES, max_size=4))
def test_rounds_of_any_choice_do_all_the_work_once(
    changed: MaskByWindow, rewrite: MaskByWindow, choices: list[tuple[Priority | None, int | None]]
) -> None:
    wanted, found = (dict[tuple[Window, str], int]() for _ in range(2))
    add_all(wanted, changed)
    add_all(wanted, rewrite)
    made, done = queue(changed, rewrite), 0
    for choice in [*choices, (None, None)]:
        assert waiting(made) == [scopes_in(made, priority) for priority in Priority]
        for work in made.next_batches(*choice):
            add_all(found, {work.window: work.changed})
            add_all(found, {work.window: work.rewrite})
            done += sum(mask.bit_count() for mask in work.changed.values())
    assert found == wanted
    assert done == sum(mask.bit_count() for each in changed.values() for mask in each.values())
    assert len(made) == 0
