"""What each field of an event can hold, and how a plain value becomes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec

from streams.events import EVENT_TYPES, Common, clearable
from streams.events.fields import (
    Amount,
    Currency,
    Custom,
    Instant,
    Natural,
    Potential,
    Probability,
    Rate,
    Scope,
    Seq,
    choices,
)
from streams.sources.mapping.numbers import decimal_text, number, shown
from streams.sources.mapping.scope import Unfit

_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")
# Set for every event, not by a field of a rule.
AUTOMATIC = frozenset(["type", "source"])


@dataclass(frozen=True, slots=True)
class Target:
    """One field of an event type.

    `kind` is one of money, number, date, time, flag, whole, object, text; `choices` are the
    only texts it allows, if any.
    """

    name: str
    kind: str
    is_required: bool
    is_clearable: bool
    choices: tuple[str, ...]


@cache
def targets(kind: type[Common]) -> Mapping[str, Target]:
    """Give the fields of an event type that a rule can fill, by name."""
    hints = get_type_hints(kind, include_extras=True)
    cleared = clearable(kind)
    return {
        field.encode_name: Target(
            field.encode_name,
            _kind(hints[field.name]),
            field.required,
            field.name in cleared,
            choices(hints[field.name]),
        )
        for field in msgspec.structs.fields(kind)
        if field.encode_name not in AUTOMATIC
    }


BY_TYPE: Mapping[str, type[Common]] = {
    str(kind.__struct_config__.tag): kind for kind in EVENT_TYPES
}


def _kind(hint: Any) -> str:
    parts = (hint, *get_args(hint))
    for kind, wanted in _KINDS.items():
        if any(part in parts for part in wanted):
            return kind
    return "text"


_KINDS: Mapping[str, tuple[Any, ...]] = {
    "money": (Amount, Potential),
    "decimal": (Rate,),
    "number": (Probability,),
    "date": (date,),
    "time": (Instant,),
    "whole": (Natural, Seq),
    "object": (Custom, Scope),
    "currency": (Currency,),
    "flag": (bool,),
}


def plain_text(value: Any) -> str:
    """Write a text or number as the text of a field. Raises Unfit for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return decimal_text(number(value))
    raise Unfit(f"is {'a list' if isinstance(value, list) else 'an object'}, not a text")


def _whole(value: Any) -> int:
    # Parts of a second that has not ended are not counted.
    return int(number(value))


def _flag(value: Any) -> bool:
    text = plain_text(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise Unfit(f"{shown(value)} is neither true nor false")


def _number(value: Any) -> float:
    # The only field that is a binary fraction on the wire, a probability.
    return float(number(value))


def _currency(value: Any) -> str:
    return plain_text(value).strip().upper()


def _decimal(value: Any) -> str:
    return format(number(value), "f")


def _same(value: Any) -> Any:
    return value


COERCE: Mapping[str, Callable[[Any], Any]] = {
    "text": plain_text,
    "whole": _whole,
    "flag": _flag,
    "number": _number,
    "currency": _currency,
    "decimal": _decimal,
    # Converters have written these.
    "money": _same,
    "date": _same,
    "time": _same,
    "object": _same,
}
