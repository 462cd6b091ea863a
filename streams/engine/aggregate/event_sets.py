"""One partition's rows: the set of events of each subject, and what a row says to another.

Whatever changes a row goes through here: events, merges, erasures, words of other rows.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from streams.engine.aggregate.entry import Entry
from streams.engine.aggregate.reroutes import (
    Move,
    Moving,
    Passage,
    Row,
    Survivor,
)
from streams.engine.aggregate.tombstones import (
    MARK,
    Element,
    Fate,
    nameless,
    supersedes,
)
from streams.engine.calendars.calendar import milliseconds
from streams.events import (
    Event,
    SubjectErased,
    SubjectMerged,
    canonical,
    pack,
    unpack,
)
from streams.events.model import Common


class Rows(ABC):
    """Sets of events, whatever order they come in; a shard adds up what they come to."""

    def __init__(
        self, place: Callable[[Any], tuple[str, str]], survivor: Survivor, erasure_key: bytes
    ) -> None:
        """Start empty; `place` and `survivor` are the catalogue's."""
        self._place = place
        self._moving = Moving(erasure_key, survivor)
        self._rows: dict[str, Row] = {}
        # Where a set is spread over rows: which one holds an id.
        self._spread: dict[str, dict[str, str]] = {}

    @abstractmethod
    def _touch(self, name: str) -> None:
        """Note that a row is about to change."""

    @abstractmethod
    def _index(self, name: str, entry: Entry) -> None:
        """Note what else than events a row depends on with this entry."""

    def add(self, event: Event) -> list[Element]:
        """Put an event in its row; returns the elements to keep, None for one to forget.

        Of two events with one id the one with the greater `at` stands, then the one with the
        greater bytes. Merges and erasures are apart: they share no id with other events. Cells
        follow at the next `settle`, what has to be said to other rows at the next `moves`.
        """
        owner, name = self._place(event)
        if type(event) is SubjectMerged:
            return self._merge(owner, event)
        if type(event) is SubjectErased:
            return self._erase(owner, milliseconds(event.at))
        entry = entry_of(event)
        is_idle = self._moving.is_idle
        if not is_idle and self._moving.is_erased(owner, entry.at):
            return []
        held = self._held(owner, name, event.id)
        old = self._rows.get(held, {}).get(event.id)
        if old is not None and not stands(entry, old):
            return []
        if old is not None and held != name:
            self._touch(held)
            self._drop(owner, held, event.id)
        self._touch(name)
        self._keep(owner, name, entry)
        if not is_idle:
            self._moving.send(self._moving.move(owner, event.id, entry))
        return [(element(owner, event.id), pack(event))]

    def receive(self, move: Move) -> None:
        """Take what another row says of one of its events; the last word on each stands."""
        place = Passage(move.path, move.id)
        old = self._rows.get(move.target, {}).get(place)
        self._moving.is_idle = False
        new = self._arrival(move)
        if new == old:
            return
        self._touch(move.target)
        if new is None:
            self._drop(move.target, move.target, place)
        else:
            self._keep(move.target, move.target, new, place)
        self._moving.send(self._moving.move(move.target, place, new))

    def moves(self) -> list[Move]:
        """Give what has to be said to other rows, each once; `receive` is their end."""
        return self._moving.take()

    def standing_moves(self) -> list[Move]:
        """Give all that other rows have to know of, whether said already or not."""
        if not self._moving.fates:
            return []
        return [
            move for name, row in self._rows.items() for move in self._moving.leaving(name, row)
        ]

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one element as it was written, in the order of writing; `fold` must follow.

        WrongErasureKey if the state was written under another one.
        """
        if key[:1] == MARK and value is not None:
            self._moving.is_idle = False
            self._moving.fates.restore(key, value)
        elif value is None:
            owner, event_id = element_of(key)
            held = self._held(owner, owner, event_id)
            if event_id in self._rows.get(held, {}):
                self._drop(owner, held, event_id)
        else:
            event = unpack(value)
            owner, name = self._place(event)
            held = self._held(owner, name, event.id)
            if held != name:
                self._drop(owner, held, event.id)
            self._keep(owner, name, entry_of(event))

    def restore_move(self, move: Move) -> None:
        """Take back what stands of what other rows said; after all elements, before `fold`."""
        self._moving.is_idle = False
        entry = self._arrival(move)
        if entry is not None:
            self._keep(move.target, move.target, entry, Passage(move.path, move.id))

    def follow(self, key: bytes, value: bytes | None) -> None:
        """Take an element that came after `fold`, written by whoever holds these rows.

        Cells follow at the next `settle`. WrongErasureKey as `restore`.
        """
        if key[:1] == MARK:
            owners = [name for name in self._rows if self._moving.fates.is_of(key, name)]
            for name in owners:
                self._touch(name)
            self.restore(key, value)
            for name in owners:
                self._drop_erased(name)
            return
        if value is None:
            owner, event_id = element_of(key)
            names = {self._held(owner, owner, event_id)}
        else:
            event = unpack(value)
            owner, name = self._place(event)
            names = {name, self._held(owner, name, event.id)}
        for name in names:
            self._touch(name)
        self.restore(key, value)

    def borrow(self, other: "Rows", owner: str) -> None:
        """Begin with a copy of the rows of one set, as another holds them."""
        names = {owner, *other._spread.get(owner, {}).values()}
        self._rows = {name: dict(row) for name in names if (row := other._rows.get(name))}
        self._spread = {owner: dict(other._spread[owner])} if owner in other._spread else {}
        self._moving.is_idle = other._moving.is_idle
        self._moving.fates = other._moving.fates.only(names)

    def _drop_erased(self, owner: str) -> None:
        """Drop what came to a set from others and was erased with it."""
        for place, entry in list(self._rows.get(owner, {}).items()):
            if isinstance(place, Passage) and self._moving.is_erased(owner, entry.at):
                self._drop(owner, owner, place)

    def _entries(self, name: str) -> list[Entry]:
        """Give the entries that count in a row, in their order."""
        row = self._rows.get(name)
        if not row:
            return []
        return sorted(row.values()) if self._moving.is_idle else self._moving.staying(name, row)

    def _merge(self, owner: str, event: SubjectMerged) -> list[Element]:
        """Let all events of a set go to another one, if no later merge says otherwise."""
        fate = self._moving.fates.of(owner)
        event = nameless(event)
        if self._moving.survivor(owner, event.into) is None or not supersedes(event, fate.merged):
            return []
        return [self._decide(owner, Fate(fate.erased, event), [])]

    def _erase(self, owner: str, at: int) -> list[Element]:
        """Forget all events of a set up to an instant, and those that come later.

        The tombstone is the last element: as long as it is not kept, all is erased again.
        """
        fate = self._moving.fates.of(owner)
        if fate.erased is not None and fate.erased >= at:
            return []
        erased = [
            (name, place)
            for name in {owner, *self._spread.get(owner, {}).values()}
            for place, entry in self._rows.get(name, {}).items()
            if entry.at <= at
        ]
        tombstone = self._decide(owner, Fate(at, fate.merged), erased)
        own = (place for _, place in erased if isinstance(place, str))
        return [*((element(owner, event_id), None) for event_id in own), tombstone]

    def _decide(self, owner: str, fate: Fate, erased: list[tuple[str, str | Passage]]) -> Element:
        moving = self._moving
        before = list(moving.leaving(owner, self._rows.get(owner, {})))
        moving.is_idle = False
        self._touch(owner)
        for name, place in erased:
            self._touch(name)
            self._drop(owner, name, place)
        kept = moving.fates.decide(owner, fate)
        moving.follow(before, moving.leaving(owner, self._rows.get(owner, {})))
        return kept

    def _arrival(self, move: Move) -> Entry | None:
        if move.value is None:
            return None
        entry = entry_of(unpack(move.value))
        return None if self._moving.is_erased(move.target, entry.at) else entry

    def _keep(
        self, owner: str, name: str, entry: Entry, place: str | Passage | None = None
    ) -> None:
        self._rows.setdefault(name, {})[place or entry.id] = entry
        if name != owner:
            self._spread.setdefault(owner, {})[entry.id] = name
        self._index(name, entry)

    def _drop(self, owner: str, name: str, place: str | Passage) -> None:
        del self._rows[name][place]
        if not self._rows[name]:
            del self._rows[name]
        if name != owner and isinstance(place, str):
            del self._spread[owner][place]

    def _held(self, owner: str, name: str, event: str) -> str:
        """Name the row of a set that holds an id now, else the one that would."""
        spread = self._spread.get(owner)
        if spread is None and name == owner:
            return name
        if event in self._rows.get(owner, {}):
            return owner
        return (spread or {}).get(event, name)


def entry_of(event: Common) -> Entry:
    """Give an event the place in time that puts it in order."""
    return Entry(milliseconds(event.at), event.id, event)


def stands(new: Entry, old: Entry) -> bool:
    """Tell which of two versions of one event counts."""
    if (new.at, new.id) != (old.at, old.id):
        return (new.at, new.id) > (old.at, old.id)
    return new.event != old.event and canonical(new.event) > canonical(old.event)


def element(owner: str, event: str) -> bytes:
    """Name an event's place in the state: no two (owner, id) share one."""
    return f"{len(owner)}|{owner}|{event}".encode()


def element_of(key: bytes) -> tuple[str, str]:
    """Read the owner and id that `element` named."""
    size, _, rest = key.decode().partition("|")
    return rest[: int(size)], rest[int(size) + 1 :]
