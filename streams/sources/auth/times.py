"""The time that a sender signs, and the window within which it counts."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias, get_args

from streams.config.rules.table import Table
from streams.sources.auth.outcome import Refusal

TimeUnit: TypeAlias = Literal["s", "ms", "iso"]
UNITS: tuple[TimeUnit, ...] = get_args(TimeUnit)
# Senders stamp each attempt anew, and their clocks and ours are set by the network.
WINDOW_MS = 300_000
_NUMBER = re.compile(r"[0-9]{1,16}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """How a time is written, and how far from now it may be, either way, in milliseconds."""

    unit: TimeUnit
    length: int

    def check(self, written: str, now: int) -> None:
        """Raise Refusal for a time outside of the window, or one that cannot be read."""
        distance = now - instant(written, self.unit)
        if abs(distance) > self.length:
            way = "ago" if distance > 0 else "ahead"
            raise Refusal("time", f"it was signed {abs(distance) // 1_000} s {way}")


def window(table: Table) -> Window:
    """Read unit and length of the window from a table of a recipe."""
    return Window(table.choice("unit", UNITS, "s"), table.duration("window", WINDOW_MS))


def instant(written: str, unit: TimeUnit) -> int:
    """Read a time as milliseconds since the epoch. Raises Refusal if it is none."""
    if unit == "iso":
        return _iso(written)
    if not _NUMBER.fullmatch(written):
        raise Refusal("malformed", "the signed time is not a number")
    return int(written) * (1_000 if unit == "s" else 1)


def written(now: int, unit: TimeUnit) -> str:
    """Write a time in milliseconds as a sender does."""
    if unit == "iso":
        at = _EPOCH + timedelta(milliseconds=now // 1_000 * 1_000)
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(now // 1_000 if unit == "s" else now)


def _iso(written: str) -> int:
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise Refusal("malformed", "the signed time is no ISO 8601 time") from error
    if at.tzinfo is None:
        raise Refusal("malformed", "the signed time has no offset")
    return (at - _EPOCH) // timedelta(milliseconds=1)
