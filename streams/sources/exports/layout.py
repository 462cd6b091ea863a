"""[file.<kind>] of a mapping file: how one kind of exported file is laid out."""

import codecs
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from streams.sources.exports.cells import Cells, DecimalSign
from streams.sources.mapping.compile_field import Setting, field
from streams.sources.mapping.compile_rule import rules
from streams.sources.mapping.fields import Field
from streams.sources.mapping.rules import Rule
from streams.sources.written import Entry, listed

KEYS = (
    *("columns", "needs", "numbers", "decimal", "times", "formats", "blank", "encoding"),
    *("add", "event"),
)
SIGNS: tuple[DecimalSign, ...] = get_args(DecimalSign)
PROBE = datetime(2026, 11, 23, 22, 45, 50)  # noqa: DTZ001 - only formatted and read again


@dataclass(frozen=True, slots=True)
class FileLayout:
    """The columns of one kind of file, how their cells are written, and what rows become.

    Attributes:
        kind: The name of the kind, such as "deals".
        columns: Of each column that rules name, the headers that it may have, normalised.
        headers: Of each such column, the header that messages name.
        needs: Columns without which a file is not of this kind.
        cells: How cells are written.
        encoding: The codec of files without a byte order mark; None: UTF-8.
        item: What an item has beside its columns.
        events: The rules for its items.
    """

    kind: str
    columns: Mapping[str, tuple[str, ...]]
    headers: Mapping[str, str]
    needs: tuple[str, ...]
    cells: Cells
    encoding: str | None
    item: tuple[Field, ...]
    events: tuple[Rule, ...]

    def missing(self, headers: frozenset[str]) -> list[str]:
        """Give the needed columns that none of these headers (normalised) is."""
        return [each for each in self.needs if not headers.intersection(self.columns[each])]

    def known(self, headers: frozenset[str]) -> int:
        """Give how many of the columns these headers (normalised) have."""
        return sum(not headers.isdisjoint(names) for names in self.columns.values())


def file_layout(
    kind: str, entry: Entry, likes: Mapping[str, Entry], setting: Setting
) -> FileLayout | None:
    """Compile [file.<kind>]; mistakes are noted. None for what is no table."""
    if not isinstance(entry.value, dict):
        entry.wrong_key(f"must be a table: write [file.{kind}] and its keys below")
        return None
    entry.known(KEYS, "key")
    found = dict(entry.entries())
    headers = _columns(found.get("columns"))
    if "needs" not in found:
        entry.wrong_key("has no needs: name the columns that tell this kind of file")
    return FileLayout(
        kind=kind,
        columns={
            name: tuple(dict.fromkeys(map(normal, (*written, name))))
            for name, written in headers.items()
        },
        headers={name: written[0] if written else name for name, written in headers.items()},
        needs=_texts(found.get("needs"), headers),
        cells=Cells(
            decimal=_sign(found.get("decimal")),
            numbers=frozenset(_texts(found.get("numbers"), headers)),
            times=frozenset(_texts(found.get("times"), headers)),
            formats=_formats(found.get("formats")),
            blank=frozenset(text.strip().casefold() for text in _texts(found.get("blank"))),
        ),
        encoding=_encoding(found.get("encoding")),
        item=_item(found.get("add"), setting),
        events=_events(found.get("event"), likes, setting),
    )


def _events(entry: Entry | None, likes: Mapping[str, Entry], setting: Setting) -> tuple[Rule, ...]:
    if entry is None:
        return ()
    if isinstance(entry.value, list):
        for _, each in entry.entries():
            if isinstance(each.value, dict) and "read" in each.value:
                each.inner("read").wrong_key("a row is all that is known: nothing is read for it")
    return rules(entry, likes, setting)


def normal(header: str) -> str:
    """Give a header as it is compared: without case and surplus spaces."""
    return " ".join(header.split()).casefold()


def _columns(entry: Entry | None) -> dict[str, tuple[str, ...]]:
    if entry is None:
        return {}
    if not isinstance(entry.value, dict):
        entry.wrong('must be a table, such as { id = ["Record ID"] }')
        return {}
    return {name: _texts(each) for name, each in entry.entries()}


def _texts(entry: Entry | None, among: Collection[str] | None = None) -> tuple[str, ...]:
    """Read a list of texts, each one of `among` if that is given."""
    if entry is None:
        return ()
    if not isinstance(entry.value, list):
        entry.wrong('must be a list of texts, such as ["a", "b"]')
        return ()
    for _, each in entry.entries():
        if not isinstance(each.value, str) or not each.value.strip():
            each.wrong("must be a text that is not empty")
        elif among is not None and each.value not in among:
            each.wrong(f"unknown column {each.value}; {listed(each.value, among)}")
    return tuple(
        each for each in entry.value if isinstance(each, str) and (among is None or each in among)
    )


def _sign(entry: Entry | None) -> DecimalSign:
    found = "." if entry is None else entry.option(SIGNS, "decimal sign")
    return "," if found == "," else "."


def _formats(entry: Entry | None) -> tuple[str, ...]:
    formats = _texts(entry)
    for number, pattern in enumerate(formats):
        try:
            found = datetime.strptime(PROBE.strftime(pattern), pattern)  # noqa: DTZ007 - a probe
        except ValueError:
            found = None
        if entry is not None and (found is None or found.date() != PROBE.date()):
            entry.inner(number).wrong(f'"{pattern}" gives no date; write it as "%d.%m.%Y %H:%M"')
    return formats


def _encoding(entry: Entry | None) -> str | None:
    name = None if entry is None else entry.text()
    if entry is None or name is None:
        return None
    try:
        return codecs.lookup(name).name
    except LookupError:
        entry.wrong(f'unknown encoding {name}; write "cp1251", for example')
        return None


def _item(entry: Entry | None, setting: Setting) -> tuple[Field, ...]:
    if entry is None:
        return ()
    if not isinstance(entry.value, dict):
        entry.wrong('must be a table, such as { status = { from = "stage", table = "status" } }')
        return ()
    return tuple(field(each, name, setting, None) for name, each in entry.entries())
