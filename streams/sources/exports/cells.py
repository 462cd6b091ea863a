"""Converters of cells: numbers and local times as a layout says they are written."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

DecimalSign = Literal[".", ","]
# Separators of thousands beside the other one of point and comma, signs of currencies too.
SPACES = re.compile(r"[\s\u00a0\u2009\u202f'’]")
SIGNS = re.compile(r"^[$€£₽₴₸¥₹]|[$€£₽₴₸¥₹]$")
ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
NUMBERS: Mapping[DecimalSign, re.Pattern[str]] = {
    ".": re.compile(r"-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?"),
    ",": re.compile(r"-?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)?"),
}


class BadCell(Exception):
    """A cell that is not written as its layout says; the message says what it should be."""


class Cells(NamedTuple):
    """How the cells of one layout are written.

    Attributes:
        decimal: The sign between units and fractions of `numbers`.
        numbers: Columns with numbers.
        times: Columns with instants or dates.
        formats: How those are written, as patterns of `strptime`; ISO 8601 is always read.
        blank: Texts that stand for an empty cell.
    """

    decimal: DecimalSign
    numbers: frozenset[str]
    times: frozenset[str]
    formats: tuple[str, ...]
    blank: frozenset[str]

    def value(self, column: str, text: str) -> str:
        """Give a cell's value, "" if it is empty. Raises BadCell."""
        text = text.strip()
        if not text or text.casefold() in self.blank:
            return ""
        if column in self.numbers:
            return number(text, self.decimal)
        if column in self.times:
            return time(text, self.formats)
        return text


def number(text: str, decimal: DecimalSign) -> str:
    """Give a number as decimal text. Raises BadCell."""
    found = SIGNS.sub("", SPACES.sub("", text))
    if not NUMBERS[decimal].fullmatch(found):
        written = "comma" if decimal == "," else "point"
        raise BadCell(f'"{text[:40]}" is no number with a decimal {written}')
    return found.replace("." if decimal == "," else ",", "").replace(",", ".")


def time(text: str, formats: tuple[str, ...]) -> str:
    """Give an instant or date as ISO 8601, without offset where it has none. Raises BadCell."""
    if ISO.fullmatch(text):
        return text.replace(" ", "T")
    for pattern in formats:
        try:
            found = datetime.strptime(text, pattern)  # noqa: DTZ007 - the mapping knows the zone
        except ValueError:
            continue
        if has_hours(pattern):
            return found.isoformat(timespec="seconds")
        return found.date().isoformat()
    raise BadCell(f'"{text[:40]}" is no time; the layout has {", ".join((*formats, "ISO 8601"))}')


def has_hours(pattern: str) -> bool:
    """Return whether a pattern is that of an instant and not of a date."""
    return any(part in pattern for part in ("%H", "%I", "%X", "%c"))
