"""Rules: [[event]] of a mapping file, compiled."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from streams.events import Common, Rejected, decode
from streams.sources.bodies.json_text import written
from streams.sources.bodies.limits import ITEMS
from streams.sources.mapping.fields import Composite, Field, Identifier, is_nothing
from streams.sources.mapping.scope import EACH, EXTRAS, Scope, Unfit, digest
from streams.sources.mapping.targets import plain_text
from streams.sources.paths import ABSENT, Path

# A longer id is kept as a digest; events allow no more.
ID_CHARACTERS = 512
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Condition:
    """Which items a rule matches, and how the mapping file says it: empty for all.

    `needed` are a name and the text that an item must have there, found out in far less time.
    """

    written: str
    matches: Callable[[Any], bool]
    needed: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class EventRule:
    """A rule that makes an event of each item it matches.

    With `each` it is applied to every element of the list there, which is under `_each`.
    """

    name: str
    when: Condition
    event: type[Common]
    id: Identifier
    fields: tuple[Field | Composite, ...]
    each: Path | None = None


@dataclass(frozen=True, slots=True)
class CanonicalRule:
    """A rule whose items hold whole events: `held` gives an object with their fields.

    Fields of the rule, `type` among them, stand before those of the object.
    """

    name: str
    when: Condition
    held: Path
    id: Identifier | None
    fields: tuple[Field | Composite, ...]
    each: Path | None = None


@dataclass(frozen=True, slots=True)
class RefusalRule:
    """A rule for items that nobody can translate: a dead letter with this reason."""

    name: str
    when: Condition
    reason: str
    each: Path | None = None


@dataclass(frozen=True, slots=True)
class ReadRule:
    """A rule that names records to be read, of a kind of [api]."""

    name: str
    when: Condition
    kind: str
    origin: Field
    each: Path | None = None


Rule = EventRule | CanonicalRule | ReadRule | RefusalRule


def matching(rule: Rule, scope: Scope) -> Iterator[Scope]:
    """Give what a rule is to be applied to: the item, or it with each element that it matches.

    It is the same scope every time, with another element. Raises CannotFill for a list of more
    elements than a request may have items.
    """
    if rule.each is None:
        if rule.when.matches(scope.item):
            yield scope
        return
    found = rule.each(scope.item)
    elements = found if isinstance(found, list) else [] if is_nothing(found) else [found]
    if len(elements) > ITEMS:
        raise CannotFill("each", f"more than {ITEMS:,} elements")
    for element in elements:
        scope.item[EACH] = element
        if rule.when.matches(scope.item):
            yield scope
    scope.item.pop(EACH, None)


class CannotFill(Exception):
    """An event that cannot be made: the field at fault and the reason."""

    def __init__(self, field: str | None, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def made(rule: EventRule | CanonicalRule | RefusalRule, scope: Scope) -> bytes:
    """Make the event of a rule that matches. Raises CannotFill."""
    if isinstance(rule, RefusalRule):
        raise CannotFill(None, rule.reason)
    return _event(rule, scope) if isinstance(rule, EventRule) else _canonical_event(rule, scope)


def _event(rule: EventRule, scope: Scope) -> bytes:
    scope.currency = ""
    document: dict[str, Any] = {"type": rule.event.__struct_config__.tag}
    name = "id"
    try:
        document["id"] = _id_text(rule.id, scope)
        for field in rule.fields:
            name = field.name
            value = field.value(scope)
            if value is not ABSENT and (value is not None or _is_clearable(field)):
                document[name] = value
                if name == "currency" and value:
                    scope.currency = value
            elif _is_required(field):
                raise Unfit(field.missing(scope))
    except Unfit as error:
        raise CannotFill(name, str(error)) from error
    document["source"] = scope.origin
    return _checked(document)


def _canonical_event(rule: CanonicalRule, scope: Scope) -> bytes:
    held = rule.held(scope.item)
    if not isinstance(held, dict):
        raise CannotFill("canonical", "is no object that holds an event")
    document = {name: value for name, value in held.items() if name not in EXTRAS}
    document.setdefault("source", scope.origin)
    name = "id"
    try:
        if rule.id is not None:
            document["id"] = _id_text(rule.id, scope)
        for field in rule.fields:
            name = field.name
            value = field.value(scope)
            if value is not ABSENT and value is not None:
                document[name] = value
    except Unfit as error:
        raise CannotFill(name, str(error)) from error
    return _checked(document, written)


def names_to_read(rule: ReadRule, scope: Scope) -> list[str]:
    """Give the ids of the records that a rule wants to be read. Raises CannotFill."""
    try:
        listed = rule.origin.ways[0].raw(scope)
        if isinstance(listed, list) and not rule.origin.ways[0].converters:
            return [plain_text(each) for each in listed]
        value = rule.origin.value(scope)
        if value is ABSENT or value is None:
            raise Unfit(rule.origin.missing(scope))
        return [value]
    except Unfit as error:
        raise CannotFill("from", str(error)) from error


def _id_text(identifier: Identifier, scope: Scope) -> str:
    values = identifier.value(scope)
    text = plain_text(values[0]) if identifier.is_bare else written(values).decode()
    return text if len(text) <= ID_CHARACTERS else f"sha256:{digest(text.encode())}"


def _is_clearable(field: Field | Composite) -> bool:
    return field.target is not None and field.target.is_clearable


def _is_required(field: Field | Composite) -> bool:
    return field.target is not None and field.target.is_required


def _checked(document: dict[str, Any], encode: Callable[[Any], bytes] = _encoder.encode) -> bytes:
    try:
        value = encode(document)
    except (msgspec.MsgspecError, ValueError, OverflowError, TypeError) as error:
        raise CannotFill(None, f"cannot be written: {error}") from error
    found = decode(value)
    if isinstance(found, Rejected):
        raise CannotFill(found.field, found.reason)
    return value
