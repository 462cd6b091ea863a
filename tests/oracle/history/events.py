"""Which events count at an instant, and whose they are: each subject's set without copies."""

import json
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SALES_TYPES = {
    *("lead.created", "lead.assigned", "lead.qualified", "lead.handed_over"),
    *("lead.disqualified", "call.ended", "email.sent", "email.clicked", "email.replied"),
    *("deal.changed", "deal.deleted", "activity.logged"),
    *("quote.sent", "quote.ordered", "quote.rejected"),
}
ACCOUNT_TYPES = {
    *("order.placed", "order.delivered", "order.cancelled"),
    *("invoice.issued", "invoice.paid", "invoice.credited", "invoice.voided"),
    *("ticket.opened", "ticket.resolved"),
}
TOMBSTONE_TYPES = {"subject.merged", "subject.erased"}
REFERENCE_TYPES = {"rep.set", "account.set", "spend.recorded", "target.set", "rate.set"}
# In these a field that is null or empty is cleared; in all others it is absent.
PATCHES = {"deal.changed", "lead.assigned", "rep.set", "account.set"}
LABELS = {
    *("rep", "team", "department", "unit", "channel", "media", "campaign", "partner", "product"),
    *("pipeline", "stage", "reason", "unmet_demand", "asset", "segment"),
}
LONGEST_LABEL = 200


@dataclass(frozen=True)
class Event:
    """One event, its labels as they count.

    `at` is in milliseconds since the epoch.
    """

    at: int
    seq: int
    id: str
    type: str
    fields: Mapping[str, Any]

    @property
    def order(self) -> tuple[int, int, tuple[bool, int, str], str, str]:
        """The place in a history, which may hold the events of several merged subjects."""
        subject = self.fields.get("subject") or ""
        return (self.at, self.seq, id_order(self.id), self.type, subject)

    def text(self, field: str) -> str | None:
        """The value of a field as text; None where it is absent, null or empty."""
        value = self.fields.get(field)
        return None if value is None or value == "" else str(value)

    def carries(self, field: str) -> bool:
        """Whether the event decides the field: with a value or, in a patch, by clearing it."""
        if self.type in PATCHES:
            return field in self.fields
        return self.text(field) is not None


def id_order(name: str) -> tuple[bool, int, str]:
    """The order of ids: those of digits alone come first, by number."""
    is_number = name.isascii() and name.isdigit()
    return (not is_number, int(name) if is_number else 0, name)


def milliseconds(text: str) -> int:
    """An RFC 3339 time in milliseconds since the epoch, floored."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


def label(text: str) -> str:
    """A label as it counts: NFC, trimmed, at most 200 characters."""
    clean = unicodedata.normalize("NFC", text).strip()
    return clean if len(clean) <= LONGEST_LABEL else clean[: LONGEST_LABEL - 1] + "…"


def canonical(fields: Mapping[str, Any]) -> bytes:
    """A serialization with sorted keys, to decide between equally late versions."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read(fields: Mapping[str, Any]) -> Event:
    """The event of a JSON object; raises ValueError for an unknown type."""
    if fields["type"] not in SALES_TYPES | ACCOUNT_TYPES | TOMBSTONE_TYPES | REFERENCE_TYPES:
        raise ValueError(f"not an event of the oracle's KPIs: {fields['type']}")
    clean: dict[str, Any] = {
        field: label(value) if field in LABELS and isinstance(value, str) else value
        for field, value in fields.items()
    }
    if "scope" in clean:
        clean["scope"] = {name: label(value) for name, value in clean["scope"].items()}
    return Event(
        milliseconds(fields["at"]), fields.get("seq") or 0, fields["id"], fields["type"], clean
    )


def known_at(events: Iterable[Event], now: int) -> list[Event]:
    """The events that exist at an instant: those dated later do not yet."""
    return [event for event in events if event.at <= now]


def current(events: Iterable[Event], types: set[str]) -> list[Event]:
    """The events of these types without copies and outdated versions."""
    versions: dict[tuple[str, str, str], list[Event]] = defaultdict(list)
    for event in events:
        if event.type in types:
            versions[event.fields["subject"], event.type, event.id].append(event)
    return [newest(copies) for copies in versions.values()]


def newest(versions: Iterable[Event]) -> Event:
    """The version that stands, whatever order they came in."""
    return max(versions, key=lambda event: (event.at, event.seq, canonical(event.fields)))


def subjects(
    events: Iterable[Event], types: set[str], owner: Callable[[Event], str | None]
) -> dict[str, list[Event]]:
    """The current events of these types by owner, each history in order.

    Events without an owner are left out.
    """
    by_owner: dict[str, list[Event]] = defaultdict(list)
    for event in current(events, types):
        subject = owner(event)
        if subject is not None:
            by_owner[subject].append(event)
    return {subject: in_order(history) for subject, history in by_owner.items()}


def in_order(events: Iterable[Event]) -> list[Event]:
    """Events in the order of a history."""
    return sorted(events, key=lambda event: event.order)


def histories(events: Iterable[Event], kind: str) -> list[list[Event]]:
    """The events about things of one kind, such as invoices, by thing."""
    by_name: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.type.split(".")[0] == kind:
            by_name[event.fields[kind]].append(event)
    return [by_name[name] for name in sorted(by_name)]


def latest(history: Sequence[Event], field: str) -> str | None:
    """The value of a field after a history: that of the last event that carries it."""
    for event in reversed(history):
        if event.carries(field):
            return event.text(field)
    return None


def until(history: Iterable[Event], instant: int) -> list[Event]:
    """The part of a history up to an instant, which is included."""
    return [event for event in history if event.at <= instant]


def since_last(history: Sequence[Event], ending: str) -> list[Event]:
    """The part of a history after the last event of a type, or all of it."""
    endings = [number for number, event in enumerate(history) if event.type == ending]
    return list(history[endings[-1] + 1 :]) if endings else list(history)
