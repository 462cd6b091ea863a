"""Fiscal calendars: first days and lengths of months, quarters and years.

Days are proleptic ordinals (`date.toordinal`).
"""

from datetime import date
from typing import Literal, Protocol

FiscalCalendar = Literal["months", "445"]
WEEK = 7
QUARTER_WEEKS = 13
# The first weeks of a quarter's three periods: four weeks, four weeks, five weeks.
PERIODS = (0, 4, 8)


class Fiscal(Protocol):
    """What `Calendar` needs of a fiscal year."""

    def first_day(self, kind: str, day: int) -> int:
        """First day of the month, quarter or year that contains a day."""

    def longest(self, kind: str) -> int:
        """Days of the longest window of a kind.

        This many days after the first day of any window is a day of the next one.
        """


class Months:
    """Fiscal years of whole calendar months; `start` is the first, from 1."""

    def __init__(self, start: int) -> None:
        self._start = start

    def first_day(self, kind: str, day: int) -> int:
        """First day of the month, quarter or year that contains a day."""
        months = {"month": 1, "quarter": 3, "year": 12}[kind]
        when = date.fromordinal(day)
        index = when.year * 12 + when.month - self._start
        return self._month(index - index % months)

    def longest(self, kind: str) -> int:
        """Days of the longest window of a kind."""
        return {"month": 31, "quarter": 92, "year": 366}[kind]

    def _month(self, index: int) -> int:
        """First day of a month counted from the fiscal start of year 0."""
        year, month = divmod(index + self._start - 1, 12)
        return date(year, month + 1, 1).toordinal()


class Weeks:
    """Fiscal years of whole weeks: quarters of four, four and five.

    A year begins on the week's first day nearest to the first of its month, so that some have a
    53rd week, which belongs to the last period. `week_start` is the first day of the week
    (0 = Monday), `start` the year's first month, from 1.
    """

    def __init__(self, week_start: int, start: int) -> None:
        self._week_start = week_start
        self._start = start

    def first_day(self, kind: str, day: int) -> int:
        """First day of the period, quarter or year that contains a day."""
        year = self._year(day)
        if kind == "year":
            return year
        week = (day - year) // WEEK
        quarter = min(week // QUARTER_WEEKS, 3) * QUARTER_WEEKS
        if kind == "quarter":
            return year + quarter * WEEK
        period = max(first for first in PERIODS if first <= week - quarter)
        return year + (quarter + period) * WEEK

    def longest(self, kind: str) -> int:
        """Days of the longest window of a kind."""
        return {"month": 6, "quarter": 14, "year": 53}[kind] * WEEK

    def _year(self, day: int) -> int:
        """First day of the fiscal year that contains a day."""
        calendar_year = date.fromordinal(day).year
        starts = (self._begin(calendar_year + shift) for shift in (1, 0, -1))
        return next(first for first in starts if first <= day)

    def _begin(self, calendar_year: int) -> int:
        first = date(calendar_year, self._start, 1).toordinal()
        days = (first - 1 - self._week_start) % WEEK
        return first - days if days <= WEEK // 2 else first - days + WEEK


def fiscal(name: FiscalCalendar, week_start: int, start: int) -> Fiscal:
    """Fiscal calendar by its name."""
    return Weeks(week_start, start) if name == "445" else Months(start)
