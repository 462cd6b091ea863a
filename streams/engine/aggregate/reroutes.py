"""Merged subjects: which events count in their own event set, and which are rerouted.

All events of a merged subject count as events of its merge target, and so on along a chain. An
event goes hop by hop, for a tombstone is known in its own partition only; it stops where the
next hop would be a subject that it has passed, so that a cycle ends.
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
    """The key in an event set of a rerouted event: its path so far, and its identity."""

    path: Path
    identity: str


# By identity, or by ReroutedKey for events from other event sets.
EventSet = dict[str | ReroutedKey, Entry]


class Reroute(NamedTuple):
    """One event on its way to the event set of `target`: its bytes, or None if it is gone.

    `path` are the owners that it passed, its own first. A reroute replaces earlier ones of the
    same target, path and identity.
    """

    target: str
    path: Path
    identity: str
    value: bytes | None

    @property
    def key(self) -> bytes:
        """The encoded target, path and identity."""
        return _encode((self.target, self.path, self.identity))

    @property
    def subject(self) -> str:
        """The subject of the target."""
        return self.target.partition(":")[2]

    @classmethod
    def read(cls, key: bytes, value: bytes | None) -> "Reroute":
        """Decode a key and its value."""
        return cls(*_decode(key), value)


class Rerouter:
    """The tombstones of one partition, and the reroutes not drained yet."""

    def __init__(self, key: bytes, merge_target: MergeTarget) -> None:
        """`merge_target` gives the owner that another is merged into; `key` is a secret."""
        self.tombstones = SubjectTombstones(key)
        self.merge_target = merge_target
        # As long as nothing was ever merged or erased here, rerouting costs no time.
        self.is_idle = True
        self._pending: dict[bytes, Reroute] = {}

    def is_erased(self, owner: str, at: int) -> bool:
        """Whether an event of an owner falls under its erasure."""
        erased = self.tombstones.of(owner).erased
        return erased is not None and at <= erased

    def next_hop(self, path: Path) -> str | None:
        """The next owner after the last one of an event's path; None if the event stays."""
        merged = self.tombstones.of(path[-1]).merged
        if merged is None:
            return None
        target = self.merge_target(path[-1], merged.into)
        return None if target in path else target

    def staying(self, owner: str, event_set: EventSet) -> list[Entry]:
        """The entries that count in this event set, by (at, order, original owner).

        The identities of events of different origins may be equal.
        """
        own, arrived = [], {}
        is_away = self.next_hop((owner,)) is not None
        for key, entry in event_set.items():
            if isinstance(key, ReroutedKey):
                if self.next_hop((*key.path, owner)) is None:
                    # An event on its way from one hop to the next may be in both.
                    arrived[key.path[0], key.identity] = entry
            elif not is_away:
                own.append(entry)
        if not arrived:
            return sorted(own)
        found = [(owner, entry) for entry in own]
        found += [(origin, entry) for (origin, _), entry in arrived.items()]
        found.sort(key=lambda pair: (pair[1].at, pair[1].order, pair[0]))
        return [entry for _, entry in found]

    def leaving(self, owner: str, event_set: EventSet) -> Iterator[Reroute]:
        """The reroutes of all entries of an event set that do not stay."""
        if self.tombstones.of(owner).merged is None:
            return
        for key, entry in event_set.items():
            reroute = self.reroute_of(owner, key, entry)
            if reroute is not None:
                yield reroute

    def reroute_of(self, owner: str, key: str | ReroutedKey, entry: Entry | None) -> Reroute | None:
        """The reroute of an entry of an event set; None if it stays."""
        passed, identity = key if isinstance(key, ReroutedKey) else ((), key)
        path = (*passed, owner)
        target = self.next_hop(path)
        if target is None:
            return None
        return Reroute(target, path, identity, None if entry is None else pack(entry.event))

    def enqueue(self, reroute: Reroute | None) -> None:
        """Let a reroute wait for `drain`; a later one of the same entry replaces it."""
        if reroute is not None:
            self._pending[reroute.key] = reroute

    def replace(self, before: Iterable[Reroute], after: Iterable[Reroute]) -> None:
        """Enqueue what turns the reroutes in force before into those in force after."""
        old, new = _by_key(before), _by_key(after)
        for key, reroute in old.items():
            if key not in new:
                self.enqueue(reroute._replace(value=None))
        for key, reroute in new.items():
            if old.get(key) != reroute:
                self.enqueue(reroute)

    def drain(self) -> list[Reroute]:
        """The reroutes that wait, each once."""
        drained, self._pending = list(self._pending.values()), {}
        return drained


def _by_key(reroutes: Iterable[Reroute]) -> Mapping[bytes, Reroute]:
    return {reroute.key: reroute for reroute in reroutes}
