"""Merged subjects: which events count in their own event set, and which are rerouted.

All events of a merged subject count as events of its merge target, and so on along a chain. An
event goes hop by hop, for a tombstone is known in its own partition only. Its path has the order
of each merge: where the next hop would close a circle, the last of the circle's merges is known,
and the event goes on to the subject that this one names, wherever that is.

An event that comes to an erased owner is refused, and the owner that sent it is notified of the
erasure, so that nothing is left of it. An event also follows merges that later ones replaced: it
counts nowhere there, but is erased with their targets. Otherwise what is left would depend on
whether an erasure or the later merge came first, for what was erased does not come back.

A merge of an account is rerouted itself, for what is known of the account is known of the survivor.
It comes from the tombstone, under a pseudonym, and no erasure reaches it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from streams.engine.aggregate.entry import Entry, entry_of, identity_of
from streams.engine.aggregate.tombstones import (
    ACCOUNT_PREFIX,
    NO_NAME,
    NO_TOMBSTONE,
    MergeOrder,
    Pseudonyms,
    SubjectTombstone,
    SubjectTombstones,
    merge_order,
)
from streams.events import SubjectMerged, pack, unpack


class Hop(NamedTuple):
    """An owner that an event passed, and the order of the merge by which it went on.

    A merge that was replaced has no order here, and the event counts nowhere from there on. The
    first owner that a rerouted merge passed has a pseudonym.
    """

    owner: str
    order: MergeOrder | None = None


Path = tuple[Hop, ...]
MergeTarget = Callable[[str, str], str | None]
# No event's identity is empty.
NOTICE_ID = ""
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

    @property
    def is_notice(self) -> bool:
        """Whether it is no event, but notifies an owner that it is erased with another."""
        return self.identity == NOTICE_ID

    @property
    def erased(self) -> int | None:
        """The instant of the erasure that a notice is about; None for one withdrawn."""
        return int(self.value) if self.value else None

    @classmethod
    def read(cls, key: bytes, value: bytes | None) -> "Reroute":
        """Decode a key and its value."""
        return cls(*_decode(key), value)


class Rerouter:
    """The tombstones of one partition, and the reroutes not drained yet."""

    def __init__(self, pseudonyms: Pseudonyms, merge_target: MergeTarget) -> None:
        """`merge_target` gives the owner that another is merged into."""
        self._pseudonyms = pseudonyms
        self._is_same = pseudonyms.is_same
        self.tombstones = SubjectTombstones(pseudonyms)
        self.merge_target = merge_target
        # As long as nothing was ever merged or erased here, rerouting costs no time.
        self.is_idle = True
        self.has_received = False
        self._pending: dict[bytes, Reroute] = {}
        # By owner, what came there after its erasure and was not withdrawn yet.
        self._refused: dict[str, set[ReroutedKey]] = {}

    def is_erased(self, owner: str, entry: Entry) -> bool:
        """Whether an entry of an owner falls under its erasure."""
        return self.tombstones.of(owner).erases(entry)

    def has_no_tombstone(self, owner: str) -> bool:
        """Whether an owner was neither merged nor erased."""
        return self.is_idle or self.tombstones.of(owner) == NO_TOMBSTONE

    def anonymised(self, owner: str, event: SubjectMerged) -> SubjectMerged:
        """A merge without the subject's name, but with what decides its order.

        Accounts alone have reference data, and so a pseudonym by which these are found.
        """
        name = self._pseudonyms.of(owner) if owner.startswith(ACCOUNT_PREFIX) else NO_NAME
        return msgspec.structs.replace(event, subject=name, source=None, on_topic=None)

    def onward(self, passed: Path, owner: str) -> Iterator[tuple[str, Path]]:
        """Where an event goes from an owner: the next owners, and the paths there."""
        # Otherwise it went round a circle, and this is the one that the last merge names.
        if not any(self._is_same(hop.owner, owner) for hop in passed):
            yield from self._onward(passed, owner, self.tombstones.of(owner))

    def _onward(
        self, passed: Path, owner: str, tombstone: SubjectTombstone
    ) -> Iterator[tuple[str, Path]]:
        if not tombstone.merges:
            return
        order: MergeOrder | None = merge_order(tombstone.merges[-1])
        for into in tombstone.targets:
            path, order = (*passed, Hop(owner, order)), None
            target = self.merge_target(owner, into)
            if target is None:
                continue
            begin = next(
                (n for n, hop in enumerate(path) if self._is_same(hop.owner, target)), None
            )
            if begin is None:
                yield target, path
            elif counts(path):
                circle = (path[begin]._replace(owner=target), *path[begin + 1 :])
                if (last := _last_target(circle)) != circle[-1].owner:
                    yield last, path

    def stays(self, passed: Path, owner: str) -> bool:
        """Whether an event counts at an owner."""
        return counts(passed) and not any(counts(path) for _, path in self.onward(passed, owner))

    def staying(self, owner: str, event_set: EventSet) -> list[Entry]:
        """The entries that count in this event set, by (at, order, original owner).

        The identities of events of different origins may be equal.
        """
        own, arrived = [], {}
        has_own = self.stays((), owner)
        for key, entry in event_set.items():
            if isinstance(key, ReroutedKey):
                if self.stays(key.path, owner):
                    # An event on its way from one hop to the next may be in both.
                    arrived[key.path[0].owner, key.identity] = entry
            elif has_own:
                own.append(entry)
        if not arrived:
            return sorted(own)
        found = [(owner, entry) for entry in own]
        found += [(origin, entry) for (origin, _), entry in arrived.items()]
        found.sort(key=lambda pair: (pair[1].at, pair[1].order, pair[0]))
        return [entry for _, entry in found]

    def leaving(self, owner: str, event_set: EventSet) -> Iterator[Reroute]:
        """The reroutes of all entries of an event set."""
        for key, entry in event_set.items():
            yield from self.reroutes_of(owner, key, entry)

    def reroutes_of(
        self, owner: str, key: str | ReroutedKey, entry: Entry | None
    ) -> Iterator[Reroute]:
        """The reroutes of an entry of an event set; None for one that is gone."""
        passed, identity = key if isinstance(key, ReroutedKey) else ((), key)
        value = None
        for target, path in self.onward(passed, owner):
            if entry is not None and value is None:
                value = pack(entry.event)
            yield Reroute(target, path, identity, value)

    def reroutes_of_merge(self, tombstone: SubjectTombstone) -> Iterator[Reroute]:
        """The reroute of a merge itself, to the survivor that knows what its subject knew."""
        merge = tombstone.known_merge
        if merge is not None:
            for target, path in self._onward((), merge.subject, tombstone):
                if counts(path):
                    yield Reroute(target, path, identity_of(entry_of(merge)), pack(merge))

    def receive(self, reroute: Reroute, key: ReroutedKey) -> Entry | None:
        """Admit a reroute, and enqueue the notices that change by it."""
        notices = list(self.notices(reroute.target))
        entry = self.admit(reroute, key)
        self.replace(notices, self.notices(reroute.target))
        return entry

    def admit(self, reroute: Reroute, key: ReroutedKey) -> Entry | None:
        """The entry of a reroute that arrives; None if it is gone or refused."""
        target = reroute.target
        self.has_received = True
        entry = None if reroute.value is None else entry_of(unpack(reroute.value))
        is_refused = entry is not None and self.is_erased(target, entry)
        if is_refused:
            self._refused.setdefault(target, set()).add(key)
        elif target in self._refused:
            self._refused[target].discard(key)
        return None if is_refused else entry

    def refuse(self, owner: str, key: str | ReroutedKey) -> None:
        """Remember that an entry was erased; its own ones have no sender."""
        if isinstance(key, ReroutedKey):
            self._refused.setdefault(owner, set()).add(key)

    def notices(self, owner: str) -> Iterator[Reroute]:
        """The notices in force to the owners whose events were refused here."""
        refused = self._refused.get(owner)
        if refused:
            value = b"%d" % (self.tombstones.of(owner).erased or 0)
            for sender in {key.path[-1].owner for key in refused}:
                yield Reroute(sender, (Hop(owner),), NOTICE_ID, value)

    def outgoing(self, owner: str, event_set: EventSet) -> Iterator[Reroute]:
        """The reroutes in force of an event set, and the notices and the merge of its owner."""
        yield from self.leaving(owner, event_set)
        yield from self.notices(owner)
        yield from self.reroutes_of_merge(self.tombstones.of(owner))

    def current(self, sets: Mapping[str, EventSet]) -> list[Reroute]:
        """All reroutes and notices in force."""
        found = [it for owner in sets for it in self.leaving(owner, sets[owner])]
        found += [it for owner in self._refused for it in self.notices(owner)]
        found += [it for tombstone in self.tombstones for it in self.reroutes_of_merge(tombstone)]
        return found

    def enqueue(self, reroutes: Iterable[Reroute]) -> None:
        """Let reroutes wait for `drain`; a later one of the same entry replaces it."""
        for reroute in reroutes:
            self._pending[reroute.key] = reroute

    def replace(self, before: Iterable[Reroute], after: Iterable[Reroute]) -> None:
        """Enqueue what turns the reroutes in force before into those in force after."""
        old, new = _by_key(before), _by_key(after)
        for key, reroute in old.items():
            if key not in new:
                self.enqueue([reroute._replace(value=None)])
        for key, reroute in new.items():
            if old.get(key) != reroute:
                self.enqueue([reroute])

    def drain(self) -> list[Reroute]:
        """The reroutes that wait, each once."""
        drained, self._pending = list(self._pending.values()), {}
        return drained


def counts(path: Path) -> bool:
    """Whether what went along a path counts: all its merges are in force."""
    return all(hop.order is not None for hop in path)


def _last_target(circle: Path) -> str:
    """The owner that the last merge of a circle names."""
    last = max(range(len(circle)), key=lambda number: (circle[number].order, circle[number].owner))
    return circle[(last + 1) % len(circle)].owner


def _by_key(reroutes: Iterable[Reroute]) -> Mapping[bytes, Reroute]:
    return {reroute.key: reroute for reroute in reroutes}
