"""The records of a page, by what is asked of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from streams.engine.calendars.calendar import ROLLING_DAYS
from streams.output.keys import RecordKey, parse_key

Record = Mapping[str, Any]
DAY = "day"
SPARK_DAYS = 30
# Older days are in no line and no chart.
MOST_DAYS = 62


class Needs(NamedTuple):
    """Which records and alerts a page reads; a record has to match all of these.

    Attributes:
        scopes: as in keys.
        dimensions: those of which every value is read.
    """

    kpis: frozenset[str]
    scopes: frozenset[str]
    dimensions: frozenset[str]
    windows: frozenset[str]

    def wants(self, parts: RecordKey) -> bool:
        """Whether the record of a key is read."""
        return (
            parts.kpi in self.kpis
            and parts.window in self.windows
            and (parts.scope in self.scopes or parts.dimension in self.dimensions)
        )


class Point(NamedTuple):
    """A day and the record that it has, if any."""

    day: date
    record: Record | None


# What a record of another day says about the level; its changes, target and rank do not hold.
CARRIED = ("kpi", "scope", "value", "unit", "parts")


class ShownRecords:
    """The records of one page, decoded once, as of one instant.

    Of `levels`, which are names of KPIs, the last day before `now` that has a record holds until
    `now` where the running window has none.
    """

    def __init__(
        self,
        records: Iterable[tuple[str, bytes]],
        needs: Needs,
        now: datetime,
        levels: Collection[str] = (),
    ) -> None:
        self.now = now
        today = now.date().isoformat()
        last_days: dict[tuple[str, str], tuple[str, bytes]] = {}
        self._first_day = (now.date() - timedelta(days=MOST_DAYS)).isoformat()
        self._current: dict[tuple[str, str, str], Record] = {}
        self._days: dict[tuple[str, str], dict[date, Record]] = defaultdict(dict)
        for key, body in records:
            parts = parse_key(key)
            if not needs.wants(parts):
                continue
            if parts.window == DAY and parts.kpi in levels:
                place, day = (parts.kpi, parts.scope), parts.start[: len(today)]
                if last_days.get(place, ("", b""))[0] < day <= today:
                    last_days[place] = day, body
            # Decoding is what costs: a company has years of days.
            if parts.window != DAY or parts.start >= self._first_day:
                self._add(parts, orjson.loads(body))
        self._carried = {place: _carried(body) for place, (_, body) in last_days.items()}

    def _add(self, parts: RecordKey, record: Record) -> None:
        start = datetime.fromisoformat(record["start"])
        end = datetime.fromisoformat(record["end"])
        if parts.window == DAY and start <= self.now:
            self._days[parts.kpi, parts.scope][start.astimezone(self.now.tzinfo).date()] = record
        if start <= self.now < end and self._is_running(parts.window, end):
            self._current[parts.kpi, parts.scope, parts.window] = record

    def _is_running(self, window: str, end: datetime) -> bool:
        # Of rolling windows each day begins one; the one that is shown ends with today.
        tomorrow = self.now.date() + timedelta(days=1)
        return window not in ROLLING_DAYS or end.astimezone(self.now.tzinfo).date() == tomorrow

    def current(self, kpi: str, scope: str, window: str) -> Record | None:
        """Return the record of the window of this kind that runs now, if there is one."""
        return self._current.get((kpi, scope, window)) or self._carried.get((kpi, scope))

    def knows(self, window: str) -> bool:
        """Return whether anything is known of the windows of this kind that run now."""
        return any(of_window == window for _, _, of_window in self._current)

    def days(self, kpi: str, scope: str, count: int = SPARK_DAYS) -> list[Point]:
        """Return the last days up to today, oldest first, each with its record."""
        found = self._days.get((kpi, scope), {})
        today = self.now.date()
        days = [today - timedelta(days=back) for back in reversed(range(count))]
        return [Point(day, found.get(day)) for day in days]

    def values_of(self, dimension: str, window: str) -> list[str]:
        """Return the values of a dimension that have any record in the running window, sorted."""
        prefix = f"{dimension}="
        running = {scope for _, scope, of_window in self._current if of_window == window}
        scopes = running | {scope for _, scope in self._carried}
        return sorted(scope.removeprefix(prefix) for scope in scopes if scope.startswith(prefix))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show at all."""
        return not self._current and not self._days


def _carried(body: bytes) -> Record:
    record = orjson.loads(body)
    return {name: record[name] for name in CARRIED}
