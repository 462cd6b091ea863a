"""A table of the rules file: typed getters, and errors with their line."""

import json
import re
import tomllib
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from streams.config.declaration import BadSetting
from streams.config.rules.lines import Path as Place
from streams.config.rules.lines import lines
from streams.config.settings import PREFIX

W = TypeVar("W", bound=str)
UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DURATION = re.compile(r"([0-9]{1,9})\s*([smhd])")
LONGEST_MS = 100 * 366 * 86_400_000
# The greatest number of digits on either side of the point: far more than any amount has.
DIGITS = 30
BARE = re.compile(r"[A-Za-z0-9_-]+")


class Table:
    """One table; every getter rejects an invalid value with BadSetting, in one line.

    A getter without a default rejects a missing key. `finish` must be called at the end: it
    rejects the keys that no getter has read.
    """

    def __init__(
        self, values: Mapping[str, Any], file: str, found: Mapping[Place, int], place: Place = ()
    ) -> None:
        self._values = values
        self._file = file
        self._lines = found
        self._path = place
        self._known: set[str] = set()

    def names(self) -> tuple[str, ...]:
        """Give all its keys, in the order of the file; for tables whose keys are free."""
        return tuple(self._values)

    def has(self, key: str) -> bool:
        """Tell whether a key is present; it counts as known from now on."""
        self._known.add(key)
        return key in self._values

    def text(self, key: str, default: str | None = None) -> str:
        """Give a text that is not empty."""
        value = self._get(key, default)
        if not isinstance(value, str):
            self._reject_type(key, value, 'a text, such as "won"')
        if not value.strip() and default != value:
            self.reject(key, "is empty", "give it a text or leave the key out")
        return value

    def number(self, key: str, default: int | None = None, low: int = 0, high: int = 10**12) -> int:
        """Give a whole number between two bounds, both allowed."""
        value = self._get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self._reject_type(key, value, "a whole number, such as 3")
        if not low <= value <= high:
            self.reject(key, f"is {value}", f"give it a number from {low} to {high}")
        return value

    def decimal(
        self,
        key: str,
        default: str | None = None,
        low: str | None = None,
        high: str | None = None,
    ) -> str:
        """Give an exact decimal as text without exponent: `"0.05"`, `0.05` and `5` are read."""
        value = self._get(key, default)
        number = _decimal(value)
        if number is None:
            self._reject_type(key, value, 'a decimal number, such as "0.05"')
        if (low is not None and number < Decimal(low)) or (
            high is not None and number > Decimal(high)
        ):
            bounds = [
                *([f"not below {low}"] if low is not None else []),
                *([f"not above {high}"] if high is not None else []),
            ]
            self.reject(key, f"is {number:f}", f"give it a number {' and '.join(bounds)}")
        return format(number, "f")

    def share(self, key: str, default: str | None = None) -> str:
        """Give a share from 0 to 1 as decimal text."""
        return self.decimal(key, default, low="0", high="1")

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Give a boolean."""
        value = self._get(key, default)
        if not isinstance(value, bool):
            self._reject_type(key, value, "true or false")
        return value

    def choice(self, key: str, options: Collection[W], default: W | None = None) -> W:
        """Give one of some options."""
        value = self._get(key, default)
        found = next((option for option in options if option == value), None)
        if found is None:
            wanted = f"one of {', '.join(options)}{nearest(value, options)}"
            self._reject_type(key, value, wanted)
        return found

    def options(
        self,
        key: str,
        default: tuple[str, ...] | None = None,
        among: Collection[str] | None = None,
    ) -> tuple[str, ...]:
        """Give a list of different texts, each one of `among` if that is set."""
        value = self._get(key, default)
        if default is not None and value is default:
            return default
        if not isinstance(value, list):
            self._reject_type(key, value, 'a list of texts, such as ["a", "b"]')
        for number, item in enumerate(value):
            if not isinstance(item, str) or not item.strip():
                self.reject(key, f"has {_quoted(item)}", "give it texts only", number)
            if among is not None and item not in among:
                wanted = f"each is one of {', '.join(among)}{nearest(item, among)}"
                self.reject(key, f"has {_quoted(item)}", wanted, number)
            if item in value[:number]:
                self.reject(key, f"has {_quoted(item)} twice", "leave one out", number)
        return tuple(value)

    def duration(self, key: str, default: int | None = None) -> int:
        """Give a length of time in milliseconds, written `"90m"`, `"48h"`, `"30d"` (of 24 h)."""
        value = self._get(key, default)
        if default is not None and value is default:
            return default
        match = DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            self._reject_type(key, value, 'a length of time, such as "90m", "48h" or "30d"')
        length = int(match[1]) * UNIT_MS[match[2]]
        if not 0 < length <= LONGEST_MS:
            self.reject(key, f"is {_quoted(value)}", "give it more than 0 s and at most 100 years")
        return length

    def table(self, key: str) -> "Table":
        """Give a table in this one, an empty one if there is none."""
        value = self._get(key, {})
        if not isinstance(value, dict):
            self._reject_type(key, value, f"a table: write [{self._name(key)}] and its keys below")
        return self._inner(value, key)

    def tables(self, key: str) -> tuple["Table", ...]:
        """Give the tables of a list of tables, none if there is no such list."""
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            wanted = f"a list of tables: write [[{self._name(key)}]] above the keys of each"
            self._reject_type(key, value, wanted)
        return tuple(self._inner(each, key, number) for number, each in enumerate(value))

    def raw(self, key: str) -> Any:
        """Give a value of any type as it is, numbers with a point as Decimal."""
        return self._get(key, None)

    def reject(self, key: str, wrong: str, do: str, number: int | None = None) -> NoReturn:
        """Reject a key's value or one of its items: what is wrong, and what to do about it."""
        place = (*self._path, key) if number is None else (*self._path, key, number)
        line = next(
            self._lines[place[:end]]
            for end in range(len(place), -1, -1)
            if place[:end] in self._lines
        )
        raise BadSetting(f"{self._file} line {line}: {self._name(key)} {wrong}; {do}")

    def finish(self) -> None:
        """Reject a key that no getter has read, naming the nearest known one."""
        for key in self._values:
            if key not in self._known:
                known = ", ".join(sorted(self._known))
                self.reject(key, "is no rule", f"known here: {known}{nearest(key, self._known)}")

    def _get(self, key: str, default: object) -> Any:
        self._known.add(key)
        if key in self._values:
            return self._values[key]
        if default is None:
            self.reject(key, "is missing", "write it down")
        return default

    def _inner(self, values: Mapping[str, Any], *further: str | int) -> "Table":
        return Table(values, self._file, self._lines, (*self._path, *further))

    def _reject_type(self, key: str, value: object, wanted: str) -> NoReturn:
        self.reject(key, f"is {_quoted(value)}", f"it must be {wanted}")

    def _name(self, key: str) -> str:
        written = "".join(
            f"[{part}]" if isinstance(part, int) else f".{_key(part)}"
            for part in (*self._path, key)
        )
        return written.removeprefix(".")


