"""A KPI's record as published: the exact text of everything but revision and times."""

import json
from collections.abc import Mapping
from typing import Any

import orjson

from streams.engine.calendar import ROLLING_DAYS, Calendar, Window
from streams.engine.catalogue import Kpi
from streams.engine.measures import Vector
from streams.engine.money import major, round_half_up

Value = int | float | str | None
# What is a quotient in its own right, not a whole number of something.
DIVIDED = {"mean", "share", "shares", "ratio", "level_ratio"}
BODY = (
    b'{"kpi":"%b",%b,%b,"value":%b,"unit":"%b","parts":%b%b,"previous":%b,"change":%b,'
    b'"target":null,"attainment":null,"expected":null,"final":%b'
)


class Records:
    """Writes records of one catalogue's KPIs."""

    def __init__(self, calendar: Calendar, currency: str, lateness_ms: int) -> None:
        """Take what is the same for all records."""
        self.calendar = calendar
        self.currency = currency
        self.lateness_ms = lateness_ms
        self._windows: dict[Window, tuple[str, bytes]] = {}
        self._scopes: dict[str, tuple[str, bytes]] = {}

    def key(self, kpi: Kpi, scope: str, window: Window) -> str:
        """Name a record: `kpi|all|window|start` or `kpi|dimension=value|window|start`."""
        return f"{kpi.name}|{scope or 'all'}|{self._window(window)[0]}"

    def is_final(self, window: Window, clock: int) -> bool:
        """Tell whether a window has ended and its lateness has passed; rolling ones never."""
        if window.kind in ROLLING_DAYS:
            return False
        return clock >= self.calendar.bounds(window)[1] + self.lateness_ms

    def as_of(self, window: Window, clock: int) -> str:
        """Give the instant a value stands for: now, or the end of a window that is over."""
        return self.calendar.text(min(clock, self.calendar.bounds(window)[1]))

    def body(
        self,
        kpi: Kpi,
        scope: str,
        window: Window,
        now: Vector,
        before: Vector,
        is_final: bool,
    ) -> bytes:
        """Write a record up to and with `final`, without the closing brace.

        `now` and `before` are the KPI's own vectors over the window and the one before it.
        """
        measure = kpi.measure
        value = self.value(kpi, measure.value(now))
        previous = self.value(kpi, measure.value(before))
        ranks = b""
        if measure.percentiles is not None:
            ranks = b',"percentiles":' + _json(measure.percentiles(now))
        return BODY % (
            kpi.name.encode(),
            self._scope(scope),
            self._window(window)[1],
            _scalar(value),
            self.unit(kpi).encode(),
            _json(measure.parts(now)),
            ranks,
            _scalar(previous),
            _scalar(self.change(value, previous)),
            b"true" if is_final else b"false",
        )

    def unit(self, kpi: Kpi) -> str:
        """Name the unit a KPI is published in."""
        return f"money:{self.currency}" if kpi.unit == "money" else kpi.unit

    def value(self, kpi: Kpi, read: tuple[int, int] | None) -> Value:
        """Divide: milliseconds and money to whole units, everything else as it comes."""
        if read is None:
            return None
        top, bottom = read
        if kpi.unit == "money":
            return major(round_half_up(top, bottom), self.currency)
        if kpi.unit == "ms":
            return round_half_up(top, bottom)
        if kpi.unit == "per_1000":
            return 1000 * top / bottom
        return top / bottom if kpi.measure.kind in DIVIDED else top

    def change(self, value: Value, previous: Value) -> Value:
        """Subtract the value of the window before, exactly where values are exact."""
        if value is None or previous is None:
            return None
        if isinstance(value, str) and isinstance(previous, str):
            return major(_minor(value) - _minor(previous), self.currency)
        difference = float(value) - float(previous)
        if isinstance(value, int) and isinstance(previous, int):
            return value - previous
        # Floats are rounded so that 0.3 - 0.1 does not end in noise.
        return round(difference, 12)

    def _scope(self, scope: str) -> bytes:
        found = self._scopes.get(scope)
        if found is None:
            dimension, _, member = scope.partition("=")
            named: Mapping[str, str] = {dimension: member} if scope else {}
            found = self._scopes[scope] = (scope, b'"scope":' + orjson.dumps(named))
        return found[1]

    def _window(self, window: Window) -> tuple[str, bytes]:
        found = self._windows.get(window)
        if found is None:
            start, end = (self.calendar.text(at) for at in self.calendar.bounds(window))
            fields = orjson.dumps({"window": window.kind, "start": start, "end": end})
            found = self._windows[window] = (f"{window.kind}|{start}", fields[1:-1])
        return found


def _minor(text: str) -> int:
    return int(text.replace(".", ""))


def _scalar(value: Value) -> bytes:
    if type(value) is int:
        return b"%d" % value
    if type(value) is str:
        return b'"%b"' % value.encode()
    return orjson.dumps(value)


def _json(value: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # An integer of more than 64 bits: rare, and no reason to lose a digit or to stop.
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
