"""Events as event sets hold them, and the order that all rules follow."""

from collections.abc import Iterable
from typing import NamedTuple

from streams.engine.calendars.calendar import milliseconds
from streams.events import Common, canonical


class Entry(NamedTuple):
    """An event with its instant in milliseconds; entries sort by (at, id), ids being unique."""

    at: int
    id: str
    event: Common


def entry_of(event: Common) -> Entry:
    """Make the entry of an event."""
    return Entry(milliseconds(event.at), event.id, event)


def is_newer(new: Entry, old: Entry) -> bool:
    """Whether a version of an event replaces another: greater `at`, then greater bytes."""
    if (new.at, new.id) != (old.at, old.id):
        return (new.at, new.id) > (old.at, old.id)
    return new.event != old.event and canonical(new.event) > canonical(old.event)


def latest(entries: Iterable[Entry], field: str) -> str:
    """The value of a patched text field: the last entry that has it decides; "" if none does.

    A field that is sent empty clears the value.
    """
    value = ""
    for entry in entries:
        patch: str | None = getattr(entry.event, field, None)
        if patch is not None:
            value = patch
    return value


def state_key(owner: str, event: str) -> bytes:
    """The key of an event in the state changelog: unique for (owner, id)."""
    return f"{len(owner)}|{owner}|{event}".encode()


def parse_state_key(key: bytes) -> tuple[str, str]:
    """Split a key of `state_key` into owner and id."""
    size, _, rest = key.decode().partition("|")
    return rest[: int(size)], rest[int(size) + 1 :]
