"""Event sets by name: those touched lately as objects, all others as compressed bytes."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, KeysView, Mapping

from streams.engine.aggregate.entry import Entry
from streams.engine.aggregate.reroutes import EventSet, ReroutedKey
from streams.engine.aggregate.stores.set_format import pack_set, unpack_set
from streams.events import pack

# Entries of the event sets that are unpacked: about 0.6 kB each. Leads whose events come one
# after another stay unpacked meanwhile; a set that was not touched for longer takes an eighth.
UNPACKED_ENTRIES = 8_000


class PackedSets(Mapping[str, EventSet]):
    """Event sets by name; which of them are packed is not to be seen.

    A set that a method returns is valid until the next call, and is changed by `store` and `drop`
    only. Reading (`[]`, `items`) leaves a packed set packed; `touch`, `store` and `drop` unpack
    it, for what changes once changes again soon. No set is empty.
    """

    def __init__(self) -> None:
        self._sets: dict[str, EventSet | bytes] = {}
        # Of unpacked sets, the one changed last at the end: the values of their events, or None.
        self._unpacked: OrderedDict[str, bytes | None] = OrderedDict()
        self._entries = 0

    def __len__(self) -> int:
        """The number of event sets."""
        return len(self._sets)

    def __iter__(self) -> Iterator[str]:
        """The names of all event sets."""
        return iter(self._sets)

    def __contains__(self, name: object) -> bool:
        """Whether there is an event set of this name."""
        return name in self._sets

    def __getitem__(self, name: str) -> EventSet:
        """Read an event set; a packed one stays packed."""
        found = self._sets[name]
        return unpack_set(found)[0] if isinstance(found, bytes) else found

    def read(self, name: str) -> EventSet:
        """Read an event set, empty if there is none of this name; a packed one stays packed."""
        return self[name] if name in self._sets else {}

    def keys(self) -> KeysView[str]:
        """The names of all event sets, as a view."""
        return self._sets.keys()

    def touch(self, name: str) -> EventSet:
        """Read an event set that may change soon, empty if there is none of this name."""
        found = self._sets.get(name)
        if found is None:
            return {}
        return self._unpack(name, found) if isinstance(found, bytes) else found

    def store(self, name: str, key: str | ReroutedKey, entry: Entry, value: bytes) -> None:
        """Store an entry in an event set, which begins with its first one.

        `value` is its event as in the state changelog.
        """
        event_set = self.touch(name)
        values = self._unpacked.get(name, b"")
        if not event_set:
            self._sets[name] = event_set
        if key in event_set:
            values = None
        else:
            self._entries += 1
            values = values + value if values is not None and isinstance(key, str) else None
        event_set[key] = entry
        self._unpacked[name] = values
        self._unpacked.move_to_end(name)
        if self._entries > UNPACKED_ENTRIES:
            self._pack_others()

    def drop(self, name: str, key: str | ReroutedKey) -> None:
        """Remove an entry that is in an event set, which ends with its last one."""
        event_set = self.touch(name)
        del event_set[key]
        self._entries -= 1
        if event_set:
            self._unpacked[name] = None
        else:
            del self._sets[name], self._unpacked[name]

    def packed(self) -> Iterator[tuple[str, bytes]]:
        """Give each event set as bytes for `restore`; nothing may change until the last one."""
        return ((name, self.bytes_of(name)) for name in self._sets)

    def bytes_of(self, name: str) -> bytes:
        """Give an event set as bytes for `restore`."""
        found = self._sets[name]
        return found if isinstance(found, bytes) else pack_set(found, self._unpacked[name])

    def remove(self, name: str) -> None:
        """Remove an event set as a whole."""
        if not isinstance(found := self._sets.pop(name), bytes):
            del self._unpacked[name]
            self._entries -= len(found)

    def restore(self, name: str, packed: bytes) -> None:
        """Restore an event set that `packed` gave; there is none of this name yet."""
        self._sets[name] = packed

    def copy_of(self, names: Iterable[str]) -> "PackedSets":
        """A copy with some of the event sets."""
        subset = PackedSets()
        for name in names:
            for key, entry in self.read(name).items():
                subset.store(name, key, entry, pack(entry.event))
        return subset

    def _unpack(self, name: str, packed: bytes) -> EventSet:
        event_set, self._unpacked[name] = unpack_set(packed)
        self._sets[name] = event_set
        self._entries += len(event_set)
        self._pack_others()
        return event_set

    def _pack_others(self) -> None:
        """Pack those that did not change for longest until few entries are left; not the last."""
        while self._entries > UNPACKED_ENTRIES and len(self._unpacked) > 1:
            name, values = self._unpacked.popitem(last=False)
            event_set = self[name]
            self._entries -= len(event_set)
            self._sets[name] = pack_set(event_set, values)
