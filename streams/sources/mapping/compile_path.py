"""Compiling paths and conditions as mapping files write them."""

from collections.abc import Callable
from typing import Any

import jmespath

from streams.sources.paths import ABSENT, BadPath, Node, Path, path
from streams.sources.written import Entry


def compiled_path(entry: Entry) -> Path:
    """Compile a path; a mistake is noted at its place."""
    text = entry.text()
    if text is not None:
        try:
            return path(text)
        except BadPath as error:
            entry.wrong(str(error), error.offset)
    return lambda _: ABSENT


def condition(entry: Entry) -> Callable[[Any], bool]:
    """Compile a condition; a mistake is noted at its place."""
    found = compiled_path(entry)
    # Only `true` itself: any other value may be there by mistake.
    return lambda item: found(item) is True


def needed(text: str) -> tuple[str, str] | None:
    """Give a name and the text that an item must have there for a valid condition to hold.

    It is of an `&&`, such as `kind == 'deal' && ...`; None where there is none.
    """
    return _needed(jmespath.compile(text).parsed)


def _needed(node: Node) -> tuple[str, str] | None:
    if node["type"] == "and_expression":
        parts = map(_needed, node["children"])
        return next((part for part in parts if part is not None), None)
    if node["type"] != "comparator" or node["value"] != "eq":
        return None
    name, literal = node["children"]
    is_such = name["type"] == "field" and isinstance(literal.get("value"), str)
    return (name["value"], literal["value"]) if is_such and literal["type"] == "literal" else None
