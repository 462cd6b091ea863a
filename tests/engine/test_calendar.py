"""Local days and windows tile time, where clocks change too."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.calendars.calendar import (
    CALENDAR_KINDS,
    HOUR_MS,
    Calendar,
    Window,
    milliseconds,
)

ZONES = (
    *("UTC", "Asia/Tehran", "Europe/Sofia", "America/New_York", "Asia/Kolkata"),
    *("Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu", "Pacific/Chatham"),
    *("America/St_Johns", "America/Sao_Paulo"),
)
# Instants near which a clock of one of the zones changes or strikes midnight.
TURNS = (
    *("2022-03-21T20:30", "2022-09-21T19:30"),  # Tehran, at midnight
    *("2026-03-29T01:00", "2026-10-25T01:00"),  # Sofia
    *("2026-03-08T07:00", "2026-11-01T06:00"),  # New York
    *("2026-04-04T15:00", "2026-10-03T15:30"),  # Lord Howe, by half an hour
    *("2026-04-23T22:00", "2026-10-29T21:00"),  # Cairo, at midnight
    *("2026-04-04T14:00", "2026-09-26T14:00"),  # Chatham, at a quarter to
    *("2006-10-29T02:31", "2006-04-02T03:31"),  # St. John's, a minute after midnight
    *("2018-11-04T03:00", "2018-02-18T02:00"),  # Sao Paulo, at midnight
    *("2026-03-01T18:30", "2025-12-31T18:15", "2024-02-29T00:00", "2000-01-01T00:00"),
)
FIRST, LAST = date(1975, 1, 1), date(2090, 12, 31)


def at(text: str) -> int:
    """Read a time in UTC, or with an offset."""
    moment = datetime.fromisoformat(text)
    return milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


calendars = st.builds(
    Calendar,
    st.sampled_from(ZONES),
    st.integers(0, 6),
    st.integers(1, 12),
    st.sampled_from(("months", "445")),
)
instants = st.integers(at("1975-01-01"), at("2090-12-31")) | st.builds(
    lambda turn, shift: at(turn) + shift,
    st.sampled_from(TURNS),
    st.sampled_from((-1, 0, 1)) | st.integers(-30 * HOUR_MS, 30 * HOUR_MS),
)
kinds = st.sampled_from(CALENDAR_KINDS)


@given(calendars, instants)
def test_every_instant_lies_in_exactly_one_window_of_each_kind(
    calendar: Calendar, instant: int
) -> None:
    windows = calendar.windows_of(calendar.day(instant))
    assert [window.kind for window in windows] == list(CALENDAR_KINDS)
    for window in windows:
        start, end = calendar.bounds(window)
        assert start <= instant < end
        # Its neighbours begin where it ends, so none of them holds the instant as well.
        assert calendar.bounds(calendar.following(window))[0] == end
        assert calendar.bounds(calendar.preceding(window))[1] == start


@given(calendars, instants)
def test_window_is_named_the_same_from_every_instant_in_it(
    calendar: Calendar, instant: int
) -> None:
    for window in calendar.windows_of(calendar.day(instant)):
        start, end = calendar.bounds(window)
        for other in (start, end - 1):
            assert window in calendar.windows_of(calendar.day(other))


@given(calendars, instants)
def test_preceding_and_following_undo_each_other(calendar: Calendar, instant: int) -> None:
    day = calendar.day(instant)
    hour = Window("hour", calendar.hour(instant))
    for window in (*calendar.windows_of(day), *calendar.rolling(day), hour):
        assert calendar.preceding(calendar.following(window)) == window
        assert calendar.following(calendar.preceding(window)) == window


@given(calendars, instants)
def test_day_is_the_date_that_the_local_clock_shows(calendar: Calendar, instant: int) -> None:
    shown = datetime.fromtimestamp(instant // 1000, tz=UTC).astimezone(calendar.zone)
    assert date.fromordinal(calendar.day(instant)) == shown.date()


@given(calendars, instants)
def test_rolling_windows_are_as_many_days_and_end_with_today(
    calendar: Calendar, instant: int
) -> None:
    today = calendar.day(instant)
    lengths = {"last_7d": 7, "last_15d": 15, "last_30d": 30, "last_90d": 90}
    assert {window.kind: today + 1 - window.start for window in calendar.rolling(today)} == lengths
    for window in calendar.rolling(today):
        assert calendar.bounds(window)[1] == calendar.start_of(today + 1)


@given(calendars, instants)
def test_every_instant_lies_in_exactly_one_hour_window(calendar: Calendar, instant: int) -> None:
    start, end = calendar.bounds(window := Window("hour", calendar.hour(instant)))
    assert start <= instant < end <= start + HOUR_MS
    assert {calendar.hour(other) for other in (start, end - 1)} == {start}
    assert calendar.following(window) == Window("hour", end) == Window("hour", calendar.hour(end))
    assert calendar.preceding(Window("hour", end)) == window
    # It begins with a full hour of the local clock, or where that was changed.
    before, begin = calendar.local(start - 1), calendar.local(start)
    assert (begin.minute, begin.second) == (0, 0) or before.utcoffset() != begin.utcoffset()


HOURS_AROUND_A_CHANGE = (
    # Lord Howe: 02:00 becomes 01:30 in April, and 02:30 in October.
    (
        "Australia/Lord_Howe",
        "2026-04-04T14:00",
        ("01:00+11:00", "01:30+10:30", "02:00+10:30", "03:00+10:30"),
    ),
    (
        "Australia/Lord_Howe",
        "2026-10-03T14:30",
        ("01:00+10:30", "02:30+11:00", "03:00+11:00", "04:00+11:00"),
    ),
    # Chatham: 03:45 becomes 02:45 in April, and 02:45 becomes 03:45 in September.
    (
        "Pacific/Chatham",
        "2026-04-04T13:15",
        ("03:00+13:45", "02:45+12:45", "03:00+12:45", "04:00+12:45"),
    ),
    (
        "Pacific/Chatham",
        "2026-09-26T13:15",
        ("02:00+12:45", "03:45+13:45", "04:00+13:45", "05:00+13:45"),
    ),
    # Whole hours: an hour is shown twice, or not at all.
    (
        "Europe/Berlin",
        "2026-10-25T00:00",
        ("02:00+02:00", "02:00+01:00", "03:00+01:00", "04:00+01:00"),
    ),
    (
        "Europe/Berlin",
        "2026-03-29T00:00",
        ("01:00+01:00", "03:00+02:00", "04:00+02:00", "05:00+02:00"),
    ),
    # At midnight, forward and back.
    (
        "Africa/Cairo",
        "2026-04-23T21:00",
        ("23:00+02:00", "01:00+03:00", "02:00+03:00", "03:00+03:00"),
    ),
    (
        "Africa/Cairo",
        "2026-10-29T20:00",
        ("23:00+03:00", "23:00+02:00", "00:00+02:00", "01:00+02:00"),
    ),
    # A minute after midnight.
    (
        "America/St_Johns",
        "2006-10-29T02:30",
        ("00:00-02:30", "23:01-03:30", "00:00-03:30", "01:00-03:30"),
    ),
    # For good, from five and a half hours to five and three quarters.
    (
        "Asia/Kathmandu",
        "1985-12-31T17:30",
        ("23:00+05:30", "00:15+05:45", "01:00+05:45", "02:00+05:45"),
    ),
)


@pytest.mark.parametrize(("zone", "first", "starts"), HOURS_AROUND_A_CHANGE)
def test_hour_begins_with_a_full_hour_and_where_the_clock_is_changed(
    zone: str, first: str, starts: tuple[str, ...]
) -> None:
    calendar = Calendar(zone)
    window = Window("hour", at(first))
    found = []
    for _ in starts:
        found.append(window)
        window = calendar.following(window)
    texts = [calendar.text(each.start) for each in found]
    assert [text[11:16] + text[19:] for text in texts] == [*starts]
    for one, other in pairwise(found):
        assert (calendar.bounds(one)[1], calendar.preceding(other)) == (other.start, one)
        assert {calendar.hour(instant) for instant in (one.start, other.start - 1)} == {one.start}


@given(calendars, instants)
def test_instant_written_is_read_as_itself(calendar: Calendar, instant: int) -> None:
    text = calendar.text(instant)
    assert milliseconds(datetime.fromisoformat(text)) == instant
    assert ("." in text) is bool(instant % 1000)


DAY_HOURS = (
    ("Asia/Tehran", "2022-03-22", "2022-03-22T01:00:00+04:30", 23),
    ("Asia/Tehran", "2022-09-21", "2022-09-21T00:00:00+04:30", 25),
    ("Asia/Tehran", "2026-03-22", "2026-03-22T00:00:00+03:30", 24),
    ("Europe/Sofia", "2026-03-29", "2026-03-29T00:00:00+02:00", 23),
    ("Europe/Sofia", "2026-10-25", "2026-10-25T00:00:00+03:00", 25),
    ("America/New_York", "2026-03-08", "2026-03-08T00:00:00-05:00", 23),
    ("America/New_York", "2026-11-01", "2026-11-01T00:00:00-04:00", 25),
    ("Asia/Kolkata", "2026-03-29", "2026-03-29T00:00:00+05:30", 24),
    ("Australia/Lord_Howe", "2026-10-04", "2026-10-04T00:00:00+10:30", 23.5),
    ("Australia/Lord_Howe", "2026-04-05", "2026-04-05T00:00:00+11:00", 24.5),
    ("Africa/Cairo", "2026-04-24", "2026-04-24T01:00:00+03:00", 23),
    ("Africa/Cairo", "2026-10-29", "2026-10-29T00:00:00+03:00", 25),
)


@pytest.mark.parametrize(("zone", "day", "start", "hours"), DAY_HOURS)
def test_day_lasts_as_long_as_the_clock_makes_it(
    zone: str, day: str, start: str, hours: float
) -> None:
    calendar = Calendar(zone)
    ordinal = date.fromisoformat(day).toordinal()
    assert calendar.text(calendar.start_of(ordinal)) == start
    assert calendar.start_of(ordinal + 1) - calendar.start_of(ordinal) == hours * HOUR_MS
    assert calendar.end_of(date.fromisoformat(day)) == calendar.start_of(ordinal + 1)


def test_hour_that_the_clock_shows_twice_is_two_windows() -> None:
    calendar = Calendar("Europe/Sofia")
    hours = [calendar.hour(at(f"2026-10-25T0{n}:30")) for n in (0, 1)]
    assert [calendar.text(hour) for hour in hours] == [
        "2026-10-25T03:00:00+03:00",
        "2026-10-25T03:00:00+02:00",
    ]


def test_instant_lies_in_its_day_where_a_clock_went_back_over_midnight() -> None:
    # Until 2011 the clocks of St. John's went back at 00:01 to 23:01 of the day before: that
    # midnight came twice, and the day begins at the first.
    calendar = Calendar("America/St_Johns")
    turn = at("2006-10-29T00:01-02:30")
    for instant in range(turn - 2 * HOUR_MS, turn + 2 * HOUR_MS, 60_000):
        start, end = calendar.bounds(Window("day", calendar.day(instant)))
        assert start <= instant < end, calendar.text(instant)


FIRST_DAYS = (
    ("week", 0, 1, "2026-03-08", "2026-03-02"),
    ("week", 6, 1, "2026-03-08", "2026-03-08"),
    ("week", 6, 1, "2026-03-07", "2026-03-01"),
    ("week", 5, 1, "2026-03-06", "2026-02-28"),
    ("month", 0, 7, "2026-02-28", "2026-02-01"),
    ("quarter", 0, 1, "2026-03-31", "2026-01-01"),
    ("quarter", 0, 2, "2026-01-31", "2025-11-01"),
    ("quarter", 0, 12, "2026-02-28", "2025-12-01"),
    ("year", 0, 4, "2026-03-31", "2025-04-01"),
    ("year", 0, 4, "2026-04-01", "2026-04-01"),
    ("year", 0, 1, "2024-12-31", "2024-01-01"),
)


@pytest.mark.parametrize(("kind", "week_start", "fiscal_start", "day", "first"), FIRST_DAYS)
def test_weeks_quarters_and_years_begin_where_they_are_set_to(
    kind: str, week_start: int, fiscal_start: int, day: str, first: str
) -> None:
    calendar = Calendar("UTC", week_start, fiscal_start)
    found = calendar.first_day(kind, date.fromisoformat(day).toordinal())
    assert date.fromordinal(found) == date.fromisoformat(first)


@given(
    st.dates(FIRST, LAST),
    st.integers(1, 12),
    st.sampled_from((("month", 1), ("quarter", 3), ("year", 12))),
)
def test_fiscal_windows_begin_whole_windows_after_the_fiscal_start(
    day: date, fiscal_start: int, length: tuple[str, int]
) -> None:
    kind, months = length
    first = date.fromordinal(Calendar("UTC", 0, fiscal_start).first_day(kind, day.toordinal()))
    assert first.day == 1
    assert (first.month - fiscal_start) % months == 0
    assert timedelta(0) <= day - first <= timedelta(days=31 * months)


@given(st.dates(FIRST, LAST), st.integers(0, 6))
def test_week_begins_on_its_weekday_at_most_six_days_before(day: date, week_start: int) -> None:
    first = date.fromordinal(Calendar("UTC", week_start).first_day("week", day.toordinal()))
    assert first.weekday() == week_start
    assert 0 <= (day - first).days <= 6


def test_zone_of_the_calendar_is_the_one_asked_for() -> None:
    assert Calendar("Asia/Tehran").zone == ZoneInfo("Asia/Tehran")
