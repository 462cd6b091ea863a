"""A KPI's record as published: its exact text without revision and update time."""

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
from streams.engine.merge.number_format import (
    change,
    divider,
    json_text,
    money,
    scalar,
)
from streams.engine.merge.state.rankings import Number
from streams.engine.merge.state.targets import WHOLE_UNITS, TargetValue

BODY = (
    b'{"kpi":"KPI",%b,%b,"value":%b,"unit":"UNIT","parts":%b%b,"previous":%b,"change":%b,'
    b'"previous_to_date":%b,"change_to_date":%b,'
    b'"rank":%b,"target":%b,"attainment":%b,"met":%b,"final":%b'
)
AS_OF_TEMPLATE = '"expected":%s,"pace":%s,"projected":%s,"as_of":"%s"'
MONEY_UNITS = {"money": "money:%s", "money_per_day": "money:%s/day"}
# Records with a target are written again this often while their window runs.
REWRITE_INTERVAL_MS = 900_000
OVER = -1
NO_TARGET = b'"expected":null'


class AsOfFields(NamedTuple):
    """Fields of a record that depend on the instant it is read at; not compared.

    `text` holds the fields between `revision` and `updated_at`. A record is written again once
    `slot` has changed: the quarter of an hour while the window of a target runs, `OVER` after
    it, None without a target.
    """

    text: str
    slot: int | None = None


# Value, `previous` and `previous_to_date` as published (money in minor units), parts, percentiles
# where it has them.
ComputedValues = tuple[
    Number | None, Number | None, Number | None, Mapping[str, Any], Mapping[str, Any] | None
]


class KpiEncoder(NamedTuple):
    """What is the same for every record of a KPI.

    `rank_index` is the KPI's number. `number` divides the quotient of a measure or a formula,
    `text` formats the result as JSON. `measure` is None for a derived KPI; `steps` is whether
    it is a level.
    """

    kpi: Kpi | Derived
    rank_index: int
    name: str
    body: bytes
    number: Callable[[Quotient | float | None], Number | None]
    text: Callable[[Number | None], bytes]
    measure: Measure[Any] | None
    steps: bool
    is_lower_better: bool


def slot_of(body: bytes, as_of_fields: bytes) -> int | None:
    """Slot of a published record, in the two parts before and from `revision`."""
    if NO_TARGET in as_of_fields or b'"expected":' not in as_of_fields:
        return None
    as_of = as_of_fields.partition(b'"as_of":"')[2].partition(b'"')[0]
    if b'"end":"%b"' % as_of in body:
        return OVER
    return milliseconds(datetime.fromisoformat(as_of.decode())) // REWRITE_INTERVAL_MS


