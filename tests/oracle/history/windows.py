"""The reporting calendar: local days, hours, weeks, months, fiscal quarters and years."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from tests.oracle.history.events import EPOCH

CALENDAR_KINDS = ("day", "week", "month", "quarter", "year")
ROLLING_DAYS = {"last_7d": 7, "last_15d": 15, "last_30d": 30, "last_90d": 90}
# A year of four quarters of 4, 4 and 5 weeks: in which week each period begins.
PERIOD_WEEKS = [13 * quarter + weeks for quarter in range(4) for weeks in (0, 4, 8)]
HOUR_MS = 3_600_000
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Window:
    """The instants from `start` up to, not including, `end`; milliseconds since the epoch."""

    kind: str
    start: int
    end: int

    def contains(self, instant: int) -> bool:
        """Whether the instant lies in the window."""
        return self.start <= instant < self.end

    @property
    def is_rolling(self) -> bool:
        """Whether the window moves with today."""
        return self.kind in ROLLING_DAYS


class Calendar:
    """Cuts time into the windows of one reporting zone."""

    def __init__(
        self, timezone: str, week_start: int, fiscal_start: int, fiscal_calendar: str = "months"
    ) -> None:
        """`week_start` counts from Monday = 0, `fiscal_start` is a month from 1 to 12.

        Months, quarters and years are the calendar's, or in "445" periods of 4, 4 and 5 weeks.
        """
        self.zone = ZoneInfo(timezone)
        self.week_start = week_start
        self.fiscal_start = fiscal_start
        self.has_weeks = fiscal_calendar == "445"
        self.windows: dict[tuple[str, date], Window] = {}
        self.windows_of_day: dict[date, list[Window]] = {}
        self.befores: dict[Window, Window] = {}
        self.texts: dict[int, str] = {}

    def local(self, instant: int) -> datetime:
        """What the clock in the reporting zone shows."""
        return (EPOCH + timedelta(milliseconds=instant)).astimezone(self.zone)

    def day_start(self, day: date) -> int:
        """The first instant of that local date."""
        return first_instant(self.zone, day)

    def day_end(self, day: date) -> int:
        """The instant at which that local date is over."""
        return self.day_start(day + timedelta(days=1))

    def day_of(self, instant: int) -> date:
        """The day whose window contains the instant."""
        day = self.local(instant).date()
        while self.day_end(day) <= instant:
            day += timedelta(days=1)
        return day

    def window(self, kind: str, day: date) -> Window:
        """Give the calendar window of that kind that contains the day."""
        if (kind, day) not in self.windows:
            first, next_first = self.bounds(kind, day)
            self.windows[kind, day] = Window(
                kind, self.day_start(first), self.day_start(next_first)
            )
        return self.windows[kind, day]

    def bounds(self, kind: str, day: date) -> tuple[date, date]:
        """Give the first day of the window and the first day after it."""
        if kind == "day":
            return day, day + timedelta(days=1)
        if kind == "week":
            first = day - timedelta(days=(day.weekday() - self.week_start) % 7)
            return first, first + timedelta(days=7)
        if self.has_weeks:
            return self.bounds_in_weeks(kind, day)
        length = {"month": 1, "quarter": 3, "year": 12}[kind]
        months_in = (day.month - self.fiscal_start) % length
        return month_first(day, -months_in), month_first(day, length - months_in)

    def bounds_in_weeks(self, kind: str, day: date) -> tuple[date, date]:
        """Give the bounds in a fiscal year of weeks, whose last period has a 53rd one."""
        years = [self.year_of_weeks(day.year + later) for later in (-1, 0, 1, 2)]
        first = max(year for year in years if year <= day)
        following = min(year for year in years if year > day)
        begins = {
            "month": [first + timedelta(weeks=it) for it in PERIOD_WEEKS],
            "quarter": [first + timedelta(weeks=it) for it in (0, 13, 26, 39)],
            "year": [first],
        }[kind]
        return (
            max(it for it in begins if it <= day),
            min(it for it in [*begins, following] if it > day),
        )

    def year_of_weeks(self, year: int) -> date:
        """Find the first day of a week that is nearest to the first of the fiscal year's month."""
        month = date(year, self.fiscal_start, 1)
        near = [month + timedelta(days=it) for it in range(-3, 4)]
        return next(it for it in near if it.weekday() == self.week_start)

    def hour(self, instant: int) -> Window:
        """The hour of the local clock at the instant, cut where the clock is changed."""
        shown = self.local(instant)
        past = shown.minute * MINUTE_MS + shown.second * 1000 + shown.microsecond // 1000
        start, end = instant - past, instant - past + HOUR_MS
        if self.offset(start) == self.offset(instant) == self.offset(end - 1):
            return Window("hour", start, end)
        return Window("hour", self.unchanged(start, instant), self.changed(instant, end))

    def offset(self, instant: int) -> timedelta:
        """How far the local clock is ahead of UTC."""
        ahead = self.local(instant).utcoffset()
        assert ahead is not None
        return ahead

    def unchanged(self, first: int, instant: int) -> int:
        """The earliest instant from the first on since which the clock is as at the instant."""
        found = instant
        while found > first and self.offset(max(first, found - MINUTE_MS)) == self.offset(instant):
            found = max(first, found - MINUTE_MS)
        while found > first and self.offset(found - 1) == self.offset(instant):
            found -= 1
        return found

    def changed(self, instant: int, last: int) -> int:
        """The first instant at which the clock is not as at the instant, or the last one."""
        found = instant
        while found < last and self.offset(min(last, found + MINUTE_MS)) == self.offset(instant):
            found = min(last, found + MINUTE_MS)
        while found < last and self.offset(found) == self.offset(instant):
            found += 1
        return found

    def windows_of(self, instant: int, *, hourly: bool) -> list[Window]:
        """List every calendar window that contains the instant."""
        day = self.day_of(instant)
        if day not in self.windows_of_day:
            self.windows_of_day[day] = [self.window(kind, day) for kind in CALENDAR_KINDS]
        hours = [self.hour(instant)] if hourly else []
        return self.windows_of_day[day] + hours

    def rolling(self, now: int) -> list[Window]:
        """List the rolling windows that end with today."""
        today = self.day_of(now)
        return [
            Window(kind, self.day_start(today - timedelta(days=days - 1)), self.day_end(today))
            for kind, days in ROLLING_DAYS.items()
        ]

    def before(self, window: Window) -> Window:
        """Give the window before: the same kind, ending where this one starts."""
        if window not in self.befores:
            self.befores[window] = self.find_before(window)
        return self.befores[window]

    def find_before(self, window: Window) -> Window:
        """Work out the window before."""
        if window.kind == "hour":
            return self.hour(window.start - 1)
        if window.is_rolling:
            first = self.day_of(window.start) - timedelta(days=ROLLING_DAYS[window.kind])
            return Window(window.kind, self.day_start(first), window.start)
        return self.window(window.kind, self.day_of(window.start - 1))

    def to_date(self, window: Window, now: int) -> Window | None:
        """The window before, up to the end of its n-th day, today being the n-th of this one.

        None unless the window runs and is a calendar window of more than a day.
        """
        if window.kind not in CALENDAR_KINDS[1:] or not window.contains(now):
            return None
        before = self.before(window)
        days = (self.day_of(now) - self.day_of(window.start)).days
        end = self.day_end(self.day_of(before.start) + timedelta(days=days))
        return Window(before.kind, before.start, min(end, before.end))

    def shown(self, instant: int) -> str:
        """Write the instant as RFC 3339 in the reporting zone; milliseconds only if there are."""
        if instant not in self.texts:
            precision = "milliseconds" if instant % 1000 else "seconds"
            self.texts[instant] = self.local(instant).isoformat(timespec=precision)
        return self.texts[instant]


@cache
def first_instant(zone: ZoneInfo, day: date) -> int:
    """Find the first instant of a local date.

    Clock changes may leave out midnight or show it twice, so the minutes around it are tried
    one by one.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    instant = (midnight - EPOCH) // timedelta(milliseconds=1) - 3 * HOUR_MS
    while (EPOCH + timedelta(milliseconds=instant)).astimezone(zone).date() < day:
        instant += MINUTE_MS
    return instant


def month_first(day: date, months: int) -> date:
    """Give the first day of the month that lies so many months from the day's month."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
