"""Working time: how much of it lies between two instants, and when so much has passed.

A working day begins and ends by the clock of a time zone, the reporting zone where a rep's is
not known; other days of the week and public holidays have no working time.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.engine.calendars.calendar import (
    EPOCH,
    MILLISECOND,
    milliseconds,
)

DAY_MINUTES = 24 * 60


class WorkingTime:
    """The hours that count; all instants and lengths are milliseconds."""

    def __init__(
        self,
        timezone: str,
        days: frozenset[int],
        begins: int,
        ends: int,
        is_holiday: Callable[[date], bool],
    ) -> None:
        """Take the usual zone, the days (0 = Monday, at least one), and minutes after midnight."""
        self._usual = ZoneInfo(timezone)
        self._days = days
        self._begins = begins
        self._ends = ends
        self._is_holiday = is_holiday
        self._zone = lru_cache(maxsize=1_000)(self._find_zone)
        self._hours = lru_cache(maxsize=100_000)(self._hours_of)
        self._sums = lru_cache(maxsize=10_000)(self._sums_of)

    def between(self, start: int, end: int, timezone: str = "") -> int:
        """Give how much working time lies in [start, end); less than nothing if end is first."""
        zone = self._zone(timezone)
        first, before = self._passed(start, zone)
        last, after = self._passed(end, zone)
        if last < first:
            return -self.between(end, start, timezone)
        return after - before + sum(self._sums(year, zone)[-1] for year in range(first, last))

    def after(self, start: int, length: int, timezone: str = "") -> int:
        """Give the first instant by which that much working time (more than 0) has passed."""
        zone = self._zone(timezone)
        day = self._local(start, zone).toordinal()
        while True:
            begin, end = self._hours(day, zone)
            left = end - max(begin, start)
            if left >= length:
                return max(begin, start) + length
            length -= max(left, 0)
            day += 1

    def _passed(self, at: int, zone: ZoneInfo) -> tuple[int, int]:
        """Give the local year, and the working time of it that has passed by then."""
        today = self._local(at, zone)
        day = today.toordinal()
        number = day - date(today.year, 1, 1).toordinal()
        # A clock set back over midnight shows a day again while the next has begun.
        begun = (self._hours(each, zone) for each in (day, day + 1))
        return today.year, self._sums(today.year, zone)[number] + sum(
            min(max(at - begin, 0), end - begin) for begin, end in begun
        )

    def _sums_of(self, year: int, zone: ZoneInfo) -> tuple[int, ...]:
        """Give the working time of a year before each of its days, and all of it at the end."""
        first, last = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
        hours = (self._hours(day, zone) for day in range(first, last))
        return tuple(accumulate((end - begin for begin, end in hours), initial=0))

    def _hours_of(self, day: int, zone: ZoneInfo) -> tuple[int, int]:
        """Give begin and end of a local day's working time, the same instant if it has none."""
        when = date.fromordinal(day)
        begin = self._instant(when, self._begins, zone)
        if when.weekday() not in self._days or self._is_holiday(when):
            return begin, begin
        return begin, max(begin, self._instant(when, self._ends, zone))

    def _instant(self, day: date, minutes: int, zone: ZoneInfo) -> int:
        days, minutes = divmod(minutes, DAY_MINUTES)
        day += timedelta(days=days)
        hour, minute = divmod(minutes, 60)
        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
        return milliseconds(local.astimezone(UTC))

    def _local(self, at: int, zone: ZoneInfo) -> datetime:
        return (EPOCH + at * MILLISECOND).astimezone(zone)

    def _find_zone(self, timezone: str) -> ZoneInfo:
        """Give a zone by its IANA name; the usual one for a name that is none."""
        try:
            return ZoneInfo(timezone) if timezone else self._usual
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return self._usual
