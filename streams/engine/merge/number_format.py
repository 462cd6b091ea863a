"""Values of KPIs divided, rounded and written as JSON."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from streams.engine.algebra.money import round_half_up
from streams.engine.catalogue.derived import Derived, Quotient
from streams.engine.catalogue.kpi import Kpi
from streams.engine.merge.state.rankings import Number
from streams.engine.merge.state.targets import WHOLE_UNITS

WHOLE_KINDS = ("count", "sum", "counts", "level")


def change(number: Number | None, previous: Number | None) -> Number | None:
    """Difference to the value of the window before, exact where both are integers."""
    if number is None or previous is None:
        return None
    difference = number - previous
    # Floats are rounded so that 0.3 - 0.1 does not end in noise.
    return difference if isinstance(difference, int) else round(difference, 12)


def scalar(value: Number | None) -> bytes:
    """Number as JSON, whatever its size."""
    if type(value) is int:
        return b"%d" % value
    return b"null" if value is None else orjson.dumps(value)


def money(digits: int) -> Callable[[Number | None], bytes]:
    """Formatter of minor units as decimal text in major units, in quotes."""
    scale, template = 10**digits, b'"%%b%%d.%%0%dd"' % digits

    def text(minor: Number | None) -> bytes:
        if minor is None:
            return b"null"
        if not digits:
            return b'"%d"' % minor
        whole, part = divmod(abs(minor), scale)
        return template % (b"-" if minor < 0 else b"", whole, part)

    return text


def divider(kpi: Kpi | Derived) -> Callable[[Quotient | float | None], Number | None]:
    """Division of a KPI's quotients: milliseconds and money to whole units, others exact."""
    if kpi.unit in WHOLE_UNITS:
        return _whole
    if kpi.unit == "per_1000":
        return _per_1000
    return _top if kpi.kind in WHOLE_KINDS else _float


def _whole(quotient: Quotient | float | None) -> Number | None:
    if quotient is None or isinstance(quotient, float):
        return quotient
    top, bottom = quotient
    if bottom == 1:
        return top
    return round_half_up(top, bottom) if bottom > 0 else round_half_up(-top, -bottom)


def _per_1000(quotient: Quotient | float | None) -> Number | None:
    return (
        quotient
        if quotient is None or isinstance(quotient, float)
        else 1000 * quotient[0] / quotient[1]
    )


def _top(quotient: Quotient | float | None) -> Number | None:
    return quotient if quotient is None or isinstance(quotient, float) else quotient[0]


def _float(quotient: Quotient | float | None) -> Number | None:
    return (
        quotient if quotient is None or isinstance(quotient, float) else quotient[0] / quotient[1]
    )


def json_text(value: Mapping[str, Any]) -> bytes:
    """Mapping as JSON, integers of any size included."""
    try:
        return orjson.dumps(value)
    except TypeError:
        # An integer of more than 64 bits: rare, and no reason to lose a digit or to stop.
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
