"""One partition's rows: the set of events of each subject, and what a row says to another.

Whatever changes a row goes through here: events, merges, erasures, words of other rows.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from streams.engine.aggregate.entry import Entry
from streams.engine.aggregate.reroutes import (
    EventSet,
    MergeTarget,
    Reroute,
    ReroutedKey,
    Rerouter,
)
from streams.engine.aggregate.tombstones import (
    TOMBSTONE_PREFIX,
    SubjectTombstone,
    anonymised,
    supersedes,
)
from streams.engine.calendars.calendar import milliseconds
from streams.events import (
    Common,
    Event,
    SubjectErased,
    SubjectMerged,
    canonical,
    pack,
    unpack,
)
from streams.events.key_value import KeyValue


class EventSets(ABC):
    """Sets of events, whatever order they come in; a shard adds up what they come to."""

    def __init__(
        self, place: Callable[[Any], tuple[str, str]], merge_target: MergeTarget, erasure_key: bytes
    ) -> None:
        """Start empty; `place` and `survivor` are the catalogue's."""
        self._route = place
        self._rerouter = Rerouter(erasure_key, merge_target)
        self._sets: dict[str, EventSet] = {}
        # Where a set is spread over rows: which one holds an id.
        self._spread: dict[str, dict[str, str]] = {}

    @abstractmethod
    def _before_change(self, name: str) -> None:
        """Note that a row is about to change."""

    @abstractmethod
    def _index(self, name: str, entry: Entry) -> None:
        """Note what else than events a row depends on with this entry."""

    def add(self, event: Event) -> list[KeyValue]:
        """Put an event in its row; returns the elements to keep, None for one to forget.

        Of two events with one id the one with the greater `at` stands, then the one with the
        greater bytes. Merges and erasures are apart: they share no id with other events. Cells
        follow at the next `settle`, what has to be said to other rows at the next `moves`.
        """
        owner, name = self._route(event)
        if type(event) is SubjectMerged:
            return self._merge(owner, event)
        if type(event) is SubjectErased:
            return self._erase(owner, milliseconds(event.at))
        entry = entry_of(event)
        is_idle = self._rerouter.is_idle
        if not is_idle and self._rerouter.is_erased(owner, entry.at):
            return []
        held = self._set_holding(owner, name, event.id)
        old = self._sets.get(held, {}).get(event.id)
        if old is not None and not is_newer(entry, old):
            return []
        if old is not None and held != name:
            self._before_change(held)
            self._drop(owner, held, event.id)
        self._before_change(name)
        self._store(owner, name, entry)
        if not is_idle:
            self._rerouter.enqueue(self._rerouter.reroute_of(owner, event.id, entry))
        return [(state_key(owner, event.id), pack(event))]

    def receive(self, reroute: Reroute) -> None:
        """Take what another row says of one of its events; the last word on each stands."""
        place = ReroutedKey(reroute.path, reroute.id)
        old = self._sets.get(reroute.target, {}).get(place)
        self._rerouter.is_idle = False
        new = self._arrived_entry(reroute)
        if new == old:
            return
        self._before_change(reroute.target)
        if new is None:
            self._drop(reroute.target, reroute.target, place)
        else:
            self._store(reroute.target, reroute.target, new, place)
        self._rerouter.enqueue(self._rerouter.reroute_of(reroute.target, place, new))

    def pending_reroutes(self) -> list[Reroute]:
        """Give what has to be said to other rows, each once; `receive` is their end."""
        return self._rerouter.drain()

    def current_reroutes(self) -> list[Reroute]:
        """Give all that other rows have to know of, whether said already or not."""
        if not self._rerouter.tombstones:
            return []
        return [
            reroute
            for name, event_set in self._sets.items()
            for reroute in self._rerouter.leaving(name, event_set)
        ]

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one element as it was written, in the order of writing; `fold` must follow.

        WrongErasureKey if the state was written under another one.
        """
        if key[:1] == TOMBSTONE_PREFIX and value is not None:
            self._rerouter.is_idle = False
            self._rerouter.tombstones.restore(key, value)
        elif value is None:
            owner, event_id = parse_state_key(key)
            held = self._set_holding(owner, owner, event_id)
            if event_id in self._sets.get(held, {}):
                self._drop(owner, held, event_id)
        else:
            event = unpack(value)
            owner, name = self._route(event)
            held = self._set_holding(owner, name, event.id)
            if held != name:
                self._drop(owner, held, event.id)
            self._store(owner, name, entry_of(event))

    def restore_reroute(self, reroute: Reroute) -> None:
        """Take back what stands of what other rows said; after all elements, before `fold`."""
        self._rerouter.is_idle = False
        entry = self._arrived_entry(reroute)
        if entry is not None:
            self._store(
                reroute.target, reroute.target, entry, ReroutedKey(reroute.path, reroute.id)
            )

    def apply_state(self, key: bytes, value: bytes | None) -> None:
        """Take an element that came after `fold`, written by whoever holds these rows.

        Cells follow at the next `settle`. WrongErasureKey as `restore`.
        """
        if key[:1] == TOMBSTONE_PREFIX:
            owners = [name for name in self._sets if self._rerouter.tombstones.is_of(key, name)]
            for name in owners:
                self._before_change(name)
            self.restore(key, value)
            for name in owners:
                self._drop_erased(name)
            return
        if value is None:
            owner, event_id = parse_state_key(key)
            names = {self._set_holding(owner, owner, event_id)}
        else:
            event = unpack(value)
            owner, name = self._route(event)
            names = {name, self._set_holding(owner, name, event.id)}
        for name in names:
            self._before_change(name)
        self.restore(key, value)

    def copy_from(self, other: "EventSets", owner: str) -> None:
        """Begin with a copy of the rows of one set, as another holds them."""
        names = {owner, *other._spread.get(owner, {}).values()}
        self._sets = {
            name: dict(event_set) for name in names if (event_set := other._sets.get(name))
        }
        self._spread = {owner: dict(other._spread[owner])} if owner in other._spread else {}
        self._rerouter.is_idle = other._rerouter.is_idle
        self._rerouter.tombstones = other._rerouter.tombstones.only(names)

    def _drop_erased(self, owner: str) -> None:
        """Drop what came to a set from others and was erased with it."""
        for place, entry in list(self._sets.get(owner, {}).items()):
            if isinstance(place, ReroutedKey) and self._rerouter.is_erased(owner, entry.at):
                self._drop(owner, owner, place)

    def _entries(self, name: str) -> list[Entry]:
        """Give the entries that count in a row, in their order."""
        event_set = self._sets.get(name)
        if not event_set:
            return []
        return (
            sorted(event_set.values())
            if self._rerouter.is_idle
            else self._rerouter.staying(name, event_set)
        )

    def _merge(self, owner: str, event: SubjectMerged) -> list[KeyValue]:
        """Let all events of a set go to another one, if no later merge says otherwise."""
        tombstone = self._rerouter.tombstones.of(owner)
        event = anonymised(event)
        if self._rerouter.merge_target(owner, event.into) is None or not supersedes(
            event, tombstone.merged
        ):
            return []
        return [self._set_tombstone(owner, SubjectTombstone(tombstone.erased, event), [])]

    def _erase(self, owner: str, at: int) -> list[KeyValue]:
        """Forget all events of a set up to an instant, and those that come later.

        The tombstone is the last element: as long as it is not kept, all is erased again.
        """
        tombstone = self._rerouter.tombstones.of(owner)
        if tombstone.erased is not None and tombstone.erased >= at:
            return []
        erased = [
            (name, place)
            for name in {owner, *self._spread.get(owner, {}).values()}
            for place, entry in self._sets.get(name, {}).items()
            if entry.at <= at
        ]
        record = self._set_tombstone(owner, SubjectTombstone(at, tombstone.merged), erased)
        own = (place for _, place in erased if isinstance(place, str))
        return [*((state_key(owner, event_id), None) for event_id in own), record]

    def _set_tombstone(
        self, owner: str, tombstone: SubjectTombstone, erased: list[tuple[str, str | ReroutedKey]]
    ) -> KeyValue:
        moving = self._rerouter
        before = list(moving.leaving(owner, self._sets.get(owner, {})))
        moving.is_idle = False
        self._before_change(owner)
        for name, place in erased:
            self._before_change(name)
            self._drop(owner, name, place)
        kept = moving.tombstones.set(owner, tombstone)
        moving.replace(before, moving.leaving(owner, self._sets.get(owner, {})))
        return kept

    def _arrived_entry(self, reroute: Reroute) -> Entry | None:
        if reroute.value is None:
            return None
        entry = entry_of(unpack(reroute.value))
        return None if self._rerouter.is_erased(reroute.target, entry.at) else entry

    def _store(
        self, owner: str, name: str, entry: Entry, place: str | ReroutedKey | None = None
    ) -> None:
        self._sets.setdefault(name, {})[place or entry.id] = entry
        if name != owner:
            self._spread.setdefault(owner, {})[entry.id] = name
        self._index(name, entry)

    def _drop(self, owner: str, name: str, place: str | ReroutedKey) -> None:
        del self._sets[name][place]
        if not self._sets[name]:
            del self._sets[name]
        if name != owner and isinstance(place, str):
            del self._spread[owner][place]

    def _set_holding(self, owner: str, name: str, event: str) -> str:
        """Name the row of a set that holds an id now, else the one that would."""
        spread = self._spread.get(owner)
        if spread is None and name == owner:
            return name
        if event in self._sets.get(owner, {}):
            return owner
        return (spread or {}).get(event, name)


def entry_of(event: Common) -> Entry:
    """Give an event the place in time that puts it in order."""
    return Entry(milliseconds(event.at), event.id, event)


def is_newer(new: Entry, old: Entry) -> bool:
    """Tell which of two versions of one event counts."""
    if (new.at, new.id) != (old.at, old.id):
        return (new.at, new.id) > (old.at, old.id)
    return new.event != old.event and canonical(new.event) > canonical(old.event)


def state_key(owner: str, event: str) -> bytes:
    """Name an event's place in the state: no two (owner, id) share one."""
    return f"{len(owner)}|{owner}|{event}".encode()


def parse_state_key(key: bytes) -> tuple[str, str]:
    """Read the owner and id that `element` named."""
    size, _, rest = key.decode().partition("|")
    return rest[: int(size)], rest[int(size) + 1 :]
