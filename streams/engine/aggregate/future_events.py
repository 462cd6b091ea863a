"""Events later than the clock: none of them has happened yet, whatever it is."""

from collections.abc import Iterator
from hashlib import blake2b

from streams.engine.aggregate.entry import (
    Entry,
    entry_of,
    identity_of,
    state_key,
)
from streams.engine.calendars.schedule import Schedule
from streams.events import pack, unpack
from streams.events.key_value import KeyValue

# First byte of their keys in the state; an event's key begins with a digit.
FUTURE_PREFIX = b"w"
DIGEST_BYTES = 8


class FutureEvents:
    """Events that wait for their time: each version of each, for none of them is known to stand.

    In the state each has a key of its own, which is removed when its time has come.
    """

    def __init__(self) -> None:
        self._entries: dict[bytes, Entry] = {}
        self._schedule: Schedule[bytes] = Schedule()

    def __len__(self) -> int:
        """The number of events that wait."""
        return len(self._entries)

    @property
    def next_due(self) -> int | None:
        """The instant at which the next event has happened."""
        return self._schedule.next_due

    def add(self, owner: str, entry: Entry) -> list[KeyValue]:
        """Let an event wait; returns the changelog records."""
        value = pack(entry.event)
        digest = blake2b(value, digest_size=DIGEST_BYTES).hexdigest()
        key = FUTURE_PREFIX + state_key(owner, f"{identity_of(entry)}\0{digest}")
        if key in self._entries:
            return []
        self._store(key, entry)
        return [(key, value)]

    def records(self) -> Iterator[tuple[bytes, bytes]]:
        """All events that wait, as records of the state changelog."""
        return ((key, pack(entry.event)) for key, entry in self._entries.items())

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Apply a changelog record."""
        if value is None:
            self._entries.pop(key, None)
        elif key not in self._entries:
            self._store(key, entry_of(unpack(value)))

    def due(self, clock: int, limit: int) -> Iterator[tuple[bytes, Entry]]:
        """Remove and give the events that have happened by now, each with its key in the state."""
        for key in self._schedule.due(clock, limit):
            entry = self._entries.pop(key, None)
            if entry is not None:
                yield key, entry

    def _store(self, key: bytes, entry: Entry) -> None:
        self._entries[key] = entry
        self._schedule.add(entry.at, key)
