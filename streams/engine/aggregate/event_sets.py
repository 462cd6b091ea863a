"""The event sets of one partition: the state of each entity, and the events it reroutes."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from streams.engine.aggregate.entry import (
    Entry,
    ForeignState,
    SetObserver,
    entry_of,
    identity_of,
    is_newer,
    parse_state_key,
    state_key,
)
from streams.engine.aggregate.reroutes import Reroute, ReroutedKey, Rerouter
from streams.engine.aggregate.stores.packed_sets import PackedSets
from streams.engine.aggregate.tombstones import TOMBSTONE_PREFIX, SubjectTombstone
from streams.events import Event, SubjectErased, SubjectMerged, pack, unpack
from streams.events.key_value import KeyValue


class EventSets:
    """Sets of events, by name; their content does not depend on the order of events.

    An owner is a subject of one kind, such as `lead:7`. Its events are in the set of that name,
    or spread over several sets where its entities are counted apart.
    """

    def __init__(
        self,
        route: Callable[[Any], tuple[str, str]],
        rerouter: Rerouter,
        observer: SetObserver,
    ) -> None:
        """Start empty, as `rerouter` has to be; `route` is the catalogue's."""
        self._route = route
        self._rerouter = rerouter
        self._observer = observer
        self._sets = PackedSets()
        # The number of events in the state changelog that are in event sets.
        self.own_events = 0
        self._latest_restored = 0
        # Of an owner whose events are spread: the set that holds an event.
        self._spread: dict[str, dict[str, str]] = {}

    def __contains__(self, name: str) -> bool:
        """Whether an event set holds anything."""
        return name in self._sets

    def names(self) -> Collection[str]:
        """The names of all event sets, as a view of the current ones."""
        return self._sets.keys()

    def entries(self, name: str) -> list[Entry]:
        """The entries that count in an event set, in their order."""
        event_set = self._sets.read(name)
        if not event_set:
            return []
        if self._rerouter.is_idle:
            return sorted(event_set.values())
        return self._rerouter.staying(name, event_set)

    @property
    def has_received(self) -> bool:
        """Whether events from other sets were ever rerouted to these."""
        return self._rerouter.has_received

    def owner_of(self, event: Event) -> str:
        """The owner of an event."""
        return self._route(event)[0]

    def add(self, entry: Entry) -> list[KeyValue]:
        """Store an event, or a newer version; returns changelog records, None for what is gone."""
        event = entry.event
        owner, name = self._route(event)
        if type(event) is SubjectErased:
            return self._erase(owner, entry.at)
        if type(event) is SubjectMerged:
            return self._merge(owner, event)
        return self._add(owner, name, entry)

    def _add(self, owner: str, name: str, entry: Entry) -> list[KeyValue]:
        is_idle = self._rerouter.is_idle
        if not is_idle and self._rerouter.is_erased(owner, entry):
            return []
        key = identity_of(entry)
        held = self._set_holding(owner, name, key)
        old = self._sets.touch(held).get(key)
        if old is not None and not is_newer(entry, old):
            return []
        if old is not None and held != name:
            self._observer.before_change(self, held)
            self._drop(owner, held, key)
        self._observer.before_change(self, name)
        value = pack(entry.event)
        self._store(owner, name, entry, key, value)
        if not is_idle:
            self._rerouter.enqueue(self._rerouter.reroutes_of(owner, key, entry))
        return [(state_key(owner, key), value)]

    def add_reference(self, name: str, entry: Entry) -> None:
        """Store an entry of a reference topic, which is not written to the state changelog."""
        key = identity_of(entry)
        old = self._sets.touch(name).get(key)
        if old is None or is_newer(entry, old):
            self._observer.before_change(self, name)
            self._store(name, name, entry, key, pack(entry.event))
            self.own_events -= old is None

    def receive(self, reroute: Reroute) -> list[KeyValue]:
        """Apply an event rerouted from another set; the last reroute of each event counts.

        Returns the changelog records of a notice, which erases an owner.
        """
        target, rerouter = reroute.target, self._rerouter
        rerouter.is_idle = False
        if reroute.is_notice:
            return [] if reroute.erased is None else self._erase(target, reroute.erased)
        key = ReroutedKey(reroute.path, reroute.identity)
        old = self._sets.touch(target).get(key)
        new = rerouter.receive(reroute, key)
        if new == old:
            return []
        self._observer.before_change(self, target)
        if new is None or reroute.value is None:
            self._drop(target, target, key)
        else:
            self._store(target, target, new, key, reroute.value)
        rerouter.enqueue(rerouter.reroutes_of(target, key, new))
        return []

    def pending_reroutes(self) -> list[Reroute]:
        """The reroutes not returned before, each once; to be passed to `receive` elsewhere."""
        return self._rerouter.drain()

    def current_reroutes(self) -> list[Reroute]:
        """All reroutes in force, whether returned before or not."""
        if not self._rerouter.tombstones:
            return []
        return self._rerouter.current(self._sets)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Apply a changelog record, in the order of writing; the observer is not called before.

        Raises WrongErasureKey if the state was written under another key, ForeignState if it was
        written by an earlier version.
        """
        if key[:1] == TOMBSTONE_PREFIX and value is not None:
            self._rerouter.is_idle = False
            self._rerouter.tombstones.restore(key, value)
            return
        owner, name, event_key, entry = self._located(key, value)
        held = self._set_holding(owner, name, event_key)
        if (entry is None or held != name) and event_key in self._sets.touch(held):
            self._drop(owner, held, event_key)
        if entry is not None and value is not None:
            self._store(owner, name, entry, event_key, value)
            self._latest_restored = max(self._latest_restored, entry.at)

    def withdraw_after(self, clock: int) -> Iterator[tuple[str, bytes, Entry]]:
        """Remove restored events later than an instant; gives owner, state key and entry of each.

        The observer is not called.
        """
        if self._latest_restored <= clock:
            return
        for name in list(self._sets):
            for key, entry in list(self._sets[name].items()):
                if entry.at > clock and isinstance(key, str) and isinstance(entry.event, Event):
                    owner = self.owner_of(entry.event)
                    self._drop(owner, name, key)
                    yield owner, state_key(owner, key), entry

    def restore_reroute(self, reroute: Reroute) -> None:
        """Apply a reroute in force; after all changelog records."""
        self._rerouter.is_idle = False
        if reroute.is_notice:
            # The state says what it erased.
            return
        key = ReroutedKey(reroute.path, reroute.identity)
        entry = self._rerouter.admit(reroute, key)
        if entry is not None and reroute.value is not None:
            self._store(reroute.target, reroute.target, entry, key, reroute.value)

    def apply_state(self, key: bytes, value: bytes | None) -> None:
        """Apply a changelog record as `restore` does, and call the observer before it."""
        if key[:1] == TOMBSTONE_PREFIX:
            owners = [name for name in self._sets if self._rerouter.tombstones.is_of(key, name)]
            for name in owners:
                self._observer.before_change(self, name)
            self.restore(key, value)
            for name in owners:
                self._drop_erased(name)
            return
        owner, name, event_key, _ = self._located(key, value)
        names = {name, self._set_holding(owner, name, event_key)}
        for name in names:
            self._observer.before_change(self, name)
        self.restore(key, value)

    def copy_owner(self, other: "EventSets", owner: str) -> None:
        """Replace the content by a copy of one owner's sets in `other`."""
        names = {owner, *other._spread.get(owner, {}).values()}
        self._sets = other._sets.copy_of(names)
        self._spread = {owner: dict(other._spread[owner])} if owner in other._spread else {}
        self._rerouter.is_idle = other._rerouter.is_idle
        self._rerouter.tombstones = other._rerouter.tombstones.only(names)

    def _drop_erased(self, owner: str) -> None:
        """Drop the events rerouted to an owner that were erased with it."""
        for key, entry in list(self._sets.touch(owner).items()):
            if isinstance(key, ReroutedKey) and self._rerouter.is_erased(owner, entry):
                self._drop(owner, owner, key)
                self._rerouter.refuse(owner, key)

    def _merge(self, owner: str, event: SubjectMerged) -> list[KeyValue]:
        """Reroute all events of an owner to another one, unless a later merge replaces this."""
        if self._rerouter.merge_target(owner, event.into) is None:
            return []
        old = self._rerouter.tombstones.of(owner)
        new = old.with_merge(self._rerouter.anonymised(owner, event))
        return [] if new == old else [self._set_tombstone(owner, new, [])]

    def _erase(self, owner: str, at: int) -> list[KeyValue]:
        """Drop all events of an owner up to an instant, and those that arrive later.

        The tombstone is the last record: until it is written, all is erased again.
        """
        old = self._rerouter.tombstones.of(owner)
        new = old.with_erasure(at)
        if new == old:
            return []
        erased = [
            (name, key)
            for name in {owner, *self._spread.get(owner, {}).values()}
            for key, entry in self._sets.touch(name).items()
            if new.erases(entry)
        ]
        record = self._set_tombstone(owner, new, erased)
        own = (key for _, key in erased if isinstance(key, str))
        return [*((state_key(owner, event_key), None) for event_key in own), record]

    def _set_tombstone(
        self, owner: str, tombstone: SubjectTombstone, erased: list[tuple[str, str | ReroutedKey]]
    ) -> KeyValue:
        rerouter = self._rerouter
        before = list(rerouter.outgoing(owner, self._sets.touch(owner)))
        rerouter.is_idle = False
        self._observer.before_change(self, owner)
        for name, key in erased:
            self._observer.before_change(self, name)
            self._drop(owner, name, key)
            rerouter.refuse(owner, key)
        record = rerouter.tombstones.set(owner, tombstone)
        rerouter.replace(before, rerouter.outgoing(owner, self._sets.touch(owner)))
        return record

    def _located(self, key: bytes, value: bytes | None) -> tuple[str, str, str, Entry | None]:
        """The owner, the set, the identity and the entry of a changelog record of an event."""
        if value is None:
            owner, event_key = parse_state_key(key)
            return owner, owner, event_key, None
        entry = entry_of(unpack(value))
        owner, name = self._route(entry.event)
        if not name:
            raise ForeignState
        return owner, name, identity_of(entry), entry

    def _store(
        self, owner: str, name: str, entry: Entry, key: str | ReroutedKey, value: bytes
    ) -> None:
        self.own_events += isinstance(key, str) and key not in self._sets.touch(name)
        self._sets.store(name, key, entry, value)
        if name != owner and isinstance(key, str):
            self._spread.setdefault(owner, {})[key] = name
        self._observer.stored(name, entry)

    def _drop(self, owner: str, name: str, key: str | ReroutedKey) -> None:
        self._sets.drop(name, key)
        self.own_events -= isinstance(key, str)
        if name != owner and isinstance(key, str):
            del self._spread[owner][key]

    def _set_holding(self, owner: str, name: str, event: str) -> str:
        """The set of an owner that holds an event, or `name` if none does."""
        spread = self._spread.get(owner)
        if spread is None and name == owner:
            return name
        if event in self._sets.touch(owner):
            return owner
        return (spread or {}).get(event, name)
