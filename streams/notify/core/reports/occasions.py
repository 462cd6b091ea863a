"""When reports are due: a time of day on somebody's clock, and the window that is over by then."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from streams.config.rules.notify.reports import Every
from streams.engine.calendars.calendar import Calendar, Window, milliseconds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
# From any day, one of each day of the week is not farther; clocks differ by up to a day from UTC.
DAYS_AROUND = 9


class Occasion(NamedTuple):
    """A time at which a report is due, and the window that it is of.

    Attributes:
        at: In milliseconds, as `next_at`, when the report of a later window is due.
    """

    at: int
    next_at: int
    window: Window


def last_occasion(every: Every, zone: ZoneInfo, at: int) -> int:
    """Return when a report was last due, at an instant or before it; in milliseconds."""
    day = _local(zone, at).date() + DAY
    found = [_instant(every, zone, day - back * DAY) for back in range(DAYS_AROUND)]
    return max(each for each in found if each is not None and each <= at)


def next_occasion(every: Every, zone: ZoneInfo, at: int) -> int:
    """Return when a report is due next, after an instant; in milliseconds."""
    day = _local(zone, at).date() - DAY
    found = [_instant(every, zone, day + ahead * DAY) for ahead in range(DAYS_AROUND)]
    return min(each for each in found if each is not None and each > at)


def occasion(every: Every, zone: ZoneInfo, kind: str, calendar: Calendar, at: int) -> Occasion:
    """Return the last occasion at an instant, with the last window that was complete by then.

    Windows of a `kind` are those of the calendar, which may have another zone.
    """
    due_at = next_at = last_occasion(every, zone, at)
    window = _complete(calendar, kind, due_at)
    while _complete(calendar, kind, next_at) == window:
        next_at = next_occasion(every, zone, next_at)
    return Occasion(due_at, next_at, window)


def _complete(calendar: Calendar, kind: str, at: int) -> Window:
    return calendar.preceding(Window(kind, calendar.first_day(kind, calendar.day(at))))


def _instant(every: Every, zone: ZoneInfo, day: date) -> int | None:
    """Return when the clock first shows the time on a day; None: it is another day of the week.

    A time that is skipped, as clocks are set forward, is where they are.
    """
    if every.day is not None and day.weekday() != every.day:
        return None
    shown = datetime.combine(day, time(every.minute // 60, every.minute % 60))
    at, other = (milliseconds(shown.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if _local(zone, at).replace(tzinfo=None) == shown:
        return at
    # Reckoned by the offset before, the time is after the change; by the one after it, before it.
    before, after = other, at
    old = _local(zone, before).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if _local(zone, middle).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def _local(zone: ZoneInfo, at: int) -> datetime:
    return (EPOCH + timedelta(milliseconds=at)).astimezone(zone)
