"""Reference records: which are valid, and what stands of a key."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tests.oracle.history.events import (
    Event,
    canonical,
    in_order,
    latest,
    until,
)

Key = tuple[str, ...]


def is_valid(record: Event) -> bool:
    """Whether a rate is above 0 and a time zone exists; targets are judged by the catalogue."""
    if record.type == "rate.set":
        return Fraction(record.fields["rate"]) > 0
    zone = record.text("timezone")
    if record.type == "rep.set" and zone is not None:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            return False
    return True


def by_key(events: Iterable[Event], kind: str, key: Key) -> list[list[Event]]:
    """The valid records of a type by key, each key's in order.

    A field of the key may be an object, or missing.
    """
    versions: dict[bytes, list[Event]] = defaultdict(list)
    for event in events:
        if event.type == kind and is_valid(event):
            values = {field: event.fields.get(field) or None for field in key}
            versions[canonical(values)].append(event)
    return [in_order(records) for records in versions.values()]


def standing(events: Iterable[Event], kind: str, key: Key) -> list[Event]:
    """The newest record of every key."""
    return [
        max(records, key=lambda it: (it.at, it.seq, it.order, canonical(it.fields)))
        for records in by_key(events, kind, key)
    ]


def patched(events: Iterable[Event], kind: str, field: str) -> dict[str, list[Event]]:
    """The records of a type of patches by what they are about, each history in order."""
    return {records[0].fields[field]: records for records in by_key(events, kind, (field,))}


def first_or_then(records: Sequence[Event], field: str, instant: int) -> str | None:
    """What a field was at an instant; before the first record, what that one has."""
    return latest(until(records, instant) or until(records, records[0].at), field)
