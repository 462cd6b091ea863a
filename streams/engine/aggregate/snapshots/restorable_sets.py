"""Event sets that give what they hold to a snapshot, and take it back without reading it."""

from collections.abc import Callable, Iterator
from typing import Any

from streams.engine.aggregate.entry import Entry, SetObserver, state_key
from streams.engine.aggregate.event_sets import EventSets
from streams.engine.aggregate.reroutes import EventSet, Reroute, ReroutedKey, Rerouter
from streams.events import pack
from streams.events.key_value import KeyValue


class RestorableSets(EventSets):
    """Event sets with a content that can be stored."""

    def __init__(
        self,
        route: Callable[[Any], tuple[str, str]],
        rerouter: Rerouter,
        observer: SetObserver,
    ) -> None:
        super().__init__(route, rerouter, observer)
        # The sets of reference records, of which the state changelog has nothing.
        self._reference_sets: set[str] = set()

    def add_reference(self, name: str, entry: Entry) -> None:
        """Store an entry of a reference topic, which is not written to the state changelog."""
        self._reference_sets.add(name)
        super().add_reference(name, entry)

    def content(self, most_bytes: int) -> Iterator[tuple[str, bytes] | KeyValue]:
        """All that came from the state changelog: sets for `restore_packed`, records for `restore`.

        Records are what no set by itself gives back: tombstones, sets that are spread or larger
        than `most_bytes`, and those that hold events from elsewhere.
        """
        yield from self._rerouter.tombstones.records()
        owners = {name: owner for owner, spread in self._spread.items() for name in spread.values()}
        for name, packed in self._sets.packed():
            if name in self._reference_sets:
                continue
            is_whole = name not in owners and len(packed) <= most_bytes
            if is_whole and not (self.has_received and any(self.received(name))):
                yield name, packed
                continue
            for key, entry in self._sets[name].items():
                if isinstance(key, str):
                    yield state_key(owners.get(name, name), key), pack(entry.event)

    def received(self, name: str) -> Iterator[Reroute]:
        """The events in a set that were rerouted to it."""
        for key, entry in self._sets.read(name).items():
            if isinstance(key, ReroutedKey):
                yield Reroute(name, key.path, key.identity, pack(entry.event))

    def whole(self, name: str) -> EventSet | None:
        """Read an event set that is all there is of its owner: None for any other.

        So events from elsewhere, other sets of the same owner, and whatever stays of a merge or an
        erasure are reasons against it.
        """
        found = self._sets.read(name)
        if not found or name in self._reference_sets or name in self._spread:
            return None
        if self.has_received and any(isinstance(key, ReroutedKey) for key in found):
            return None
        first = next(iter(found.values())).event
        if self._route(first)[0] != name or not self._rerouter.has_no_tombstone(name):
            return None
        return found

    def bytes_of(self, name: str) -> bytes:
        """An event set as bytes for `restore_packed`."""
        return self._sets.bytes_of(name)

    def remove(self, name: str) -> None:
        """Remove an event set, whose events stay in the state changelog: nothing changes by it."""
        self._sets.remove(name)

    def restore_packed(self, name: str, packed: bytes) -> None:
        """Restore an event set that `content` gave; neither counted, nor shown to the observer."""
        self._sets.restore(name, packed)
