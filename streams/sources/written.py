"""Mapping files as they are written: values, their places, and mistakes found in them."""

import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, NoReturn

from streams.config.declaration import BadSetting
from streams.config.rules.lines import Path as Place
from streams.config.rules.lines import Spot, Spots, spots
from streams.config.rules.table import Table, nearest


class Sheet(NamedTuple):
    """The text of one file."""

    name: str
    lines: list[str]
    spots: Spots

    def mistake(self, spot: Spot, what: str) -> str:
        """Describe a mistake: its place, what it is, the line, and a caret below it."""
        line = self.lines[spot.line - 1] if spot.line <= len(self.lines) else ""
        column = min(spot.column, len(line) + 1)
        caret = "".join("\t" if each == "\t" else " " for each in line[: column - 1]) + "^"
        return f"{self.name}:{spot.line}:{column}: {what}\n    {line}\n    {caret}"

    def spot(self, place: Place, *, of_key: bool = False) -> Spot:
        """Give where a value is written, else its key, else what holds it."""
        if not of_key and place in self.spots.values:
            return self.spots.values[place]
        ends = range(len(place), -1, -1)
        return next(self.spots.keys[place[:n]] for n in ends if place[:n] in self.spots.keys)


class Misplaced(BadSetting):
    """A value that a getter of a table has rejected."""

    def __init__(self, mistake: "Mistake") -> None:
        super().__init__(mistake.text)
        self.mistake = mistake


class Mistake(NamedTuple):
    """One mistake; sorts by file and place."""

    file: str
    spot: Spot
    text: str


@dataclass
class Written:
    """The values of one source, of one file or of two laid over one another."""

    values: dict[str, Any]
    origins: dict[Place, tuple[Sheet, Place]]
    mistakes: list[Mistake] = field(default_factory=list)

    def origin(self, place: Place) -> tuple[Sheet, Place]:
        """Give the file of a value, and its place there."""
        end = next(n for n in range(len(place), -1, -1) if place[:n] in self.origins)
        sheet, begin = self.origins[place[:end]]
        return sheet, begin + place[end:]

    def top(self) -> "Entry":
        """Give the whole as an entry."""
        return Entry(self.values, (), self)

    def table(self, *names: str) -> Table:
        """Give some sections as a table whose errors name file and line."""
        return PlacedTable({name: self.values[name] for name in names if name in self.values}, self)

    def add(self, place: Place, what: str, spot: Spot | None = None, *, of_key: bool) -> None:
        """Note a mistake."""
        sheet, own = self.origin(place)
        found = spot or sheet.spot(own, of_key=of_key)
        text = sheet.mistake(found, f"{where(own)}: {what}" if own else what)
        self.mistakes.append(Mistake(sheet.name, found, text))


class PlacedTable(Table):
    """Sections as a table, whose getters raise Misplaced: with column, line and caret."""

    def __init__(self, values: Mapping[str, Any], written: Written, place: Place = ()) -> None:
        super().__init__(values, "", {(): 1}, place)
        self._written = written

    def reject(self, key: str, wrong: str, do: str, number: int | None = None) -> NoReturn:
        """Reject a key's value or one of its items: what is wrong, and what to do about it."""
        place = (*self._path, key) if number is None else (*self._path, key, number)
        sheet, own = self._written.origin(place)
        spot = sheet.spot(own)
        text = sheet.mistake(spot, f"{where(own)}: {wrong}; {do}")
        raise Misplaced(Mistake(sheet.name, spot, text))

    def _inner(self, values: Mapping[str, Any], *further: str | int) -> Table:
        return PlacedTable(values, self._written, (*self._path, *further))


@dataclass(frozen=True)
class Entry:
    """One value of a mapping file, and where it is written."""

    value: Any
    place: Place
    written: Written

    def inner(self, name: str | int) -> "Entry":
        """Give the entry under a key or at a place in a list."""
        return Entry(self.value[name], (*self.place, name), self.written)

    def entries(self) -> Iterator[tuple[Any, "Entry"]]:
        """Give the entries of a table, by key, or of a list, by number."""
        names = self.value if isinstance(self.value, dict) else range(len(self.value))
        for name in names:
            yield name, self.inner(name)

    def wrong(self, what: str, offset: int | None = None) -> None:
        """Note a mistake in the value, or at an offset of its text."""
        spot = None
        if offset is not None:
            sheet, own = self.written.origin(self.place)
            line, column = sheet.spot(own)
            # The text begins after its quotation mark.
            spot = Spot(line, column + 1 + offset)
        self.written.add(self.place, what, spot, of_key=False)

    def wrong_key(self, what: str) -> None:
        """Note a mistake in the key."""
        self.written.add(self.place, what, of_key=True)

    def known(self, names: Collection[str], what: str) -> None:
        """Note each key of the table that is none of these."""
        for name, entry in self.entries():
            if name not in names:
                entry.wrong_key(f"unknown {what} {name}; {listed(name, names)}")

    def text(self) -> str | None:
        """Give the value if it is a text; else note that it must be."""
        if isinstance(self.value, str):
            return self.value
        self.wrong("must be a text")
        return None

    def option(self, names: Collection[str], what: str) -> str | None:
        """Give the value if it is one of some texts; else note which there are."""
        if isinstance(self.value, str) and self.value in names:
            return self.value
        self.wrong(f"unknown {what} {_shown(self.value)}; {listed(self.value, names)}")
        return None


