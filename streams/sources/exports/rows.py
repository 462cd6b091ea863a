"""Rows of a CSV file or of JSON lines, each with its line number and its own characters."""

import csv
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import chain, zip_longest
from typing import NamedTuple, Protocol, TextIO

from streams.sources.exports.text import LINE_CHARACTERS, is_text, lines

DELIMITERS = ";,\t|"
# The byte order mark, as a character.
MARK = "\ufeff"
DIGITS_OF_64_BITS = 19
# Excel writes it above the header, to name the delimiter.
DELIMITER_LINE = "sep="


class BadFile(Exception):
    """A file that cannot be imported at all; the message says why and what to do."""


class Row(NamedTuple):
    """One row as it was read.

    Attributes:
        line: The number of its first line in the file, from 1.
        raw: Its characters, with line ends.
        values: What it holds, by header as written; empty if it cannot be read.
        reason: Why it cannot be read, else "".
    """

    line: int
    raw: str
    values: Mapping[str, object]
    reason: str = ""


class Sheet(Protocol):
    """An open file: its headers, and its rows once, one after the other.

    `head` is what stands before the first row and belongs before any selection of rows.
    """

    head: str
    headers: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Yield every row that is not blank."""


def sheet(text: TextIO) -> Sheet:
    """Read a file's header. Raises BadFile for a file that has none."""
    source = _Lines(text)
    first = next((line for line in source if line.strip(f"{MARK} \t\r\n")), "").removeprefix(MARK)
    if not first:
        raise BadFile("the file is empty")
    if not is_text(first):
        raise BadFile("its header cannot be read; name its encoding, such as --encoding cp1251")
    if first.startswith("["):
        raise BadFile("a JSON array is not read; write one JSON object a line")
    if first.startswith("{"):
        return _JsonLines(source, first)
    return _Csv(source, first)


class _Lines:
    """The lines of a text, counted, with those since the last row."""

    def __init__(self, text: TextIO) -> None:
        self._lines = lines(text)
        self._raw: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        self._raw.append(line)
        return line

    def raw(self) -> str:
        """Give the characters since the last call."""
        found = "".join(self._raw)
        self._raw.clear()
        return found


class _JsonLines:
    def __init__(self, source: _Lines, first: str) -> None:
        self.head = source.raw().removesuffix(first)
        self._source = source
        self._first = Row(source.number, first, *_parsed(first))
        self.headers = tuple(self._first.values)
        if self._first.reason:
            raise BadFile(f"line {self._first.line}: {self._first.reason}")

    def rows(self) -> Iterator[Row]:
        yield self._first
        for line in self._source:
            if line.strip():
                yield Row(self._source.number, self._source.raw(), *_parsed(line))


class _Csv:
    def __init__(self, source: _Lines, first: str) -> None:
        self._source = source
        delimiter = _delimiter(first)
        if first.startswith(DELIMITER_LINE):
            delimiter = first[len(DELIMITER_LINE)]
            first = next(source, "")
        self._reader = csv.reader(chain((first,), source), delimiter=delimiter)
        try:
            self._names = [name.strip() for name in next(self._reader, [])]
        except csv.Error as error:
            raise BadFile(f"its header cannot be read: {error}") from error
        self.headers = tuple(dict.fromkeys(filter(None, self._names)))
        self.head = source.raw()

    def rows(self) -> Iterator[Row]:
        while True:
            line = self._source.number + 1
            try:
                cells, reason = next(self._reader), ""
            except StopIteration:
                return
            except csv.Error as error:
                cells, reason = [], f"{error}; a quotation mark that is not closed?"
            except UnicodeDecodeError as error:
                yield Row(line, "", {}, f"is not {error.encoding}: {error.reason}")
                return
            raw = self._source.raw()
            if reason or any(map(str.strip, cells)):
                yield self._row(line, raw, cells, reason)

    def _row(self, line: int, raw: str, cells: list[str], reason: str) -> Row:
        surplus = [cell for cell in cells[len(self._names) :] if cell.strip()]
        if not reason and surplus:
            reason = f"has {len(cells)} cells under {len(self._names)} headers"
        if reason := reason or _defect(raw):
            return Row(line, raw, {}, reason)
        values: dict[str, object] = {}
        # Excel leaves empty cells at the end of a row out. Of two columns of one name the first.
        for name, cell in zip_longest(self._names, cells[: len(self._names)], fillvalue=""):
            values.setdefault(name, cell)
        return Row(line, raw, values)


def _parsed(line: str) -> tuple[dict[str, object], str]:
    """Give the object of a line and why it is none."""
    if reason := _defect(line):
        return {}, reason
    try:
        found = json.loads(
            line.strip(), parse_float=Decimal, parse_int=_whole, parse_constant=_refuse
        )
    except json.JSONDecodeError as error:
        return {}, f"is no JSON: {error.msg} at column {error.colno}"
    except (ValueError, RecursionError) as error:
        return {}, f"is no JSON: {error}"
    if not isinstance(found, dict):
        return {}, "is no JSON object"
    return found, ""


def _whole(digits: str) -> int | Decimal:
    """Read a whole number; one of more than 64 bits as a decimal, exact all the same."""
    return int(digits) if len(digits) < DIGITS_OF_64_BITS else Decimal(digits)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _defect(raw: str) -> str:
    """Say why the characters of a row are none; "" if they are."""
    if len(raw) >= LINE_CHARACTERS:
        return f"is longer than {LINE_CHARACTERS:,} characters"
    return "" if is_text(raw) else "has bytes that are no characters of the file's encoding"


def _delimiter(header: str) -> str:
    """Give the delimiter that a header has most of outside quotation marks."""
    bare = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=bare.count)
