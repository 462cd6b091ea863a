"""Local days and the windows made of them, in one reporting time zone.

A day is a proleptic ordinal (`date.toordinal`). A window is named by its kind and its first
day; an `hour` window by its start in milliseconds. Days have 23, 24 or 25 hours where clocks
change. An hour begins with each full hour of the local clock, and where the clock is changed: it
is shorter where that is not by whole hours, or not at a full hour.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from streams.engine.calendars.fiscal import FiscalCalendar, fiscal

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CALENDAR_KINDS = ("day", "week", "month", "quarter", "year")
ROLLING_DAYS = {"last_7d": 7, "last_15d": 15, "last_30d": 30, "last_90d": 90}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# Offsets from UTC are whole quarters of an hour since 1972, so a quarter of an hour of UTC is
# within one local day and one local hour.
SLOT_MS = 900_000
SLOTS_FROM_MS = 2 * 366 * 86_400_000


class Window(NamedTuple):
    """One window: its kind and its first day, or for `hour` its first millisecond."""

    kind: str
    start: int


def milliseconds(moment: datetime) -> int:
    """Aware time as milliseconds since the epoch, finer parts floored."""
    return (moment - EPOCH) // MILLISECOND


class Calendar:
    """Finds the windows of an instant, and their bounds.

    `timezone` is an IANA zone, `week_start` the first day of the week (0 = Monday) and
    `fiscal_start` the first month of the year. Instants are milliseconds since the epoch.
    `start_of`, `bounds` and `windows_of` are cached. Of the windows of a day only those of `kinds`
    are given, and the day itself.
    """

    def __init__(
        self,
        timezone: str,
        week_start: int = 0,
        fiscal_start: int = 1,
        fiscal_calendar: FiscalCalendar = "months",
        kinds: Collection[str] = (*CALENDAR_KINDS, *ROLLING_DAYS),
    ) -> None:
        self.zone = ZoneInfo(timezone)
        self.week_start = week_start
        self._fiscal = fiscal(fiscal_calendar, week_start, fiscal_start)
        # All longer windows are made of days.
        self._kinds = tuple(kind for kind in CALENDAR_KINDS if kind == "day" or kind in kinds)
        self._rolling_days = {kind: n for kind, n in ROLLING_DAYS.items() if kind in kinds}
        self._days: dict[int, int] = {}
        self._hours: dict[int, int] = {}
        self.start_of = lru_cache(maxsize=100_000)(self._start_of)
        self.bounds = lru_cache(maxsize=100_000)(self._bounds)
        self.windows_of = lru_cache(maxsize=100_000)(self._windows_of)
        self._end_of_hour = lru_cache(maxsize=10_000)(self._next_hour)

    def day(self, at: int) -> int:
        """Local day of an instant: the last one that has begun by then."""
        if at < SLOTS_FROM_MS:
            return self._last_begun(at)
        slot = at // SLOT_MS
        found = self._days.get(slot)
        if found is None:
            found = self._days[slot] = self._last_begun(slot * SLOT_MS)
        return found

    def _last_begun(self, at: int) -> int:
        day = self.local(at).toordinal()
        # A clock that is set back over midnight shows the day before again.
        return day + 1 if self.start_of(day + 1) <= at else day

    def local(self, at: int) -> datetime:
        """Local time of an instant."""
        return (EPOCH + at * MILLISECOND).astimezone(self.zone)

    def hour(self, at: int) -> int:
        """Start of the hour window of an instant."""
        if at < SLOTS_FROM_MS:
            return self._hour(at)
        slot = at // SLOT_MS
        found = self._hours.get(slot)
        if found is None:
            found, begin = self._hour(at), slot * SLOT_MS
            # A slot within which the clock is changed has two hours.
            if self._offset(begin) == self._offset(begin + SLOT_MS - 1):
                self._hours[slot] = found
        return found

    def _hour(self, at: int) -> int:
        full = at - self._into_hour(at)
        return full if self._offset(full) == self._offset(at) else self._changed_at(full, at)

    def _next_hour(self, start: int) -> int:
        """End of the hour window that begins at an instant."""
        full = start + HOUR_MS - self._into_hour(start)
        last = full - 1
        return full if self._offset(last) == self._offset(start) else self._changed_at(start, last)

    def _changed_at(self, before: int, after: int) -> int:
        """First instant of a changed clock, between two instants with different offsets."""
        old = self._offset(before)
        while after - before > 1:
            middle = (before + after) // 2
            if self._offset(middle) == old:
                before = middle
            else:
                after = middle
        return after

    def _offset(self, at: int) -> timedelta | None:
        return self.local(at).utcoffset()

    def _into_hour(self, at: int) -> int:
        local = self.local(at)
        return (local.minute * 60 + local.second) * 1000 + local.microsecond // 1000

    def _start_of(self, day: int) -> int:
        """First millisecond of a local day, also where midnight does not exist."""
        first = date.fromordinal(day)
        midnight = datetime(first.year, first.month, first.day, tzinfo=self.zone)
        at = milliseconds(midnight.astimezone(UTC))
        # A clock set forward at midnight: the day begins where the skipped hour would end.
        while self.local(at).toordinal() < day:
            at += SLOT_MS
        return at

    def end_of(self, day: date) -> int:
        """Instant at which a local date has ended."""
        return self.start_of(day.toordinal() + 1)

    def _windows_of(self, day: int) -> tuple[Window, ...]:
        """Calendar windows of a day, one of each kind."""
        return tuple(Window(kind, self.first_day(kind, day)) for kind in self._kinds)

    def first_day(self, kind: str, day: int) -> int:
        """First day of the window of a kind that contains a day."""
        if kind == "day":
            return day
        if kind == "week":
            return day - (day - 1 - self.week_start) % 7
        return self._fiscal.first_day(kind, day)

    def following(self, window: Window) -> Window:
        """Next window of the same kind."""
        kind, start = window
        if kind == "hour":
            return Window(kind, self._end_of_hour(start))
        if kind in ROLLING_DAYS:
            return Window(kind, start + ROLLING_DAYS[kind])
        length = {"day": 1, "week": 7}.get(kind)
        longest = self._fiscal.longest(kind) if length is None else length
        # From the first day, the longest length lands in the next window, whatever its length.
        return Window(kind, self.first_day(kind, start + longest))

    def preceding(self, window: Window) -> Window:
        """Previous window of the same kind."""
        kind, start = window
        if kind == "hour":
            return Window(kind, self.hour(start - 1))
        if kind in ROLLING_DAYS:
            return Window(kind, start - ROLLING_DAYS[kind])
        return Window(kind, self.first_day(kind, start - 1))

    def windows_between(self, kind: str, first: int, last: int) -> Iterator[Window]:
        """Calendar windows of a kind, from the one of a day up to that of another."""
        window = Window(kind, self.first_day(kind, first))
        while window.start <= last:
            yield window
            window = self.following(window)

    def rolling(self, today: int) -> tuple[Window, ...]:
        """Rolling windows that end today."""
        return tuple(Window(kind, today - days + 1) for kind, days in self._rolling_days.items())

    def _bounds(self, window: Window) -> tuple[int, int]:
        """Start and end of a window in milliseconds."""
        if window.kind == "hour":
            return window.start, self._end_of_hour(window.start)
        return self.start_of(window.start), self.start_of(self.following(window).start)

    def text(self, at: int) -> str:
        """Instant as RFC 3339 text in the reporting zone, milliseconds only if not 0."""
        precise = "milliseconds" if at % 1000 else "seconds"
        return self.local(at).isoformat(timespec=precise)