class RecordEncoder:
    """Encodes records of one catalogue's KPIs; `lateness_ms` after its end a window is final."""

    def __init__(self, calendar: Calendar, currency: str, lateness_ms: int) -> None:
        self.calendar = calendar
        self.currency = currency
        self.lateness_ms = lateness_ms
        self._windows: dict[Window, tuple[str, bytes]] = {}
        self._scopes: dict[str, bytes] = {}
        self._encoders: dict[int, KpiEncoder] = {}

    def key(self, name: str, scope: str, window: Window) -> str:
        """Key of a record: `kpi|all|window|start` or `kpi|dimension=value|window|start`."""
        return f"{name}|{scope or 'all'}|{self.window(window)[0]}"

    def is_final(self, window: Window, clock: int) -> bool:
        """Whether a window has ended and its lateness has passed; rolling ones never are."""
        if window.kind in ROLLING_DAYS:
            return False
        return clock >= self.calendar.bounds(window)[1] + self.lateness_ms

    def encoder_of(self, kpi: Kpi | Derived, number: int) -> KpiEncoder:
        """Encoder of a KPI, which has this number among all."""
        if number not in self._encoders:
            self._encoders[number] = self._new_encoder(kpi, number)
        return self._encoders[number]

    def _new_encoder(self, kpi: Kpi | Derived, number: int) -> KpiEncoder:
        measure = kpi.measure if isinstance(kpi, Kpi) else None
        unit = MONEY_UNITS[kpi.unit] % self.currency if kpi.unit in MONEY_UNITS else kpi.unit
        body = BODY.replace(b"KPI", kpi.name.encode()).replace(b"UNIT", unit.encode())
        return KpiEncoder(
            kpi,
            number,
            kpi.name,
            body,
            divider(kpi),
            money(minor_digits(self.currency)) if kpi.unit in MONEY_UNITS else scalar,
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
        target: TargetValue | None,
        final: bytes,
    ) -> bytes:
        """Record up to and including `final`, without the closing brace."""
        number, previous, to_date, parts, percentiles = values
        text = encoder.text
        to_date_text = to_date_change = target_text = attainment = met = b"null"
        if to_date is not None:
            to_date_text, to_date_change = text(to_date), text(change(number, to_date))
        if target is not None:
            target_text = text(target.shown)
            attainment = scalar(attained(encoder, number, target.shown))
            met = _met(encoder, number, target.shown)
        return encoder.body % (
            self._scope(scope),
            window,
            text(number),
            json_text(parts),
            b"" if percentiles is None else b',"percentiles":' + json_text(percentiles),
            text(previous),
            text(change(number, previous)),
            to_date_text,
            to_date_change,
            rank,
            target_text,
            attainment,
            met,
            final,
        )

    def as_of(self, window: Window, clock: int) -> AsOfFields:
        """Fields of a record without a target."""
        return AsOfFields(AS_OF_TEMPLATE % ("null", "null", "null", self._instant(window, clock)))

    def as_of_fields(
        self,
        encoder: KpiEncoder,
        window: Window,
        number: Number | None,
        target: TargetValue,
        clock: int,
    ) -> AsOfFields:
        """Fields of a record with a target: what its value should be by now, and will become.

        What adds up over time should have come as far as the window has; a rate or a stock
        should have its target all the time.
        """
        start, end = self.calendar.bounds(window)
        passed, length = min(clock, end) - start, end - start
        expected = self._expected(encoder, window, target, clock)
        projected = number
        if encoder.kpi.adds_up:
            projected = None
            if number is not None and passed:
                top, bottom = number.as_integer_ratio()
                projected = _portion(encoder, top * length, bottom * passed)
        text = AS_OF_TEMPLATE % (
            encoder.text(expected).decode(),
            scalar(attained(encoder, number, expected)).decode(),
            encoder.text(projected).decode(),
            self._instant(window, clock),
        )
        return AsOfFields(text, OVER if clock >= end else clock // REWRITE_INTERVAL_MS)

    def pace_of(
        self,
        encoder: KpiEncoder,
        window: Window,
        number: Number | None,
        target: TargetValue,
        clock: int,
    ) -> float | None:
        """Value divided by what it should be by now: a record's `pace`."""
        return attained(encoder, number, self._expected(encoder, window, target, clock))

    def _expected(
        self, encoder: KpiEncoder, window: Window, target: TargetValue, clock: int
    ) -> Number:
        if not encoder.kpi.adds_up:
            return target.shown
        start, end = self.calendar.bounds(window)
        passed, length = min(clock, end) - start, end - start
        return _portion(encoder, target.exact.numerator * passed, target.exact.denominator * length)

    def window(self, window: Window) -> tuple[str, bytes]:
        """End of every key of a window, and the window's fields."""
        found = self._windows.get(window)
        if found is None:
            start, end = (self.calendar.text(at) for at in self.calendar.bounds(window))
            fields = orjson.dumps({"window": window.kind, "start": start, "end": end})
            found = self._windows[window] = (f"{window.kind}|{start}", fields[1:-1])
        return found

    def _instant(self, window: Window, clock: int) -> str:
        """Instant of a value: now, or the end of a window that is over."""
        return self.calendar.text(min(clock, self.calendar.bounds(window)[1]))

    def _scope(self, scope: str) -> bytes:
        found = self._scopes.get(scope)
        if found is None:
            dimension, _, value = scope.partition("=")
            fields: Mapping[str, str] = {dimension: value} if scope else {}
            found = self._scopes[scope] = b'"scope":' + orjson.dumps(fields)
        return found


def attained(encoder: KpiEncoder, number: Number | None, target: Number | None) -> float | None:
    """Value divided by what it should be, the other way round where lower is better."""
    if number is None or target is None:
        return None
    top, bottom = (target, number) if encoder.is_lower_better else (number, target)
    return round(top / bottom, 12) if bottom else None


def _met(encoder: KpiEncoder, number: Number | None, target: Number) -> bytes:
    """Whether a target is reached, or where lower is better not exceeded, as JSON."""
    if number is None:
        return b"null"
    is_met = number <= target if encoder.is_lower_better else number >= target
    return b"true" if is_met else b"false"


def _portion(encoder: KpiEncoder, top: int, bottom: int) -> Number:
    if encoder.kpi.unit in WHOLE_UNITS:
        return round_half_up(top, bottom)
    return round(top / bottom, 12)
