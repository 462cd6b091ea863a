"""The oracle's calendar."""

from datetime import date

import pytest

from tests.oracle.history.events import milliseconds
from tests.oracle.history.windows import HOUR_MS, Calendar
from tests.oracle.publishing.records import records
from tests.oracle.tests.stories import call

DAY_HOURS = (
    ("Asia/Tehran", date(2022, 3, 22), "2022-03-22T01:00:00+04:30", 23),
    ("Asia/Tehran", date(2022, 9, 21), "2022-09-21T00:00:00+04:30", 25),
    ("Asia/Tehran", date(2022, 9, 22), "2022-09-22T00:00:00+03:30", 24),
    ("Europe/Sofia", date(2026, 3, 29), "2026-03-29T00:00:00+02:00", 23),
    ("America/New_York", date(2026, 11, 1), "2026-11-01T00:00:00-04:00", 25),
    ("Asia/Kolkata", date(2026, 3, 29), "2026-03-29T00:00:00+05:30", 24),
    ("America/Toronto", date(1919, 3, 31), "1919-03-31T00:30:00-04:00", 23.5),
)


@pytest.mark.parametrize(("zone", "day", "start", "hours"), DAY_HOURS)
def test_local_day_lasts_until_the_next_one_begins(
    zone: str, day: date, start: str, hours: float
) -> None:
    calendar = Calendar(zone, 0, 1)
    window = calendar.window("day", day)
    assert calendar.shown(window.start) == start
    assert window.end - window.start == hours * HOUR_MS


BOUNDS = (
    ("week", 0, 1, date(2026, 3, 8), "2026-03-02", "2026-03-09"),
    ("week", 6, 1, date(2026, 3, 8), "2026-03-08", "2026-03-15"),
    ("month", 0, 4, date(2026, 2, 28), "2026-02-01", "2026-03-01"),
    ("quarter", 0, 1, date(2026, 3, 31), "2026-01-01", "2026-04-01"),
    ("quarter", 0, 2, date(2026, 1, 31), "2025-11-01", "2026-02-01"),
    ("year", 0, 4, date(2026, 3, 31), "2025-04-01", "2026-04-01"),
    ("year", 0, 4, date(2026, 4, 1), "2026-04-01", "2027-04-01"),
)


@pytest.mark.parametrize(("kind", "week_start", "fiscal_start", "day", "first", "after"), BOUNDS)
def test_calendar_windows_follow_the_settings(
    kind: str, week_start: int, fiscal_start: int, day: date, first: str, after: str
) -> None:
    bounds = Calendar("UTC", week_start, fiscal_start).bounds(kind, day)
    assert tuple(map(str, bounds)) == (first, after)


def test_repeated_hour_is_two_windows() -> None:
    calendar = Calendar("Europe/Sofia", 0, 1)
    first, second = (
        calendar.hour(milliseconds(at)) for at in ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")
    )
    assert calendar.shown(first.start) == "2026-10-25T03:00:00+03:00"
    assert calendar.shown(second.start) == "2026-10-25T03:00:00+02:00"
    assert calendar.before(second) == first


def test_hour_starts_on_the_local_clock() -> None:
    calendar = Calendar("Asia/Kolkata", 0, 1)
    window = calendar.hour(milliseconds("2026-03-02T04:45:00.250Z"))
    assert calendar.shown(window.start) == "2026-03-02T10:00:00+05:30"


def test_rolling_window_ends_with_today_and_follows_the_same_number_of_days() -> None:
    calendar = Calendar("UTC", 0, 1)
    last_7d = calendar.rolling(milliseconds("2026-03-20T00:00:00Z"))[0]
    assert calendar.shown(last_7d.start) == "2026-03-14T00:00:00+00:00"
    assert calendar.shown(last_7d.end) == "2026-03-21T00:00:00+00:00"
    assert calendar.shown(calendar.before(last_7d).start) == "2026-03-07T00:00:00+00:00"
    assert calendar.before(last_7d).end == last_7d.start


def test_window_before_a_month_is_the_month_before() -> None:
    calendar = Calendar("America/New_York", 0, 1)
    march = calendar.window("month", date(2026, 3, 8))
    assert calendar.shown(calendar.before(march).start) == "2026-02-01T00:00:00-05:00"


def test_hours_are_cut_where_the_clock_is_set_by_half_an_hour() -> None:
    # In Lord Howe the clock goes from 02:00 back to 01:30 on 5 April 2026, at 15:00 UTC.
    calendar = Calendar("Australia/Lord_Howe", 0, 1)
    instants = ("2026-04-04T14:59:59Z", "2026-04-04T15:00:00Z", "2026-04-04T15:30:00Z")
    hours = [calendar.hour(milliseconds(at)) for at in instants]
    assert [calendar.shown(hour.start) for hour in hours] == [
        "2026-04-05T01:00:00+11:00",
        "2026-04-05T01:30:00+10:30",
        "2026-04-05T02:00:00+10:30",
    ]
    assert [hour.end - hour.start for hour in hours] == [HOUR_MS, HOUR_MS // 2, HOUR_MS]
    assert [calendar.before(hour) for hour in hours[1:]] == hours[:2]


def test_hour_that_the_clock_skips_half_of_is_short() -> None:
    # On 4 October 2026 it goes from 02:00 to 02:30, at 15:30 UTC.
    calendar = Calendar("Australia/Lord_Howe", 0, 1)
    hour = calendar.hour(milliseconds("2026-10-03T15:45:00Z"))
    assert calendar.shown(hour.start) == "2026-10-04T02:30:00+11:00"
    assert calendar.shown(hour.end) == "2026-10-04T03:00:00+11:00"


def test_previous_hour_of_the_short_one_has_what_the_hour_before_has() -> None:
    events = [
        call("2026-04-04T14:10:00Z"),
        call("2026-04-04T14:20:00Z"),
        call("2026-04-04T15:10:00Z"),
    ]
    now = milliseconds("2026-04-05T12:00:00Z")
    found = records(events, now=now, timezone="Australia/Lord_Howe")
    first, second = (
        found[f"call_count|all|hour|2026-04-05T{start}"]
        for start in ("01:00:00+11:00", "01:30:00+10:30")
    )
    assert (first["value"], second["value"], second["previous"]) == (2, 1, 2)