def open_table(path: Path) -> Table:
    """Read a TOML file as its top table. Raises BadSetting for a file that cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadSetting(
            f"{PREFIX}RULES={path}: {error.strerror}; name a TOML file or unset it"
        ) from error
    except UnicodeDecodeError as error:
        raise BadSetting(f"{path.name} is not UTF-8 text; save it as UTF-8") from error
    return read_table(text, path.name)


def read_table(text: str, file: str) -> Table:
    """Read a TOML text as its top table; `file` is its name in errors."""
    text = text.replace("\r\n", "\n")
    try:
        values = tomllib.loads(text, parse_float=_float)
    except (ValueError, RecursionError) as error:
        raise BadSetting(f"{file}{_where(error)}; mend the line") from error
    return Table(values, file, lines(text))


def nearest(text: object, known: Collection[str]) -> str:
    """Suggest the known name that is most like an unknown one; empty if none is."""
    close = get_close_matches(text, known, n=1, cutoff=0.5) if isinstance(text, str) else []
    return f"; did you mean {close[0]}?" if close else ""


def _where(error: Exception) -> str:
    """Describe where the text is no TOML, the line first."""
    message = str(error) or type(error).__name__
    match = re.search(r" \(at line ([0-9]+), column ([0-9]+)\)$", message)
    if match is None:
        return f" is no TOML: {message}"
    return f" line {match[1]}: is no TOML: {message[: match.start()]} at column {match[2]}"


def _float(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        # Out of all bounds; the getter, which knows the line, rejects it.
        return Decimal("Infinity")


def _decimal(value: object) -> Decimal | None:
    """Give the number that a value writes out without exponent; None if it does not."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
            return None
        value = Decimal(value)
    elif isinstance(value, int):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    exponent = value.as_tuple().exponent
    is_short = value.adjusted() < DIGITS and isinstance(exponent, int) and exponent > -DIGITS
    return value if is_short else None


def _key(name: str) -> str:
    """Write a key as the file would."""
    return name if BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _quoted(value: object) -> str:
    """Write a value as the file would, cut short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return json.dumps(value[:40], ensure_ascii=False)
    return str(value)[:40]
