"""When reports are due, on clocks that change, against looking at every minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.rules.notify.reports import Every
from streams.engine.calendars.calendar import Calendar
from streams.notify.core.reports.occasions import last_occasion, next_occasion, occasion

MINUTE_MS, DAY_MS = 60_000, 86_400_000
MONDAY = Every(8 * 60, 0)
BERLIN = ZoneInfo("Europe/Berlin")
# Those that are far from UTC, change at midnight, by half an hour, or have skipped a day.
ODD = ("Pacific/Apia", "Pacific/Chatham", "America/Havana", "Australia/Lord_Howe", "Asia/Tehran")
ZONES = st.sampled_from(ODD) | st.sampled_from(sorted(available_timezones() - {"localtime"}))
# Before 1980 clocks had offsets of seconds; after 2037 rules are not written out.
FIRST, LAST = date(1980, 1, 10).toordinal(), date(2037, 1, 1).toordinal()


def ms(written: str) -> int:
    return round(datetime.fromisoformat(written).timestamp() * 1000)


def text(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).isoformat()


@pytest.mark.parametrize(
    ("at", "last"),
    [
        ("2026-06-01T07:59:59.999+02:00", "2026-05-25T08:00:00+02:00"),
        ("2026-06-01T08:00:00+02:00", "2026-06-01T08:00:00+02:00"),
        ("2026-06-07T23:00:00+02:00", "2026-06-01T08:00:00+02:00"),
    ],
)
def test_report_is_due_on_its_day_at_its_time(at: str, last: str) -> None:
    assert last_occasion(MONDAY, BERLIN, ms(at)) == ms(last)


def test_next_one_is_a_week_later_by_the_clock_though_it_is_changed() -> None:
    found = next_occasion(MONDAY, BERLIN, ms("2026-03-23T08:00:00+01:00"))
    assert found == ms("2026-03-30T08:00:00+02:00")


def test_time_that_is_skipped_is_where_the_clock_is_set_forward() -> None:
    at = last_occasion(Every(2 * 60 + 30), BERLIN, ms("2026-03-29T12:00:00+02:00"))
    assert text(at, BERLIN) == "2026-03-29T03:00:00+02:00"


def test_time_that_comes_twice_is_used_once() -> None:
    every, begin = Every(2 * 60 + 30), ms("2026-10-25T00:00:00+02:00")
    first = next_occasion(every, BERLIN, begin)
    assert text(first, BERLIN) == "2026-10-25T02:30:00+02:00"
    assert text(next_occasion(every, BERLIN, first), BERLIN) == "2026-10-26T02:30:00+01:00"


def first_shown(day: date, minute: int, zone: ZoneInfo) -> int:
    """Look at the clock every minute until it shows the time of a day, or a later one."""
    shown = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - local
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1, hours=3)
    while at.astimezone(zone).replace(tzinfo=None) < shown:
        at += timedelta(minutes=1)
    return round(at.timestamp() * 1000)


@given(
    zone=ZONES.map(ZoneInfo),
    day=st.integers(FIRST, LAST).map(date.fromordinal),
    minute=st.integers(0, 1439),
)
def test_report_of_a_day_is_due_when_the_clock_first_shows_its_time(
    zone: ZoneInfo, day: date, minute: int
) -> None:
    at = first_shown(day, minute, zone)
    every = Every(minute, day.weekday())
    assert last_occasion(every, zone, at) == at
    assert next_occasion(every, zone, at - 1) == at


@given(
    zone=ZONES.map(ZoneInfo),
    begin=st.integers(FIRST, LAST),
    minute=st.integers(0, 1439),
    weekday=st.none() | st.integers(0, 6),
)
def test_occasions_follow_one_another_without_a_gap(
    zone: ZoneInfo, begin: int, minute: int, weekday: int | None
) -> None:
    every, period = Every(minute, weekday), DAY_MS * (1 if weekday is None else 7)
    at = (begin - date(1970, 1, 1).toordinal()) * DAY_MS
    found = [at := next_occasion(every, zone, at) for _ in range(20)]
    for one, two in pairwise(found):
        # A zone may change its side of the date line, by a day and no more.
        assert 0 < two - one <= period + DAY_MS + 3 * 60 * MINUTE_MS
        assert last_occasion(every, zone, two - 1) == one
        assert next_occasion(every, zone, one) == two


@given(
    zone=ZONES.map(ZoneInfo),
    reporting=ZONES,
    kind=st.sampled_from(["day", "week", "month", "quarter"]),
    at=st.integers(FIRST, LAST).map(lambda day: (day - date(1970, 1, 1).toordinal()) * DAY_MS),
)
def test_report_is_of_the_last_window_that_was_over(
    zone: ZoneInfo, reporting: str, kind: str, at: int
) -> None:
    calendar = Calendar(reporting)
    found = occasion(MONDAY, zone, kind, calendar, at)
    assert found.at <= at < found.next_at
    assert calendar.bounds(found.window)[1] <= found.at
    assert calendar.bounds(calendar.following(found.window))[1] > found.at


def test_monday_morning_is_for_the_week_that_ended_at_midnight() -> None:
    found = occasion(
        MONDAY, BERLIN, "week", Calendar("Europe/Berlin"), ms("2026-06-01T12:00+02:00")
    )
    assert date.fromordinal(found.window.start) == date(2026, 5, 25)
