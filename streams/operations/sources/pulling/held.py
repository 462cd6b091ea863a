"""Compares events with those that the topics hold already: what they lack, and what not.

What was read from a CRM says what stands now; webhooks said what changed. Both are one fact in
several events, with ids and times of their own: so fields are compared, not events.
"""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from streams.events import (
    AccountSet,
    Common,
    DealChanged,
    DealDeleted,
    Event,
    InvoiceIssued,
    InvoiceVoided,
    LeadAssigned,
    LeadCreated,
    LeadDisqualified,
    LeadHandedOver,
    LeadQualified,
    OrderCancelled,
    OrderPlaced,
    ReferenceRecord,
    RepSet,
    canonical,
    order_within,
)

# Of every event; what is compared is the rest.
COMMON = frozenset({"id", "type", "at", "subject", "seq", "source", "topic"})
# Written as texts: webhooks say 12.50 where records say 12.5.
NUMBERS = frozenset({"amount", "potential", "value", "hours", "rate"})
Fields = dict[str, Any]
Entity = tuple[str, str, str]
# The name of a setting that no field has: what has become of a thing.
STANDING = ""


class Restated(NamedTuple):
    """An event that sets fields of a thing, or ends it; any later one may set them again.

    Attributes:
        kind: The kind of thing.
        name: The field that names the thing.
        standing: "" or what has become of it.
    """

    kind: str
    name: str
    standing: str = ""


RESTATED: dict[type[Common], Restated] = {
    DealChanged: Restated("deal", "deal"),
    DealDeleted: Restated("deal", "deal", "deleted"),
    InvoiceIssued: Restated("invoice", "invoice"),
    InvoiceVoided: Restated("invoice", "invoice", "voided"),
    OrderPlaced: Restated("order", "order"),
    OrderCancelled: Restated("order", "order", "cancelled"),
    LeadAssigned: Restated("lead", "subject"),
    LeadQualified: Restated("lead's state", "subject", "qualified"),
    LeadDisqualified: Restated("lead's state", "subject", "disqualified"),
    LeadHandedOver: Restated("hand-over", "subject"),
    AccountSet: Restated("account", "account"),
    RepSet: Restated("rep", "rep"),
}
# A lead has a rep from the start, whom LeadAssigned replaces.
LATER = Restated("lead", "subject")


class Setting(NamedTuple):
    """What a field was set to, and when: the instant, then the order of events of one instant."""

    at: datetime
    order: str
    value: Any


class Fact(NamedTuple):
    """An event that sets nothing."""

    id: str
    at: datetime
    order: str
    fields: Fields


class HeldEvents:
    """The events of some subjects on one topic; may be added in any order."""

    def __init__(self) -> None:
        self._settings: dict[Entity, dict[str, list[Setting]]] = defaultdict(dict)
        self._facts: dict[tuple[str, type[Common]], list[Fact]] = defaultdict(list)

    def add(self, event: Common) -> None:
        """Add an event that the topic holds, or that is about to be written."""
        entity, settings, fact = _split(event)
        order = order_within(event)
        if fact is not None:
            self._facts[_key(event), type(event)].append(Fact(event.id, event.at, order, fact))
        if entity is not None:
            known = self._settings[entity]
            for name, value in settings.items():
                known.setdefault(name, []).append(Setting(event.at, order, value))

    def has(self, event: Common) -> bool:
        """Return whether the events added say all that an event says, or make it void."""
        entity, settings, fact = _split(event)
        if fact is not None and not self._has_fact(event, fact):
            return False
        return entity is None or self._has_settings(entity, event.at, settings)

    def _has_fact(self, event: Common, fact: Fields) -> bool:
        facts = self._facts[_key(event), type(event)]
        same = [each for each in facts if each.id == event.id]
        if same:
            # The newest of one id stands.
            standing = max(same, key=lambda each: (each.at, each.order))
            if standing.at > event.at or standing.fields == fact:
                return True
        return any(each.at == event.at and each.fields == fact for each in facts)

    def _has_settings(self, entity: Entity, at: datetime, settings: Fields) -> bool:
        """Return whether each field has its value at an instant, or in the end."""
        known = self._settings.get(entity)
        if known is None:
            return not settings
        for name, value in settings.items():
            history = sorted(known.get(name, ()), key=lambda each: each[:2])
            then = [each for each in history if each.at <= at]
            if value not in (_last(history), _last(then)):
                return False
        return True


def _last(history: list[Setting]) -> Any:
    # Never set and cleared are one.
    return history[-1].value if history else None


def _split(event: Common) -> tuple[Entity | None, Fields, Fields | None]:
    """Return what an event sets, and of which thing; and its fields where it sets nothing."""
    written: Fields = orjson.loads(canonical(event))
    fields = {
        name: Decimal(value) if name in NUMBERS and isinstance(value, str) else value
        for name, value in written.items()
        if name not in COMMON
    }
    restated = RESTATED.get(type(event))
    if restated is None:
        if type(event) is not LeadCreated:
            return None, {}, fields
        settings = {"rep": fields.pop("rep")} if "rep" in fields else {}
        return _entity(event, LATER, written), settings, fields
    return _entity(event, restated, written), {**fields, STANDING: restated.standing}, None


def _entity(event: Common, restated: Restated, written: Fields) -> Entity:
    return restated.kind, _key(event), str(written[restated.name])


def _key(event: Common) -> str:
    assert isinstance(event, Event | ReferenceRecord)  # noqa: S101 - there is no third kind
    return event.key
