"""Vectors by window and scope, beside a list of all that was ever added."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.algebra.measures import Grouped, add_grouped
from streams.engine.calendars.calendar import ROLLING_DAYS, Window
from streams.engine.merge.state import window_store
from streams.engine.merge.state.window_store import WindowStore
from streams.wiring.catalogue import catalogue

CALENDAR = catalogue(Settings(now=0)).calendar
TODAY = 740_000
SCOPES = ("", "rep=ann", "rep=bob")
# Of each day it is read what a record of its windows would show.
KINDS = (*(each.kind for each in CALENDAR.windows_of(TODAY)), *ROLLING_DAYS)

additions = st.tuples(
    st.just("add"),
    st.integers(TODAY - 40, TODAY),
    st.sampled_from(SCOPES),
    st.dictionaries(
        st.sampled_from(("calls", "deals")),
        st.dictionaries(st.sampled_from(("n", "sum")), st.sampled_from((-1, 1, 2)), min_size=1),
        min_size=1,
    ),
)
reads = st.tuples(st.just("read"), st.sampled_from(KINDS), st.sampled_from(SCOPES))
days = st.tuples(st.just("day"))


class Everything:
    """The slow twin: keeps all additions, and adds up what a window has of them."""

    def __init__(self) -> None:
        self.added: list[tuple[int, str, Grouped]] = []

    def vectors(self, window: Window, scope: str) -> Grouped:
        """Vectors of a scope over a window."""
        end = window.start + ROLLING_DAYS.get(window.kind, 0)
        if window.kind not in ROLLING_DAYS:
            end = CALENDAR.following(window).start
        total: Grouped = {}
        for day, own, change in self.added:
            if own == scope and window.start <= day < end:
                add_grouped(total, change)
        return total


def window_of(kind: str, today: int) -> Window:
    """The window of a kind that runs."""
    running = (*CALENDAR.windows_of(today), *CALENDAR.rolling(today))
    return next(each for each in running if each.kind == kind)


@pytest.mark.parametrize("read_often", [(), ("month",), KINDS])
@pytest.mark.parametrize("most", [1, 1_000])
@given(steps=st.lists(st.one_of(additions, reads, days), max_size=30))
def test_a_window_has_all_that_its_days_have_whenever_it_is_read(
    read_often: tuple[str, ...], most: int, steps: list[tuple[Any, ...]]
) -> None:
    today, twin = TODAY, Everything()
    store = WindowStore(CALENDAR, today, 0, read_often)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window_store, "MAX_UNSUMMED", most)
        for what, *given_ in steps:
            if what == "add":
                store.add_day(*given_)
                twin.added.append(tuple(given_))
            elif what == "read":
                window = window_of(given_[0], today)
                assert store.vectors(window, given_[1]) == twin.vectors(window, given_[1])
            else:
                today += 1
                store.begin_day(today)
                while store.roll_next():
                    pass
        for kind in KINDS:
            window = window_of(kind, today)
            assert window.kind == "day" or set(store.named(window)) >= {
                scope for scope in SCOPES if twin.vectors(window, scope)
            }
            for scope in SCOPES:
                assert store.vectors(window, scope) == twin.vectors(window, scope)
            assert all(store.scopes(window).values())


def test_a_window_ends_in_time_even_if_nobody_has_read_it() -> None:
    store = WindowStore(CALENDAR, TODAY, 0)
    store.add_day(TODAY, "rep=ann", {"calls": {"n": 1}})
    ended = {each.kind for each in store.ended(CALENDAR.start_of(TODAY + 400))}
    assert ended == {each.kind for each in CALENDAR.windows_of(TODAY)}


def test_tracked_windows_end_once_and_rolling_ones_never() -> None:
    store = WindowStore(CALENDAR, TODAY, 0)
    lasting = CALENDAR.windows_of(TODAY)
    for window in (*lasting, *lasting, *store.rolling):
        store.track_end(window)
    ended = [*store.ended(CALENDAR.start_of(TODAY + 400))]
    assert sorted(ended) == sorted(lasting)
