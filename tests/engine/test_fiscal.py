"""Fiscal years of 52 or 53 weeks: by hand, and as laws."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.calendars.calendar import Calendar, Window
from streams.engine.calendars.fiscal import Weeks

DAYS = st.dates(date(1971, 1, 1), date(2198, 12, 31)).map(date.toordinal)
CALENDARS = st.builds(Weeks, st.integers(0, 6), st.integers(1, 12))


def lengths(calendar: Calendar, kind: str, first: date, number: int) -> list[int]:
    """Give the lengths in weeks of so many windows, from the one that holds a day."""
    window = Window(kind, calendar.first_day(kind, first.toordinal()))
    found = []
    for _ in range(number):
        following = calendar.following(window)
        weeks, rest = divmod(following.start - window.start, 7)
        assert rest == 0
        found.append(weeks)
        window = following
    return found


@pytest.mark.parametrize(
    ("week_start", "fiscal_start", "day", "first"),
    [
        (0, 1, "2026-06-30", "2025-12-29"),  # 1 January 2026 is a Thursday: three days back
        (0, 1, "2025-12-29", "2025-12-29"),
        (0, 1, "2025-12-28", "2024-12-30"),  # 1 January 2025 is a Wednesday: two days back
        (0, 1, "2027-01-03", "2025-12-29"),
        (0, 1, "2027-01-04", "2027-01-04"),  # 1 January 2027 is a Friday: three days on
        (6, 2, "2026-02-01", "2026-02-01"),  # a Sunday
        (6, 2, "2026-01-31", "2025-02-02"),  # 1 February 2025 is a Saturday: one day on
    ],
)
def test_fiscal_year_begins_on_the_first_weekday_nearest_to_its_month(
    week_start: int, fiscal_start: int, day: str, first: str
) -> None:
    found = Weeks(week_start, fiscal_start).first_day("year", date.fromisoformat(day).toordinal())
    assert date.fromordinal(found) == date.fromisoformat(first)


def test_quarters_are_periods_of_four_four_and_five_weeks() -> None:
    calendar = Calendar("UTC", 0, 1, "445")
    assert lengths(calendar, "month", date(2024, 12, 30), 12) == [4, 4, 5] * 4
    assert lengths(calendar, "quarter", date(2024, 12, 30), 4) == [13] * 4


def test_53rd_week_belongs_to_the_last_period() -> None:
    calendar = Calendar("UTC", 0, 1, "445")
    assert lengths(calendar, "month", date(2025, 12, 29), 12) == [4, 4, 5] * 3 + [4, 4, 6]
    assert lengths(calendar, "quarter", date(2025, 12, 29), 4) == [13, 13, 13, 14]
    assert lengths(calendar, "year", date(2025, 12, 29), 1) == [53]


@given(CALENDARS, DAYS)
def test_fiscal_year_has_52_or_53_weeks(calendar: Weeks, day: int) -> None:
    first = calendar.first_day("year", day)
    following = calendar.first_day("year", first + calendar.longest("year"))
    assert first <= day < following
    assert following - first in (52 * 7, 53 * 7)


@given(st.integers(0, 6), st.integers(1, 12), st.integers(1971, 2198))
def test_fiscal_year_begins_at_most_three_days_from_the_first_of_its_month(
    week_start: int, fiscal_start: int, year: int
) -> None:
    middle = date(year, fiscal_start, 1).toordinal() + 100
    first = date.fromordinal(Weeks(week_start, fiscal_start).first_day("year", middle))
    assert abs((first - date(year, fiscal_start, 1)).days) <= 3
    assert first.weekday() == week_start


@given(CALENDARS, DAYS)
def test_periods_lie_in_quarters_and_quarters_in_years(calendar: Weeks, day: int) -> None:
    month, quarter, year = (calendar.first_day(it, day) for it in ("month", "quarter", "year"))
    assert year <= quarter <= month <= day
    assert calendar.first_day("quarter", month) == quarter
    assert calendar.first_day("year", quarter) == year


@given(CALENDARS, DAYS)
def test_months_are_four_or_five_weeks_or_six_at_the_end(calendar: Weeks, day: int) -> None:
    first = calendar.first_day("month", day)
    following = calendar.first_day("month", first + calendar.longest("month"))
    weeks = (following - first) // 7
    assert weeks in (4, 5, 6)
    assert weeks < 6 or calendar.first_day("year", following) == following
