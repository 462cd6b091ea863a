"""The line of every key of a TOML text, which the standard reader does not give."""

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


class TomlToken(NamedTuple):
    """A token of the text, and its line, from 1."""

    text: str
    line: int


def lines(text: str) -> dict[Path, int]:
    """Give the line of every key and of every array item.

    The text must be valid TOML.
    """
    return _Scan(text).found


class _Scan:
    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {(): 1}
        self._arrays: dict[Path, int] = {}
        self._tokens = [*_tokens(text), TomlToken("", text.count("\n") + 1)]
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

    def _key(self) -> tuple[list[str], int]:
        """Read `a.b."c d"`, with its line."""
        first = self._advance()
        names = [_name(first.text)]
        while self._peek() == ".":
            self._advance()
            names.append(_name(self._advance().text))
        return names, first.line

    def _header(self) -> Path:
        self._advance()
        is_array = self._peek() == "["
        if is_array:
            self._advance()
        names, line = self._key()
        self._skip("]")
        table: Path = ()
        for name in names[:-1]:
            table = self._last_of((*table, name), line)
        table = (*table, names[-1])
        self.found.setdefault(table, line)
        if is_array:
            number = self._arrays[table] = self._arrays.get(table, -1) + 1
            table = (*table, number)
            self.found[table] = line
        return table

    def _last_of(self, place: Path, line: int) -> Path:
        """Resolve a name in a header: of an array of tables, the last one so far."""
        self.found.setdefault(place, line)
        return (*place, self._arrays[place]) if place in self._arrays else place

    def _pair(self, table: Path) -> None:
        names, line = self._key()
        for name in names:
            table = (*table, name)
            self.found.setdefault(table, line)
        self._advance()
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
            self.found[(*place, number)] = self._tokens[self._next].line
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
            yield TomlToken(match[0], line)


def _name(token: str) -> str:
    if token[0] not in "\"'":
        return token
    name: str = tomllib.loads(f"name = {token}")["name"]
    return name
