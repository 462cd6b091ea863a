"""Times as sources write them: numbers since the epoch, ISO 8601, mail dates."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from streams.sources.mapping.numbers import number, shown
from streams.sources.mapping.scope import Unfit

TIMES = ("s", "ms", "us", "iso", "mail", "auto")
_EXPECTED = {
    "iso": "in ISO 8601",
    "auto": "in ISO 8601",
    "mail": "as in mail: Mon, 2 Mar 2026 09:15:00 +0000",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
# Later than this in one unit is earlier than 1973 in the next.
_FIRST_MS, _FIRST_US = 10**11, 10**14
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
# `/Date(ms)/`; what follows the number only names a zone.
_TICKS = re.compile(r"/Date\((-?[0-9]{1,17})(?:[+-][0-9]{4})?\)/")


def instant(value: Any, form: str, zone: ZoneInfo | None) -> datetime:
    """Read a time. Raises Unfit; a time without offset needs a zone."""
    if isinstance(value, datetime):
        return value
    if form in _MICROSECONDS:
        return _since_epoch(value, form)
    if form == "auto" and (found := _recognised(value)) is not None:
        return found
    return _zoned(_written(value, form), value, zone)


def day(value: Any, form: str, zone: ZoneInfo | None) -> date:
    """Read a date, or the date of a time in a zone: its own where none is given."""
    if isinstance(value, datetime) or form in _MICROSECONDS:
        found: datetime | None = instant(value, form, zone)
    else:
        found = _recognised(value) if form == "auto" else None
    moment = found or _written(value, form)
    is_moved = zone is not None and moment.tzinfo is not None
    return (moment.astimezone(zone) if is_moved else moment).date()


def text(moment: datetime) -> str:
    """Write a time in UTC, as events do."""
    return f"{moment.astimezone(UTC).isoformat()[:-6]}Z"


def _since_epoch(value: Any, unit: str) -> datetime:
    scale = _MICROSECONDS[unit]
    if type(value) is int:
        return after_epoch(value * scale)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 18:
        return after_epoch(int(value) * scale)
    return after_epoch(int(number(value) * Decimal(scale)))


def after_epoch(microseconds: int) -> datetime:
    """Give a time by its microseconds since the epoch. Raises Unfit."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError as error:
        raise Unfit("is a time out of all calendars") from error


def _recognised(value: Any) -> datetime | None:
    """Read a number by its size, or `/Date(ms)/`; None for a text of another form."""
    if isinstance(value, str):
        if ticks := _TICKS.fullmatch(value):
            return after_epoch(int(ticks[1]) * 1_000)
        if not _NUMBER.fullmatch(value):
            return None
    found = number(value)
    unit = "us" if abs(found) >= _FIRST_US else "ms" if abs(found) >= _FIRST_MS else "s"
    return _since_epoch(found, unit)


def _written(value: Any, form: str) -> datetime:
    """Read a text as ISO 8601, as in mail, or by a pattern; it may have no offset."""
    expected = _EXPECTED.get(form, f"written {form}")
    if not isinstance(value, str):
        raise Unfit(f"{shown(value)} is no time {expected}")
    try:
        if form == "mail":
            return parsedate_to_datetime(value)
        if is_pattern(form):
            # What the text lacks is added by the caller, which knows the zone.
            return datetime.strptime(value.strip(), form)  # noqa: DTZ007
        return datetime.fromisoformat(value.strip())
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise Unfit(f"{shown(value)} is no time {expected}") from error


def is_pattern(form: str) -> bool:
    """Whether a form is a pattern of its own: `%d.%m.%Y`."""
    return "%" in form


def problem(pattern: str) -> str | None:
    """Describe what is wrong with a pattern; None if it can be used."""
    try:
        datetime.strptime("", pattern)  # noqa: DTZ007 - nothing is read
    except ValueError as error:
        if "does not match" not in str(error):
            return str(error)
    except re.error as error:
        return str(error)
    return None


def _zoned(moment: datetime, value: Any, zone: ZoneInfo | None) -> datetime:
    if moment.tzinfo is not None:
        return moment
    if zone is None:
        raise Unfit(f"{shown(value)} has no offset from UTC: name its zone in the mapping")
    return moment.replace(tzinfo=zone)
