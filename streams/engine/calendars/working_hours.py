"""Working time between two instants, and the instant after a length of it.

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
    """Working hours of a week without its holidays; instants and lengths are milliseconds.

    `timezone` is used where a rep's is not known. `days` are the working days (0 = Monday, at
    least one), `begins` and `ends` minutes after midnight.
    """

    def __init__(
        self,
        timezone: str,
        days: frozenset[int],
        begins: int,
        ends: int,
        is_holiday: Callable[[date], bool],
    ) -> None:
        self._default_zone = ZoneInfo(timezone)
        self._days = days
        self._begins = begins
        self._ends = ends
        self._is_holiday = is_holiday
        self._zone = lru_cache(maxsize=1_000)(self._find_zone)
        self._hours = lru_cache(maxsize=100_000)(self._hours_of)
        self._sums = lru_cache(maxsize=10_000)(self._sums_of)

    def between(self, start: int, end: int, timezone: str = "") -> int:
        """Working time in [start, end); negative if the end is earlier."""
        zone = self._zone(timezone)
        first, before = self._passed(start, zone)
        last, after = self._passed(end, zone)
        if last < first:
            return -self.between(end, start, timezone)
        return after - before + sum(self._sums(year, zone)[-1] for year in range(first, last))

    def after(self, start: int, length: int, timezone: str = "") -> int:
        """First instant by which a length of working time (more than 0) has passed."""
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
        """Local year of an instant, and the working time of the year that has passed by then."""
        today = self._local(at, zone)
        day = today.toordinal()
        number = day - date(today.year, 1, 1).toordinal()
        # A clock set back over midnight shows a day again while the next has begun.
        days = (self._hours(each, zone) for each in (day, day + 1))
        return today.year, self._sums(today.year, zone)[number] + sum(
            min(max(at - begin, 0), end - begin) for begin, end in days
        )

    def _sums_of(self, year: int, zone: ZoneInfo) -> tuple[int, ...]:
        """Working time of a year before each of its days, and all of it at the end."""
        first, last = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
        hours = (self._hours(day, zone) for day in range(first, last))
        return tuple(accumulate((end - begin for begin, end in hours), initial=0))

    def _hours_of(self, day: int, zone: ZoneInfo) -> tuple[int, int]:
        """Begin and end of a local day's working time, the same instant if it has none."""
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
        """Zone by its IANA name; the default for an unknown name."""
        try:
            return ZoneInfo(timezone) if timezone else self._default_zone
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return self._default_zone
