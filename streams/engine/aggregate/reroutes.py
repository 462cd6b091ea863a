"""Merged subjects: which events of a row count there, and which go on to another row.

All events of a merged subject count as events of the one it was merged into, and so on along
a chain. An event goes hop by hop, for each subject's fate is known in its own shard only; it
stops where the next hop would be a subject on its way already, so that a cycle ends.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from streams.engine.aggregate.entry import Entry
from streams.engine.aggregate.tombstones import SubjectTombstones
from streams.events import pack

Path = tuple[str, ...]
MergeTarget = Callable[[str, str], str | None]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, Path, str]).decode


class ReroutedKey(NamedTuple):
    """Where in a row an event stands that came from another: its way so far, and its id."""

    path: Path
    id: str


# A row's own events stand under their ids.
EventSet = dict[str | ReroutedKey, Entry]


class Reroute(NamedTuple):
    """What is said to the row of `target` of one event: its bytes, or None if it is gone.

    `path` names the owners it came by, its own first. Whatever was said before of the same
    target, path and id no longer counts.
    """

    target: str
    path: Path
    id: str
    value: bytes | None

    @property
    def key(self) -> bytes:
        """Name target, path and id."""
        return _encode((self.target, self.path, self.id))

    @property
    def subject(self) -> str:
        """The subject it goes to."""
        return self.target.partition(":")[2]

    @classmethod
    def read(cls, key: bytes, value: bytes | None) -> "Reroute":
        """Read a key and value written earlier."""
        return cls(*_decode(key), value)


class Rerouter:
    """The fates of one shard's rows, and what has to leave them since the last `take`."""

    def __init__(self, key: bytes, merge_target: MergeTarget) -> None:
        """Know of no fate; `survivor` names who takes over an owner's set, `key` is a secret."""
        self.tombstones = SubjectTombstones(key)
        self.merge_target = merge_target
        # As long as nothing was ever merged or erased here nothing of this costs any time.
        self.is_idle = True
        self._pending: dict[bytes, Reroute] = {}

    def is_erased(self, owner: str, at: int) -> bool:
        """Tell whether an event of an owner's set is out for good."""
        erased = self.tombstones.of(owner).erased
        return erased is not None and at <= erased

    def next_hop(self, path: Path) -> str | None:
        """Say where an event goes on from the last owner of its path; None if it stays."""
        merged = self.tombstones.of(path[-1]).merged
        if merged is None:
            return None
        target = self.merge_target(path[-1], merged.into)
        return None if target in path else target

    def staying(self, owner: str, event_set: EventSet) -> list[Entry]:
        """Give the entries that count in this row, by (at, id, original owner).

        Ids of different origins may be equal: they are put in order here and numbered.
        """
        own, came = [], {}
        is_away = self.next_hop((owner,)) is not None
        for place, entry in event_set.items():
            if isinstance(place, ReroutedKey):
                if self.next_hop((*place.path, owner)) is None:
                    # While an event is on its way from one hop to another it may be in both.
                    came[place.path[0], place.id] = entry
            elif not is_away:
                own.append(entry)
        if not came:
            return sorted(own)
        found = [(owner, entry) for entry in own]
        found += [(origin, entry) for (origin, _), entry in came.items()]
        found.sort(key=lambda pair: (pair[1].at, pair[1].id, pair[0]))
        return [entry._replace(id=f"{n:09}") for n, (_, entry) in enumerate(found)]

    def leaving(self, owner: str, event_set: EventSet) -> Iterator[Reroute]:
        """Give the moves of all entries of a row that do not stay."""
        if self.tombstones.of(owner).merged is None:
            return
        for place, entry in event_set.items():
            reroute = self.reroute_of(owner, place, entry)
            if reroute is not None:
                yield reroute

    def reroute_of(
        self, owner: str, place: str | ReroutedKey, entry: Entry | None
    ) -> Reroute | None:
        """Give the move that an entry of a row makes; None if it stays."""
        came, event_id = place if isinstance(place, ReroutedKey) else ((), place)
        path = (*came, owner)
        target = self.next_hop(path)
        if target is None:
            return None
        return Reroute(target, path, event_id, None if entry is None else pack(entry.event))

    def enqueue(self, reroute: Reroute | None) -> None:
        """Let a move wait for `take`; a later one of the same entry replaces it."""
        if reroute is not None:
            self._pending[reroute.key] = reroute

    def replace(self, before: Iterable[Reroute], after: Iterable[Reroute]) -> None:
        """Let wait what turns the moves made before into those to be made now."""
        old, new = _by_key(before), _by_key(after)
        for key, reroute in old.items():
            if key not in new:
                self.enqueue(reroute._replace(value=None))
        for key, reroute in new.items():
            if old.get(key) != reroute:
                self.enqueue(reroute)

    def drain(self) -> list[Reroute]:
        """Give what waits, once."""
        taken, self._pending = list(self._pending.values()), {}
        return taken


def _by_key(reroutes: Iterable[Reroute]) -> Mapping[bytes, Reroute]:
    return {reroute.key: reroute for reroute in reroutes}
