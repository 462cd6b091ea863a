"""The place of every key of a TOML text, which the standard reader does not give."""

import re
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

# The path of a key: names of keys and indices of array items, from the top of the file.
Path = tuple[str | int, ...]

TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")'
    r"|'''.*?'''(?!')"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|\n"
    r"|[\[\]{}=,.]"
    r"|[^\s\[\]{}=,.#\"']+",
    re.DOTALL,
)
END_OF_VALUE = frozenset(",]}\n")


class Spot(NamedTuple):
    """A place in the text: line and column, from 1."""

    line: int
    column: int


class TomlToken(NamedTuple):
    """A token of the text, and where it begins."""

    text: str
    spot: Spot


class Spots(NamedTuple):
    """Where each key or array item begins, and where its value does if it is written beside it."""

    keys: dict[Path, Spot]
    values: dict[Path, Spot]


def lines(text: str) -> dict[Path, int]:
    """Give the line of every key and of every array item.

    The text must be valid TOML.
    """
    return {path: spot.line for path, spot in spots(text).keys.items()}


def spots(text: str) -> Spots:
    """Give line and column of every key, array item and value. The text must be valid TOML."""
    scan = _Scan(text)
    return Spots(scan.found, scan.values)


class _Scan:
    def __init__(self, text: str) -> None:
        self.found: dict[Path, Spot] = {(): Spot(1, 1)}
        self.values: dict[Path, Spot] = {}
        self._arrays: dict[Path, int] = {}
        self._tokens = [*_tokens(text), TomlToken("", Spot(text.count("\n") + 1, 1))]
        self._next = 0
        table: Path = ()
        while self._skip("\n"):
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)

    def _peek(self) -> str:
        return self._tokens[self._next].text

    def _advance(self) -> TomlToken:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _skip(self, unwanted: str) -> bool:
        """Skip these characters; False at the end of the text."""
        while self._peek() and self._peek() in unwanted:
            self._next += 1
        return bool(self._peek())

    def _key(self) -> tuple[list[str], Spot]:
        """Read `a.b."c d"`, with its place."""
        first = self._advance()
        names = [_name(first.text)]
        while self._peek() == ".":
            self._advance()
            names.append(_name(self._advance().text))
        return names, first.spot

    def _header(self) -> Path:
        self._advance()
        is_array = self._peek() == "["
        if is_array:
            self._advance()
        names, spot = self._key()
        self._skip("]")
        table: Path = ()
        for name in names[:-1]:
            table = self._last_of((*table, name), spot)
        table = (*table, names[-1])
        self.found.setdefault(table, spot)
        if is_array:
            number = self._arrays[table] = self._arrays.get(table, -1) + 1
            table = (*table, number)
            self.found[table] = spot
        return table

    def _last_of(self, place: Path, spot: Spot) -> Path:
        """Resolve a name in a header: of an array of tables, the last one so far."""
        self.found.setdefault(place, spot)
        return (*place, self._arrays[place]) if place in self._arrays else place

    def _pair(self, table: Path) -> None:
        names, spot = self._key()
        for name in names:
            table = (*table, name)
            self.found.setdefault(table, spot)
        self._advance()
        self.values.setdefault(table, self._tokens[self._next].spot)
        self._value(table)

    def _value(self, place: Path) -> None:
        if self._peek() == "[":
            self._array(place)
        elif self._peek() == "{":
            self._inline(place)
        else:
            while self._peek() and self._peek() not in END_OF_VALUE:
                self._advance()

    def _array(self, place: Path) -> None:
        self._advance()
        number = 0
        while self._skip("\n,") and self._peek() != "]":
            self.found[(*place, number)] = self._tokens[self._next].spot
            self._value((*place, number))
            number += 1
        self._advance()

    def _inline(self, place: Path) -> None:
        self._advance()
        while self._skip("\n,") and self._peek() != "}":
            self._pair(place)
        self._advance()


def _tokens(text: str) -> Iterator[TomlToken]:
    line, counted = 1, 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if not match[0].startswith("#"):
            column = counted - text.rfind("\n", 0, counted)
            yield TomlToken(match[0], Spot(line, column))


def _name(token: str) -> str:
    if token[0] not in "\"'":
        return token
    name: str = tomllib.loads(f"name = {token}")["name"]
    return name
