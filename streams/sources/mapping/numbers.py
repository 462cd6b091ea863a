"""Numbers and money: exact decimals in, decimal text out."""

import re
from collections.abc import Mapping
from decimal import Context, Decimal, DecimalException
from typing import Any

from streams.engine.algebra.money import minor_digits
from streams.sources.mapping.scope import Scope, Unfit

MONEY = ("major", "cents", "micros", "minor")
_SHIFTS = {"major": 0, "cents": -2, "micros": -6}
# More digits than this on either side of the point are refused before they are written out.
DIGITS = 40
PLACES = 9
_WRITTEN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?")
_BLANKS = re.compile(r"[\s'_\u00a0\u202f]")
_EXACT = Context(prec=4 * DIGITS)


def shown(value: Any) -> str:
    """Write a value for a reason: short, on one line."""
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= 60 else text[:59] + "…")


def number(value: Any, comma: str = ".") -> Decimal:
    """Read a number, or a text that writes one with this decimal sign. Raises Unfit."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > 4 * DIGITS:
            raise Unfit("has too many digits")
        return Decimal(value)
    if isinstance(value, Decimal):
        return _bounded(value)
    if isinstance(value, str):
        text = _BLANKS.sub("", value)
        if comma == ",":
            text = text.replace(".", "").replace(",", ".")
        if _WRITTEN.fullmatch(text) and len(text) <= 3 * DIGITS:
            return _bounded(Decimal(text))
    raise Unfit(f"{shown(value)} is no number")


def scaled(value: Decimal, factor: Decimal, *, divided: bool) -> Decimal:
    """Multiply or divide by a factor."""
    return _EXACT.divide(value, factor) if divided else _EXACT.multiply(value, factor)


def difference(value: Decimal, less: Decimal) -> Decimal:
    """Subtract exactly."""
    return _EXACT.subtract(value, less)


def decimal_text(value: Decimal) -> str:
    """Write a decimal without exponent, as it is; zeros beyond PLACES digits are left out."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -PLACES:
        value = value.normalize(_EXACT)
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -PLACES:
            raise Unfit(f"{value} has more than {PLACES} digits after the point")
    return format(value, "f")


def money(
    value: Any, unit: str, comma: str, scope: Scope, places: Mapping[str, int] | None = None
) -> str:
    """Read an amount in a unit as decimal text in major units. Raises Unfit.

    `places` are the digits after the point of currencies whose minor unit is not the usual one.
    """
    shift = _SHIFTS.get(unit, 0)
    if unit == "minor":
        usual = minor_digits(scope.currency)
        shift = -(usual if places is None else places.get(scope.currency, usual))
    amount = number(value, comma)
    return decimal_text(amount.scaleb(shift, _EXACT) if shift else amount)


def _bounded(value: Decimal) -> Decimal:
    try:
        exponent = value.as_tuple().exponent
        is_short = isinstance(exponent, int) and exponent >= -DIGITS and value.adjusted() <= DIGITS
    except DecimalException:
        is_short = False
    if not is_short:
        raise Unfit("has too many digits")
    return value
