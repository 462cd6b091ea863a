"""The values of `sales.kpis` that the screen shows, and their latency."""

import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from statistics import median
from typing import Any

import orjson

from streams.demo.simulation.company import EventData
from streams.engine.calendars.calendar import Calendar, milliseconds
from streams.output.keys import ALL, parse_key

WINDOWS = ("day", "last_7d", "last_30d")
SHOWN = frozenset(
    (
        "call_count",
        "close_rate",
        "connect_rate",
        "deal_count",
        "deal_size",
        "followup_contacts",
        "lead_count",
        "overdue",
        "pipeline_amount",
        "pipeline_count",
        "receivables",
        "response_time",
        "response_within_hour",
        "revenue_won",
        "unanswered_leads",
    )
)
SAMPLES = 200
# A call that takes longer is lost, or the counts do not match.
LONGEST_SECONDS = 60.0


class ShownValues:
    """A view of `sales.kpis` that keeps the records the screen may show.

    `received` counts all records. The reporting calendar decides which day is today.
    """

    def __init__(self, calendar: Calendar) -> None:
        self.received = 0
        self._calendar = calendar
        self._records: dict[str, bytes] = {}
        self._reps: set[str] = set()

    def update(self, key: str, record: bytes | None) -> None:
        """Keep a key's newest record; None removes it."""
        self.received += 1
        at = parse_key(key)
        if at.kpi not in SHOWN or at.window not in WINDOWS or at.dimension not in (ALL, "rep"):
            return
        if record is None:
            self._records.pop(key, None)
            return
        self._records[key] = record
        if at.dimension == "rep":
            self._reps.add(at.value)

    def get(self, kpi: str, window: str, now: int, rep: str = "") -> Mapping[str, Any] | None:
        """Return the record of the window that contains `now`, or ends with its day."""
        today = self._calendar.day(now)
        started = {one.kind: one.start for one in self._calendar.rolling(today)}
        start = self._calendar.text(self._calendar.start_of(started.get(window, today)))
        found = self._records.get(f"{kpi}|{f'rep={rep}' if rep else ALL}|{window}|{start}")
        record: Mapping[str, Any] | None = None if found is None else orjson.loads(found)
        return record

    def reps(self) -> list[str]:
        """Return the names of all reps in the records so far."""
        return sorted(self._reps)


class LatencyMeter:
    """Times from posting a call to the record that counts it, over the last SAMPLES calls.

    Each rep's calls of a day are numbered as they are posted; the n-th call is counted by the first
    record of that rep's `call_count` that has reached n. Both instants are seconds of one monotonic
    clock. A rep whose count is ahead of the calls posted (somebody else posts calls too) is left
    out. The reporting calendar decides to which day a call belongs.
    """

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._ids: set[object] = set()
        self._posted: dict[str, int] = {}
        self._waiting: dict[str, deque[tuple[int, float]]] = {}
        self._samples: deque[float] = deque(maxlen=SAMPLES)

    def posted(self, event: EventData, at: float | None) -> None:
        """Record an event that is posted at `at`; None: it is numbered but not timed."""
        if event["type"] != "call.ended" or event["id"] in self._ids:
            return
        self._ids.add(event["id"])
        happened = milliseconds(datetime.fromisoformat(str(event["at"])))
        start = self._calendar.text(self._calendar.start_of(self._calendar.day(happened)))
        key = f"call_count|rep={event['rep']}|day|{start}"
        number = self._posted[key] = self._posted.get(key, 0) + 1
        if at is not None:
            self._waiting.setdefault(key, deque()).append((number, at))

    def read(self, key: str, record: bytes | None, at: float) -> None:
        """Record that a record was read at `at`."""
        waiting = self._waiting.get(key)
        if not waiting or record is None:
            return
        counted = orjson.loads(record)["parts"]["count"]
        if counted > self._posted[key]:
            waiting.clear()
        while waiting and waiting[0][0] <= counted:
            latency_s = at - waiting.popleft()[1]
            if latency_s <= LONGEST_SECONDS:
                self._samples.append(latency_s)

    @property
    def median_ms(self) -> int | None:
        """The median of the last calls in milliseconds, None before the first."""
        return round(1000 * median(self._samples)) if self._samples else None


class Arrivals:
    """A view of `sales.kpis` that reports to the latency meter when each record was read."""

    def __init__(self, latency: LatencyMeter) -> None:
        self._latency = latency

    def update(self, key: str, record: bytes | None) -> None:
        """Report a key's newest record."""
        self._latency.read(key, record, time.monotonic())
