"""Names with their values, of which some are repeated, as one object."""

from collections.abc import Iterable
from typing import Any


def grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Give an object of pairs: a repeated name has the list of its values."""
    found: dict[str, Any] = {}
    repeated: set[str] = set()
    for name, value in pairs:
        if name not in found:
            found[name] = value
        elif name in repeated:
            found[name].append(value)
        else:
            repeated.add(name)
            found[name] = [found[name], value]
    return found
