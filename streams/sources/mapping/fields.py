"""One field of an event: where its value comes from, and what it becomes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from streams.sources.mapping.scope import Scope, Unfit
from streams.sources.mapping.targets import COERCE, Target
from streams.sources.paths import ABSENT

Reader = Callable[[Scope], Any]
# Gives ABSENT for a value that becomes nothing. Raises Unfit.
Converter = Callable[[Any, Scope], Any]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a value: what is read, what stands in for nothing, and the converters.

    `written` is how the mapping file says it.
    """

    written: str
    read: Reader
    fallback: Reader | None
    converters: tuple[Converter, ...]

    def raw(self, scope: Scope, *, is_flag: bool = False) -> Any:
        """Give the value before conversion; ABSENT or None where there is nothing."""
        value = self.read(scope)
        if is_nothing(value, is_flag=is_flag) and self.fallback is not None:
            stand_in = self.fallback(scope)
            return value if is_nothing(stand_in, is_flag=is_flag) else stand_in
        return value

    def converted(self, value: Any, scope: Scope) -> Any:
        """Convert a value; ABSENT where it becomes nothing. Raises Unfit."""
        for convert in self.converters:
            value = convert(value, scope)
            if value is ABSENT:
                return ABSENT
        return value


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an event, or a part of its id: the first way that gives a value is taken."""

    name: str
    ways: tuple[Way, ...]
    kind: str = "text"
    target: Target | None = None

    def value(self, scope: Scope) -> Any:
        """Give the value; None where null was sent, ABSENT where nothing was. Raises Unfit."""
        is_flag = self.kind == "flag"
        found: Any = ABSENT
        for way in self.ways:
            raw = way.raw(scope, is_flag=is_flag)
            if is_nothing(raw, is_flag=is_flag):
                found = found if raw is ABSENT else None
                continue
            value = way.converted(raw, scope)
            if value is not ABSENT:
                return COERCE[self.kind](value)
        return found

    def missing(self, scope: Scope) -> str:
        """Give the reason why there is no value."""
        is_given = any(not is_nothing(way.raw(scope)) for way in self.ways)
        return f"{self.written} gives nothing{' of use' if is_given else ''}"

    @property
    def written(self) -> str:
        """How the mapping file says where the value comes from."""
        return ", else ".join(way.written for way in self.ways)


@dataclass(frozen=True, slots=True)
class Composite:
    """A field that is an object, such as `custom`: one field for each of its names."""

    name: str
    fields: tuple[Field, ...]
    target: Target

    def value(self, scope: Scope) -> Any:
        """Give the object of what was sent; ABSENT where nothing was. Raises Unfit."""
        found = {field.name: field.value(scope) for field in self.fields}
        given = {name: value for name, value in found.items() if value is not ABSENT}
        return given if given or self.target.is_required else ABSENT

    def missing(self, _: Scope) -> str:
        """Give the reason why there is no value."""
        return f"{self.written} gives nothing"

    @property
    def written(self) -> str:
        """How the mapping file says where the values come from."""
        return "; ".join(f"{field.name}: {field.written}" for field in self.fields)


def is_nothing(value: Any, *, is_flag: bool = False) -> bool:
    """Whether a value says that there is none: absent, null, blank, and false for what is no flag.

    Odoo, for one, writes false where nothing is set.
    """
    if value is ABSENT or value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return value is False and not is_flag


@dataclass(frozen=True, slots=True)
class Identifier:
    """How an event's id is made: of one value, or of several as a JSON array."""

    parts: tuple[Field, ...]
    is_bare: bool

    def value(self, scope: Scope) -> list[Any]:
        """Give the values of the parts, None where there is nothing. Raises Unfit."""
        found = [part.value(scope) for part in self.parts]
        values = [None if value is ABSENT else value for value in found]
        if all(value is None for value in values):
            raise Unfit(f"none of {', '.join(part.written for part in self.parts)} is there")
        return values
