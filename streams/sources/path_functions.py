"""The functions that paths may use: a closed set, none of which raises on any JSON."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import jmespath
from jmespath.functions import Functions


@dataclass(frozen=True, slots=True)
class Function:
    """A function and how many arguments it has; `most` None: any number."""

    call: Callable[..., Any]
    least: int
    most: int | None

    def accepts(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        return count >= self.least and (self.most is None or count <= self.most)

    @property
    def arguments(self) -> str:
        """How many arguments it has, for people."""
        if self.most is None:
            return f"{self.least} or more arguments"
        return f"{self.least} argument{'s' * (self.least != 1)}"


def _contains(subject: Any, search: Any) -> bool:
    if isinstance(subject, list):
        return search in subject
    return isinstance(subject, str) and isinstance(search, str) and search in subject


def _starts_with(subject: Any, prefix: Any) -> bool:
    return isinstance(subject, str) and isinstance(prefix, str) and subject.startswith(prefix)


def _ends_with(subject: Any, suffix: Any) -> bool:
    return isinstance(subject, str) and isinstance(suffix, str) and subject.endswith(suffix)


def _join(separator: Any, parts: Any) -> str | None:
    if not isinstance(separator, str) or not isinstance(parts, list):
        return None
    texts = [_text(part) for part in parts]
    return separator.join(text for text in texts if text is not None)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    return str(value) if is_number else None


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, str | list | dict) else None


def _keys(value: Any) -> list[Any] | None:
    return [*value] if isinstance(value, dict) else None


def _values(value: Any) -> list[Any] | None:
    return [*value.values()] if isinstance(value, dict) else None


def _not_null(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


FUNCTIONS = {
    "contains": Function(_contains, 2, 2),
    "ends_with": Function(_ends_with, 2, 2),
    "join": Function(_join, 2, 2),
    "keys": Function(_keys, 1, 1),
    "length": Function(_length, 1, 1),
    "not_null": Function(_not_null, 1, None),
    "starts_with": Function(_starts_with, 2, 2),
    "values": Function(_values, 1, 1),
}


class _Closed(Functions):
    """The same functions where JMESPath itself evaluates an expression."""

    def call_function(self, function_name: str, resolved_args: Iterable[Any]) -> Any:
        return FUNCTIONS[function_name].call(*resolved_args)


OPTIONS = jmespath.Options(custom_functions=_Closed())
