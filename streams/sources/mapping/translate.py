"""Translating a delivery: its items, each by every rule that matches it, to canonical events."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from streams.sources.bodies import BadBody, items
from streams.sources.delivery import Delivery
from streams.sources.identity import origin
from streams.sources.mapping.rules import (
    CannotFill,
    ReadRule,
    Rule,
    made,
    matching,
    names_to_read,
)
from streams.sources.mapping.scope import Scope

if TYPE_CHECKING:
    # It imports the rules of this folder.
    from streams.sources.source import Source


class Unmapped(NamedTuple):
    """An item that a rule matches but cannot fill, or with item 0 a whole body.

    Items count from 1; `rule` is empty and `field` None where it is neither's fault.
    """

    item: int
    rule: str
    field: str | None
    reason: str


class Read(NamedTuple):
    """A record that a delivery names and [api] has to read."""

    kind: str
    id: str


@dataclass(slots=True)
class Translation:
    """What a delivery becomes.

    Attributes:
        events: JSON of events, each of which `streams.events.decode` accepts.
        unmapped: What cannot be translated, with the reasons.
        ignored: How many items no rule matches.
        reads: Records to be read, each once.
        items: How many items the delivery has.
    """

    events: list[bytes] = field(default_factory=list)
    unmapped: list[Unmapped] = field(default_factory=list)
    ignored: int = 0
    reads: list[Read] = field(default_factory=list)
    items: int = 0


def translate(source: "Source", delivery: Delivery, key: bytes) -> Translation:
    """Translate a delivery. Never raises on any body.

    `key` is what hashes of telephone numbers and addresses are made with.
    """
    result = Translation()
    reads: dict[Read, None] = {}
    try:
        found = items(source.body, delivery.body)
    except BadBody as error:
        result.unmapped.append(Unmapped(0, "", None, str(error)))
        return result
    for number, scope in enumerate(scopes(source, delivery, found, key), 1):
        if not _apply(source, number, scope, result, reads):
            result.ignored += 1
    result.items = len(found)
    result.reads = [*reads]
    return result


def scopes(
    source: "Source", delivery: Delivery, found: list[dict[str, Any]], key: bytes
) -> list[Scope]:
    """Give each item with what it has beside its own fields."""
    extras = {
        "_source": delivery.source,
        "_label": delivery.label,
        "_received": delivery.received,
        "_headers": dict(delivery.headers),
        "_query": dict(delivery.query),
    }
    where = origin(delivery.source, delivery.label)
    return [Scope({**item, **extras}, where, key, source.body.volatile) for item in found]


def _apply(
    source: "Source", number: int, scope: Scope, result: Translation, reads: dict[Read, None]
) -> bool:
    """Apply all rules to an item; give whether one matches."""
    is_matched = False
    item = scope.item
    for rule in source.events:
        needed = rule.when.needed
        if needed is not None and item.get(needed[0]) != needed[1]:
            continue
        try:
            for each in matching(rule, scope):
                is_matched = True
                _apply_rule(rule, number, each, result, reads)
        except RecursionError:
            result.unmapped.append(Unmapped(number, rule.name, None, "nested too deep"))
        except CannotFill as error:
            is_matched = True
            result.unmapped.append(Unmapped(number, rule.name, error.field, error.reason))
    return is_matched


def _apply_rule(
    rule: Rule, number: int, scope: Scope, result: Translation, reads: dict[Read, None]
) -> None:
    try:
        if isinstance(rule, ReadRule):
            reads.update((Read(rule.kind, name), None) for name in names_to_read(rule, scope))
        else:
            result.events.append(made(rule, scope))
    except CannotFill as error:
        result.unmapped.append(Unmapped(number, rule.name, error.field, error.reason))
