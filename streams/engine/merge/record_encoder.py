"""A KPI's record as published: the exact text of everything but revision and times."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from streams.engine.algebra.measures import Measure
from streams.engine.algebra.money import minor_digits, round_half_up
from streams.engine.calendars.calendar import (
    ROLLING_DAYS,
    Calendar,
    Window,
    milliseconds,
)
from streams.engine.catalogue.derived import Derived, Quotient
from streams.engine.catalogue.kpi import Kpi
from streams.engine.merge.state.rankings import Number
from streams.engine.merge.state.targets import WHOLE_UNITS, TargetValue

BODY = (
    b'{"kpi":"KPI",%b,%b,"value":%b,"unit":"UNIT","parts":%b%b,"previous":%b,"change":%b,'
    b'"rank":%b,"target":%b,"attainment":%b,"final":%b'
)
AS_OF_TEMPLATE = '"expected":%s,"pace":%s,"projected":%s,"as_of":"%s"'
MONEY_UNITS = {"money": "money:%s", "money_per_day": "money:%s/day"}
WHOLE_KINDS = ("count", "sum", "counts", "level")
# A record with a target is written again every quarter of an hour while its window runs.
AGAIN_MS = 900_000
OVER = -1
NO_TARGET = b'"expected":null'


class AsOfFields(NamedTuple):
    """What a record says of the instant it is read at: the end of its text, not compared.

    `text` holds the fields between `revision` and `updated_at`. A record is written again once
    `slot` is another: the quarter of an hour while the window of a target runs, `OVER` after
    it, None without a target.
    """

    text: str
    slot: int | None = None


# Value and `previous` as published (money in minor units), parts, percentiles where it has them.
ComputedValues = tuple[Number | None, Number | None, Mapping[str, Any], Mapping[str, Any] | None]


class KpiEncoder(NamedTuple):
    """All that is the same for every record of a KPI.

    `number` divides what a measure or a formula gives, `written` writes the result. `measure`
    is None for a derived KPI.
    """

    kpi: Kpi | Derived
    rank_index: int
    name: str
    body: bytes
    number: Callable[[Quotient | float | None], Number | None]
    written: Callable[[Number | None], bytes]
    measure: Measure[Any] | None
    steps: bool
    is_lower_better: bool


def slot_of(body: bytes, as_of_fields: bytes) -> int | None:
    """Give the slot of a record as published, in the two parts before and from `revision`."""
    if NO_TARGET in as_of_fields or b'"expected":' not in as_of_fields:
        return None
    as_of = as_of_fields.partition(b'"as_of":"')[2].partition(b'"')[0]
    if b'"end":"%b"' % as_of in body:
        return OVER
    return milliseconds(datetime.fromisoformat(as_of.decode())) // AGAIN_MS


class RecordEncoder:
    """Writes records of one catalogue's KPIs."""

    def __init__(self, calendar: Calendar, currency: str, lateness_ms: int) -> None:
        """Take what is the same for all records."""
        self.calendar = calendar
        self.currency = currency
        self.lateness_ms = lateness_ms
        self._windows: dict[Window, tuple[str, bytes]] = {}
        self._scopes: dict[str, bytes] = {}

    def key(self, name: str, scope: str, window: Window) -> str:
        """Name a record: `kpi|all|window|start` or `kpi|dimension=value|window|start`."""
        return f"{name}|{scope or 'all'}|{self.window(window)[0]}"

    def is_final(self, window: Window, clock: int) -> bool:
        """Tell whether a window has ended and its lateness has passed; rolling ones never."""
        if window.kind in ROLLING_DAYS:
            return False
        return clock >= self.calendar.bounds(window)[1] + self.lateness_ms

    def encoder_of(self, kpi: Kpi | Derived, target_key: int) -> KpiEncoder:
        """Prepare to write the records of a KPI, the one at this place among all."""
        measure = kpi.measure if isinstance(kpi, Kpi) else None
        unit = MONEY_UNITS[kpi.unit] % self.currency if kpi.unit in MONEY_UNITS else kpi.unit
        body = BODY.replace(b"KPI", kpi.name.encode()).replace(b"UNIT", unit.encode())
        return KpiEncoder(
            kpi,
            target_key,
            kpi.name,
            body,
            _number(kpi),
            _money(minor_digits(self.currency)) if kpi.unit in MONEY_UNITS else scalar,
            measure,
            bool(measure and measure.steps),
            kpi.better == "lower",
        )

    def body(
        self,
        encoder: KpiEncoder,
        scope: str,
        window: bytes,
        values: ComputedValues,
        rank: bytes,
        plan: TargetValue | None,
        final: bytes,
    ) -> bytes:
        """Write a record up to and with `final`, without the closing brace."""
        number, previous, parts, percentiles = values
        written = encoder.written
        target = attainment = b"null"
        if plan is not None:
            target = written(plan.shown)
            attainment = scalar(attained(encoder, number, plan.shown))
        return encoder.body % (
            self._scope(scope),
            window,
            written(number),
            _json(parts),
            b"" if percentiles is None else b',"percentiles":' + _json(percentiles),
            written(previous),
            written(change(number, previous)),
            rank,
            target,
            attainment,
            final,
        )

    def as_of(self, window: Window, clock: int) -> AsOfFields:
        """Write what a record without a target says of its instant."""
        return AsOfFields(AS_OF_TEMPLATE % ("null", "null", "null", self._instant(window, clock)))

    def as_of_fields(
        self,
        encoder: KpiEncoder,
        window: Window,
        number: Number | None,
        plan: TargetValue,
        clock: int,
    ) -> AsOfFields:
        """Write what a record with a target says of its instant: how far it should be by now.

        What adds up over time should have come as far as the window has; a rate or a stock
        should be there all the time.
        """
        start, end = self.calendar.bounds(window)
        passed, length = min(clock, end) - start, end - start
        expected = self._expected(encoder, window, plan, clock)
        projected = number
        if encoder.kpi.adds_up:
            projected = None
            if number is not None and passed:
                above, below = number.as_integer_ratio()
                projected = _portion(encoder, above * length, below * passed)
        text = AS_OF_TEMPLATE % (
            encoder.written(expected).decode(),
            scalar(attained(encoder, number, expected)).decode(),
            encoder.written(projected).decode(),
            self._instant(window, clock),
        )
        return AsOfFields(text, OVER if clock >= end else clock // AGAIN_MS)

    def target_fields(
        self,
        encoder: KpiEncoder,
        window: Window,
        number: Number | None,
        plan: TargetValue,
        clock: int,
    ) -> float | None:
        """Divide a value by what it should be by now, as a record's `pace` has it."""
        return attained(encoder, number, self._expected(encoder, window, plan, clock))

    def _expected(
        self, encoder: KpiEncoder, window: Window, plan: TargetValue, clock: int
    ) -> Number:
        if not encoder.kpi.adds_up:
            return plan.shown
        start, end = self.calendar.bounds(window)
        passed, length = min(clock, end) - start, end - start
        return _portion(encoder, plan.exact.numerator * passed, plan.exact.denominator * length)

    def window(self, window: Window) -> tuple[str, bytes]:
        """Give the end of every key of a window, and its fields."""
        found = self._windows.get(window)
        if found is None:
            start, end = (self.calendar.text(at) for at in self.calendar.bounds(window))
            fields = orjson.dumps({"window": window.kind, "start": start, "end": end})
            found = self._windows[window] = (f"{window.kind}|{start}", fields[1:-1])
        return found

    def _instant(self, window: Window, clock: int) -> str:
        """Give the instant a value stands for: now, or the end of a window that is over."""
        return self.calendar.text(min(clock, self.calendar.bounds(window)[1]))

    def _scope(self, scope: str) -> bytes:
        found = self._scopes.get(scope)
        if found is None:
            dimension, _, value = scope.partition("=")
            named: Mapping[str, str] = {dimension: value} if scope else {}
            found = self._scopes[scope] = b'"scope":' + orjson.dumps(named)
        return found


def change(number: Number | None, previous: Number | None) -> Number | None:
    """Subtract the value of the window before, exactly where values are exact."""
    if number is None or previous is None:
        return None
    difference = number - previous
    # Floats are rounded so that 0.3 - 0.1 does not end in noise.
    return difference if isinstance(difference, int) else round(difference, 12)


def attained(encoder: KpiEncoder, number: Number | None, target: Number | None) -> float | None:
    """Divide a value by what it should be, the other way round where lower is better."""
    if number is None or target is None:
        return None
    top, bottom = (target, number) if encoder.is_lower_better else (number, target)
    return round(top / bottom, 12) if bottom else None


def scalar(value: Number | None) -> bytes:
    """Write a number as JSON, whatever its size."""
    if type(value) is int:
        return b"%d" % value
    return b"null" if value is None else orjson.dumps(value)


def _money(digits: int) -> Callable[[Number | None], bytes]:
    """Write minor units as a decimal text in major units, in quotes."""
    scale, text = 10**digits, b'"%%b%%d.%%0%dd"' % digits

    def written(minor: Number | None) -> bytes:
        if minor is None:
            return b"null"
        if not digits:
            return b'"%d"' % minor
        whole, part = divmod(abs(minor), scale)
        return text % (b"-" if minor < 0 else b"", whole, part)

    return written


def _number(kpi: Kpi | Derived) -> Callable[[Quotient | float | None], Number | None]:
    """Divide: milliseconds and money to whole units, everything else as it comes."""
    if kpi.unit in WHOLE_UNITS:
        return _whole
    if kpi.unit == "per_1000":
        return _per_1000
    return _top if kpi.kind in WHOLE_KINDS else _float


def _whole(read: Quotient | float | None) -> Number | None:
    if read is None or isinstance(read, float):
        return read
    top, bottom = read
    if bottom == 1:
        return top
    return round_half_up(top, bottom) if bottom > 0 else round_half_up(-top, -bottom)


def _per_1000(read: Quotient | float | None) -> Number | None:
    return read if read is None or isinstance(read, float) else 1000 * read[0] / read[1]


def _top(read: Quotient | float | None) -> Number | None:
    return read if read is None or isinstance(read, float) else read[0]


def _float(read: Quotient | float | None) -> Number | None:
    return read if read is None or isinstance(read, float) else read[0] / read[1]


def _portion(encoder: KpiEncoder, top: int, bottom: int) -> Number:
    if encoder.kpi.unit in WHOLE_UNITS:
        return round_half_up(top, bottom)
    return round(top / bottom, 12)


def _json(value: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # An integer of more than 64 bits: rare, and no reason to lose a digit or to stop.
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