def listed(name: object, names: Collection[str]) -> str:
    """Describe what there is instead of an unknown name."""
    if not names:
        return "there is none"
    return f"there are {', '.join(sorted(names))}{nearest(name, names)}"


def read(text: str, name: str) -> Written:
    """Read a TOML text. Raises BadSetting with line and column if it is none."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    rows = text.split("\n")
    try:
        values = tomllib.loads(text, parse_float=_decimal)
    except (ValueError, RecursionError) as error:
        raise BadSetting(_no_toml(str(error) or type(error).__name__, rows, name)) from error
    sheet = Sheet(name, rows, spots(text))
    return Written(values, {(): (sheet, ())})


def _no_toml(message: str, rows: list[str], name: str) -> str:
    found = re.search(r" \(at line ([0-9]+), column ([0-9]+)\)$", message)
    if found is None:
        spot = Spot(len(rows), len(rows[-1]) + 1)
    else:
        spot, message = Spot(int(found[1]), int(found[2])), message[: found.start()]
    return Sheet(name, rows, Spots({}, {})).mistake(spot, f"no TOML: {message}")


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("Infinity")


def where(place: Place) -> str:
    """Name a place for people: `event 1, product`."""
    first, *rest = place
    if rest and isinstance(rest[0], int):
        head, rest = f"{first} {rest[0] + 1}", rest[1:]
    elif first in ("table", "like", "file") and rest:
        head, rest = f"{first}.{rest[0]}", rest[1:]
    else:
        head = str(first)
    tail = ".".join(str(each + 1) if isinstance(each, int) else each for each in rest)
    return f"{head}, {tail}" if tail else head


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str)[:40]


def laid_over(base: Written, own: Written) -> Written:
    """Lay a user's file over the shipped one of the same source.

    Tables merge key by key; an [[event]] of the same name replaces, one with `drop = true`
    removes, others are added. An [auth] with a scheme stands alone: nothing that the shipped
    one would accept is left.
    """
    merged = Written({}, {(): own.origin(())})
    shipped = dict(base.values)
    auth = own.values.get("auth")
    if isinstance(auth, dict) and "scheme" in auth:
        shipped.pop("auth", None)
    _merge(merged, shipped, base, (), merged.values)
    _merge(merged, own.values, own, (), merged.values)
    return merged


def _merge(
    merged: Written, values: Mapping[str, Any], source: Written, place: Place, into: dict[str, Any]
) -> None:
    for name, value in values.items():
        here: Place = (*place, name)
        if isinstance(value, dict):
            inner = into.get(name)
            if not isinstance(inner, dict):
                inner = into[name] = {}
                merged.origins[here] = source.origin(here)
            _merge(merged, value, source, here, inner)
        elif here[0] in ("event", "file") and name == "event" and isinstance(value, list):
            _merge_events(merged, value, source, here, into)
        else:
            into[name] = value
            merged.origins[here] = source.origin(here)


def _merge_events(
    merged: Written, values: list[Any], source: Written, here: Place, into: dict[str, Any]
) -> None:
    events = into.setdefault("event", [])
    if not isinstance(events, list):
        events = into["event"] = []
    for number, value in enumerate(values):
        name = _name(value)
        same = [n for n, each in enumerate(events) if name and _name(each) == name]
        at = same[0] if same else len(events)
        events[at : at + 1] = [value]
        merged.origins[*here, at] = source.origin((*here, number))
        if isinstance(value, dict) and value.get("drop") is True and not same:
            names = [found for each in events if (found := _name(each)) and each is not value]
            merged.add(
                ("event", at), f"no event is called {name}; {listed(name, names)}", of_key=True
            )


def _name(event: Any) -> str | None:
    name = event.get("name") if isinstance(event, dict) else None
    return name if isinstance(name, str) else None
