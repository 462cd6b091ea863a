"""What a rule's fields are read from: one item, and where it came from."""

from hashlib import sha256
from typing import Any

from streams.sources.bodies.json_text import written

DIGEST_DIGITS = 32
# What an item has beside its own fields.
EACH = "_each"
EXTRAS = frozenset(["_source", "_label", "_received", "_headers", "_query", EACH])


class Unfit(ValueError):
    """A value that a field cannot have; the message is the reason, without the field."""


class Scope:
    """One item, with what converters need beside its value."""

    __slots__ = ("_digest", "currency", "item", "key", "origin", "volatile")

    def __init__(
        self, item: dict[str, Any], origin: str, key: bytes, volatile: tuple[tuple[str, ...], ...]
    ) -> None:
        self.item = item
        self.origin = origin
        self.key = key
        self.volatile = volatile
        # Of the event that is being made.
        self.currency = ""
        self._digest = ""

    @property
    def digest(self) -> str:
        """A digest of the item's own fields, the same on every delivery of it."""
        if not self._digest:
            own: Any = {name: value for name, value in self.item.items() if name not in EXTRAS}
            for steps in self.volatile:
                own = _without(own, steps)
            self._digest = digest(written(own))
        return self._digest


def digest(content: bytes) -> str:
    """Give a digest of some bytes."""
    return sha256(content).hexdigest()[:DIGEST_DIGITS]


def _without(value: Any, steps: tuple[str, ...]) -> Any:
    """Give an object without the value at a path; the object itself is not changed."""
    if not isinstance(value, dict) or steps[0] not in value:
        return value
    if len(steps) == 1:
        return {name: each for name, each in value.items() if name != steps[0]}
    return {**value, steps[0]: _without(value[steps[0]], steps[1:])}
