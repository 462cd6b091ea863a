"""Events as event sets hold them, and the order that all rules follow."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import UNSET, UnsetType

from streams.engine.calendars.calendar import milliseconds
from streams.events import (
    Common,
    canonical,
    identity,
    order_within,
)

if TYPE_CHECKING:
    from streams.engine.aggregate.event_sets import EventSets


class ForeignState(Exception):
    """The state holds a merge as an event: an earlier version wrote it."""


class Entry(NamedTuple):
    """An event with its instant in milliseconds; entries sort by (at, order), which is unique."""

    at: int
    order: str
    event: Common


class SetObserver(Protocol):
    """Is called for every change of an event set."""

    def before_change(self, sets: "EventSets", name: str) -> None:
        """Is called before an event set changes; `sets` still hold what it was."""

    def stored(self, name: str, entry: Entry) -> None:
        """Is called after an entry was stored in an event set."""


def entry_of(event: Common) -> Entry:
    """Make the entry of an event."""
    return Entry(milliseconds(event.at), order_within(event), event)


def identity_of(entry: Entry) -> str:
    """The identity of an entry's event."""
    return identity(entry.event) if entry.event.seq else entry.order


def is_newer(new: Entry, old: Entry) -> bool:
    """Whether a version of an event replaces another: greater `at`, `seq`, then bytes."""
    if (new.at, new.order) != (old.at, old.order):
        return (new.at, new.order) > (old.at, old.order)
    return new.event != old.event and canonical(new.event) > canonical(old.event)


def latest(entries: Iterable[Entry], field: str) -> str:
    """The value of a patched text field: the last entry that has it decides; "" if none does.

    None clears the value in a patch, and is no value elsewhere.
    """
    value = ""
    for entry in entries:
        given: str | UnsetType | None = getattr(entry.event, field, UNSET)
        if isinstance(given, str):
            value = given
        elif given is None and entry.event.is_patch:
            value = ""
    return value


def state_key(owner: str, event: str) -> bytes:
    """The key of an event in the state changelog: unique for (owner, identity)."""
    return f"{len(owner)}|{owner}|{event}".encode()


def parse_state_key(key: bytes) -> tuple[str, str]:
    """Split a key of `state_key` into owner and identity."""
    size, _, rest = key.decode().partition("|")
    return rest[: int(size)], rest[int(size) + 1 :]
