"""Which events stand, and whose they are: the set of events of each subject, without copies."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SALES_TYPES = {
    "lead.created",
    "lead.assigned",
    "lead.qualified",
    "lead.handed_over",
    "lead.disqualified",
    "call.ended",
    "email.sent",
    "email.clicked",
    "email.replied",
    "deal.changed",
    "deal.deleted",
    "activity.logged",
    "quote.sent",
    "quote.ordered",
    "quote.rejected",
}
ACCOUNT_TYPES = {
    "order.placed",
    "order.delivered",
    "order.cancelled",
    "invoice.issued",
    "invoice.paid",
    "invoice.credited",
    "invoice.voided",
    "ticket.opened",
    "ticket.resolved",
}
TOMBSTONE_TYPES = {"subject.merged", "subject.erased"}
REFERENCE_TYPES = {"rep.set", "account.set", "spend.recorded", "target.set", "rate.set"}


@dataclass(frozen=True)
class Event:
    """One event; `at` in milliseconds since the epoch, `said` is the whole JSON object."""

    at: int
    id: str
    type: str
    fields: Mapping[str, Any]

    @property
    def order(self) -> tuple[int, str, str]:
        """The order of a history; it may hold events of several subjects that became one."""
        return (self.at, self.id, self.fields.get("subject", ""))

    def text(self, field: str) -> str | None:
        """Give the field's string, or None where the event does not carry the field."""
        value = self.fields.get(field)
        return None if value is None else str(value)


def milliseconds(text: str) -> int:
    """Read an RFC 3339 time; what is finer than a millisecond is floored."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(milliseconds=1)


def canonical(fields: Mapping[str, Any]) -> bytes:
    """Serialize with sorted keys and no spaces, to decide between equally late versions."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read(fields: Mapping[str, Any]) -> Event:
    """Read one JSON object; raises ValueError for a type that this oracle does not know."""
    if fields["type"] not in SALES_TYPES | ACCOUNT_TYPES | TOMBSTONE_TYPES | REFERENCE_TYPES:
        raise ValueError(f"not an event of the oracle's KPIs: {fields['type']}")
    return Event(milliseconds(fields["at"]), fields["id"], fields["type"], fields)


def current(events: Iterable[Event], types: set[str]) -> list[Event]:
    """Keep the events of these types without copies and outdated versions.

    Of several events with one id in one subject, the one with the greatest `at`, then the
    greatest bytes, stands.
    """
    versions: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        if event.type in types:
            versions[event.fields["subject"], event.id].append(event)
    return [newest(same_id) for same_id in versions.values()]


def subjects(
    events: Iterable[Event], types: set[str], owner: Callable[[Event], str | None]
) -> dict[str, list[Event]]:
    """Sort the standing events of these types by their owner, each one's in order.

    Those that nobody owns are left out.
    """
    histories: dict[str, list[Event]] = defaultdict(list)
    for event in current(events, types):
        subject = owner(event)
        if subject is not None:
            histories[subject].append(event)
    for history in histories.values():
        history.sort(key=lambda event: event.order)
    return histories


def histories(events: Iterable[Event], kind: str) -> list[list[Event]]:
    """Sort the events about things of one kind, such as the invoices, by thing."""
    by_name: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.type.split(".")[0] == kind:
            by_name[event.fields[kind]].append(event)
    return [by_name[name] for name in sorted(by_name)]


def reference(events: Iterable[Event], kind: str, key: tuple[str, ...]) -> list[Event]:
    """Give the standing record of every key: the newest `at`, then the greatest id.

    A field of the key may be an object, or missing.
    """
    versions: dict[bytes, list[Event]] = defaultdict(list)
    for event in events:
        if event.type == kind:
            versions[canonical({field: event.fields.get(field) for field in key})].append(event)
    return [newest(same_key) for same_key in versions.values()]


def newest(versions: list[Event]) -> Event:
    """Pick the version that stands; it does not depend on the order they came in."""
    return max(versions, key=lambda event: (event.at, event.id, canonical(event.fields)))


def latest(events: Iterable[Event], field: str) -> str | None:
    """Give the field of the last event that carries it; None where none does."""
    carrying = [event for event in events if event.text(field) is not None]
    last = last_of(carrying)
    return last.text(field) if last else None


def latest_by(events: Iterable[Event], field: str, instant: int) -> str | None:
    """Give what the field was at an instant: as the last event by then says that names it."""
    return latest([event for event in events if event.at <= instant and event.text(field)], field)


def last_of(events: Iterable[Event]) -> Event | None:
    """Give the event with the greatest time, then the greatest id; None of none."""
    return max(events, key=lambda event: event.order, default=None)


def first_of(events: Iterable[Event]) -> Event | None:
    """Give the event with the least time, then the least id; None of none."""
    return min(events, key=lambda event: event.order, default=None)


def last_run(events: Iterable[Event], field: str) -> Event | None:
    """Give the first event of the last unbroken run of one value, of those that carry the field."""
    since = None
    for event in sorted(events, key=lambda event: event.order):
        if event.text(field) is None:
            continue
        if since is None or event.fields[field] != since.fields[field]:
            since = event
    return since
