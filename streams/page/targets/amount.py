"""A number as people write it, in the unit in which a target is written."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from babel import Locale
from babel.numbers import NumberFormatError, parse_decimal

# What one of a form's unit is in the unit of records: nobody writes 90 % as 0.9, or minutes as
# milliseconds. The other units are written as they are.
PERCENT, MINUTES, DAYS = "percent", "minutes", "days"
FACTORS: Mapping[str, Decimal] = MappingProxyType(
    {PERCENT: Decimal("0.01"), MINUTES: Decimal(60_000), DAYS: Decimal(86_400_000)}
)
# By the unit of records, which units a form may have.
FORM_UNITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"ratio": (PERCENT,), "ms": (MINUTES, DAYS)}
)
WRITTEN = re.compile(r"[-+]?[0-9.,'’٫٬]{1,28}")
# The signs of the language first, then those that its people write with Latin digits.
NUMBERINGS = ("default", "latn")


def amount(text: str, locale: Locale, factor: Decimal = Decimal(1)) -> str | None:
    """Read a number as the people of a locale write it, times `factor`, as decimal text.

    None for what is no number. A number with a point and without groups is read in any locale.
    """
    written = "".join(_digit(sign) for sign in text if not sign.isspace())
    if not WRITTEN.fullmatch(written):
        return None
    for numbering in NUMBERINGS:
        try:
            found = parse_decimal(written, locale, strict=True, numbering_system=numbering)
        except NumberFormatError:
            continue
        return plain(found * factor)
    return None


def plain(number: Decimal) -> str:
    """Write a number without exponent and without zeros at its end."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def _digit(sign: str) -> str:
    """Write the digits of any script in Latin ones."""
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)
