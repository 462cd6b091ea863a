"""Forms: pairs of names and values, and names with brackets as objects and lists."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from streams.sources.bodies.grouping import grouped
from streams.sources.bodies.limits import LAST_INDEX, LEVELS, PAIRS, BadBody

# The value at a path that has paths below it as well.
VALUE = "_value"
# Longer names are not kept.
CACHED_CHARACTERS = 200
# How many digits a place in a list has at most.
_DIGITS = len(str(LAST_INDEX))
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)", re.DOTALL)
_BRACKETS = re.compile(r"\[([^\[\]]*)\]", re.DOTALL)


def pairs(body: bytes) -> list[tuple[str, str]]:
    """Give the pairs of a form, in their order. Raises BadBody for too many or no UTF-8."""
    parts = [part for part in body.split(b"&", PAIRS) if part]
    if len(parts) > PAIRS or (len(parts) == PAIRS and b"&" in parts[-1]):
        raise BadBody(f"more than {PAIRS:,} fields in a form")
    return [_pair(part) for part in parts]


def flat(body: bytes) -> dict[str, Any]:
    """Read a form as an object: a repeated name has the list of its values."""
    return grouped(pairs(body))


def nested(body: bytes) -> dict[str, Any]:
    """Read a form whose names have brackets: `a[b][0]=x` is {"a": {"b": ["x"]}}.

    Numbers up to LAST_INDEX are places in a list, whose holes are closed; `a[]` is the next one.
    A path that is a value and a parent is an object with the value under VALUE.
    Raises BadBody.
    """
    root: dict[str, Any] = {}
    for name, value in pairs(body):
        steps = _cached_steps(name) if len(name) <= CACHED_CHARACTERS else _steps(name)
        _insert(root, steps, value)
    return {name: _with_lists(value) for name, value in root.items()}


def _pair(part: bytes) -> tuple[str, str]:
    name, _, value = part.partition(b"=")
    return _text(name), _text(value)


def _text(written: bytes) -> str:
    try:
        if b"%" not in written and b"+" not in written:
            return written.decode()
        return unquote_to_bytes(written.replace(b"+", b" ")).decode()
    except UnicodeDecodeError as error:
        raise BadBody("a form that is not UTF-8") from error


def _steps(name: str) -> tuple[str, ...]:
    # More brackets than levels are not even taken apart.
    if name.count("[") >= LEVELS:
        raise BadBody(f"more than {LEVELS} levels in the name of a field")
    found = _NAME.fullmatch(name)
    return (name,) if found is None else (found[1], *_BRACKETS.findall(found[2]))


# A source's forms have few names, again and again.
_cached_steps = lru_cache(maxsize=4096)(_steps)


def _insert(root: dict[str, Any], steps: Sequence[str], value: str) -> None:
    place = root
    for step in steps[:-1]:
        inner = place.get(step)
        if not isinstance(inner, dict):
            inner = place[step] = {} if inner is None else {VALUE: inner}
        place = inner
    last = steps[-1] or _next(place)
    before = place.get(last)
    if isinstance(before, dict):
        before[VALUE] = value
    else:
        place[last] = value


def _next(place: dict[str, Any]) -> str:
    return str(len(place))


def _with_lists(value: Any) -> Any:
    """Turn objects whose names are all places into lists; levels are bounded before."""
    if not isinstance(value, dict):
        return value
    inner = {name: each if type(each) is str else _with_lists(each) for name, each in value.items()}
    if all(map(_is_place, inner)):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def _is_place(name: str) -> bool:
    return name.isdigit() and len(name) <= _DIGITS and name.isascii()
