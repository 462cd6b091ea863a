"""Working time between two instants: by hand, and by counting minutes."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.calendars.calendar import EPOCH, milliseconds
from streams.engine.calendars.working_hours import WorkingTime

MINUTE = 60_000
HOUR = 60 * MINUTE
MAY_DAY = date(2026, 5, 1)  # a Friday


def office(timezone: str = "UTC", begins: int = 9 * 60, ends: int = 17 * 60) -> WorkingTime:
    """Monday to Friday, with one holiday."""
    return WorkingTime(timezone, frozenset(range(5)), begins, ends, lambda day: day == MAY_DAY)


def at(text: str, offset: str = "Z") -> int:
    """Give an instant of 2026."""
    return milliseconds(datetime.fromisoformat(f"2026-{text.replace(' ', 'T')}:00{offset}"))


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("04-28 10:00", "04-28 11:30", 1.5),
        ("04-28 08:00", "04-28 18:00", 8),
        ("04-28 16:00", "04-29 10:00", 2),
        ("04-28 18:00", "04-29 08:00", 0),
        ("04-30 16:00", "05-04 10:00", 2),  # over a holiday and a weekend
        ("04-28 11:00", "04-28 10:00", -1),
        ("01-01 00:00", "12-31 24:00", None),
    ],
)
def test_working_time_is_what_lies_in_working_hours(
    start: str, end: str, hours: float | None
) -> None:
    if hours is None:  # 261 days from Monday to Friday in 2026, without the holiday
        assert office().between(at(start), at("12-31 23:59") + MINUTE) == 260 * 8 * HOUR
    else:
        assert office().between(at(start), at(end)) == hours * HOUR


def test_hours_are_those_of_the_zone_asked_for() -> None:
    found = office()
    start, end = at("04-28 00:00"), at("04-28 07:00")
    assert found.between(start, end) == 0
    assert found.between(start, end, "Asia/Tehran") == 1.5 * HOUR  # 10:30 there
    assert found.between(start, end, "No/Such") == 0


def test_working_time_passes_over_the_end_of_the_year() -> None:
    start = milliseconds(datetime.fromisoformat("2025-12-31T16:00:00Z"))
    assert office().between(start, at("01-01 10:00")) == 2 * HOUR


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("04-28 10:00", 1, "04-28 11:00"),
        ("04-28 16:00", 1, "04-28 17:00"),
        ("04-28 16:30", 1, "04-29 09:30"),
        ("04-30 17:00", 1, "05-04 10:00"),
        ("05-02 12:00", 9, "05-05 10:00"),
    ],
)
def test_time_is_up_when_so_much_working_time_has_passed(start: str, hours: int, end: str) -> None:
    assert office().after(at(start), hours * HOUR) == at(end)


def test_day_of_a_clock_change_has_the_hours_it_has() -> None:
    week = frozenset(range(7))
    whole = WorkingTime("Europe/Berlin", week, 0, 24 * 60, lambda _: False)
    start = at("03-29 00:00", "+01:00")
    assert whole.between(start, at("03-30 00:00", "+02:00")) == 23 * HOUR
    assert whole.after(start, 23 * HOUR) == at("03-30 00:00", "+02:00")


ZONES = st.sampled_from(["UTC", "Asia/Tehran", "Europe/Berlin", "America/St_Johns"])
STARTS = st.integers(at("03-20 00:00"), at("04-10 00:00"))


@given(ZONES, STARTS, st.integers(0, 6_000))
def test_working_time_is_the_count_of_working_minutes(zone: str, start: int, minutes: int) -> None:
    start -= start % MINUTE
    counted = 0
    for minute in range(minutes):
        moment = EPOCH + timedelta(milliseconds=start + minute * MINUTE)
        local = moment.astimezone(ZoneInfo(zone))
        counted += local.weekday() < 5 and 9 <= local.hour < 17 and local.date() != MAY_DAY
    assert office(zone).between(start, start + minutes * MINUTE) == counted * MINUTE


@given(ZONES, STARTS, st.integers(1, 100 * HOUR), st.integers(0, 1439), st.integers(1, 1440))
def test_time_is_up_at_the_first_instant_with_so_much_behind_it(
    zone: str, start: int, length: int, begins: int, long: int
) -> None:
    working = office(zone, begins, min(begins + long, 1440))
    end = working.after(start, length)
    assert working.between(start, end) == length
    assert working.between(start, end - 1) == length - 1
