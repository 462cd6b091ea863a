"""Quiet hours: whether an instant is quiet on somebody's clock, and until when."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from streams.config.rules.notify.quiet import DAY_MINUTES, QuietHours

MINUTE_MS = 60_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Clocks are set forward by no more: a longer wait is counted on the clock again before its end.
SHIFT_MINUTES = 180


def quiet_until(hours: QuietHours, zone: ZoneInfo, at: int) -> int | None:
    """Return when the quiet time that holds at an instant ends; None if none does.

    Both in milliseconds; the end is the first whole minute that is not quiet.
    """
    if not _quiet_minutes(hours, zone, at):
        return None
    at -= at % MINUTE_MS
    while left := _quiet_minutes(hours, zone, at):
        at += max(1, left - SHIFT_MINUTES) * MINUTE_MS
    return at


def _quiet_minutes(hours: QuietHours, zone: ZoneInfo, at: int) -> int:
    """Return for how many minutes the clock shows quiet time on this day; 0: it is not quiet."""
    local = (EPOCH + timedelta(milliseconds=at)).astimezone(zone)
    minute = 60 * local.hour + local.minute
    if local.weekday() in hours.days:
        return DAY_MINUTES - minute
    if hours.begins <= hours.ends:
        return hours.ends - minute if hours.begins <= minute < hours.ends else 0
    if minute < hours.ends:
        return hours.ends - minute
    return DAY_MINUTES - minute if minute >= hours.begins else 0
