"""Tombstones of subjects that were merged into others or erased, without their names."""

import hmac
from collections.abc import Iterable, Iterator
from copy import copy
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Struct

from streams.engine.aggregate.entry import Entry
from streams.engine.calendars.calendar import milliseconds
from streams.events import SubjectMerged, canonical, order_within
from streams.events.key_value import KeyValue

# First byte of a tombstone's key in the state; an event's key begins with a digit.
TOMBSTONE_PREFIX = b"f"
DIGEST_CACHE_SIZE = 50_000
ACCOUNT_PREFIX = "account:"
_MARK = ":~"
# Stands for the subject of a merge that is of no use to the survivor.
NO_NAME = "-"


class Pseudonyms:
    """HMAC-SHA256 of owners' names.

    Erasing a person would be in vain if what stays named them; the key prevents whoever sees the
    state from trying out names.
    """

    def __init__(self, key: bytes) -> None:
        """`key` is a secret."""
        # Needed several times per event, mostly for the same few owners.
        self.digest = lru_cache(DIGEST_CACHE_SIZE)(
            lambda owner: hmac.digest(key, owner.encode(), "sha256")
        )
        # Tells apart what was written under another key.
        self.check = self.digest("")[:4]

    def of(self, owner: str) -> str:
        """The pseudonym of an owner, which is of the same kind."""
        return f"{owner.partition(':')[0]}{_MARK}{self.digest(owner).hex()}"

    def of_account(self, account: str) -> str:
        """The pseudonym of an account."""
        return self.of(ACCOUNT_PREFIX + account)

    def is_same(self, name: str, owner: str) -> bool:
        """Whether a name, which may be a pseudonym, is that of an owner."""
        return name == owner or (_MARK in name and name == self.of(owner))


class WrongErasureKey(Exception):
    """The state was written under another key: no tombstone in it would be recognised."""


MergeOrder = tuple[int, str]


class SubjectTombstone(Struct, frozen=True, omit_defaults=True):
    """When an owner was erased last, in milliseconds, and its merges in their order.

    The last merge is in force. The others are remembered, since erasures follow them, too. No
    erasure ends a merge: later events of the owner go on to its target.
    """

    erased: int | None = None
    merges: tuple[SubjectMerged, ...] = ()

    def with_erasure(self, at: int) -> "SubjectTombstone":
        """With one erasure more: the last one counts."""
        erased = at if self.erased is None else max(at, self.erased)
        return SubjectTombstone(erased, self.merges)

    def erases(self, entry: Entry) -> bool:
        """Whether an entry is erased: an event up to that instant, but no merge."""
        is_before = self.erased is not None and entry.at <= self.erased
        return is_before and type(entry.event) is not SubjectMerged

    @property
    def known_merge(self) -> SubjectMerged | None:
        """The merge in force, if the reference data of its subject are known of the survivor.

        Its subject is a pseudonym.
        """
        last = self.merges[-1] if self.merges else None
        return None if last is None or last.subject == NO_NAME else last

    @property
    def targets(self) -> tuple[str, ...]:
        """The subjects that this one was ever merged into; the one in force is first."""
        return (*{merge.into: None for merge in reversed(self.merges)},)

    def with_merge(self, event: SubjectMerged) -> "SubjectTombstone":
        """With one merge more; of two with one id and target the later one stays."""
        merges = sorted((*self.merges, event), key=lambda each: (merge_order(each), each.into))
        by_name = {(each.id, each.into): each for each in merges}
        kept = sorted(by_name.values(), key=lambda each: (merge_order(each), canonical(each)))
        return SubjectTombstone(self.erased, tuple(kept))


class _Stored(Struct, frozen=True, array_like=True):
    check: bytes
    tombstone: SubjectTombstone


NO_TOMBSTONE: Final = SubjectTombstone()
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


class SubjectTombstones:
    """The tombstones of owners, by the digests of their names."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        """Start empty."""
        self._digest = pseudonyms.digest
        self._check = pseudonyms.check
        self._tombstones: dict[bytes, SubjectTombstone] = {}

    def __len__(self) -> int:
        """The number of owners with a tombstone."""
        return len(self._tombstones)

    def __iter__(self) -> Iterator[SubjectTombstone]:
        """All tombstones; whose they are is not known."""
        return iter(self._tombstones.values())

    def of(self, owner: str) -> SubjectTombstone:
        """The tombstone of an owner."""
        return self._tombstones.get(self._digest(owner), NO_TOMBSTONE)

    def is_of(self, name: bytes, owner: str) -> bool:
        """Whether a key of the state is that of an owner's tombstone."""
        return name == TOMBSTONE_PREFIX + self._digest(owner)

    def only(self, owners: Iterable[str]) -> "SubjectTombstones":
        """A copy with the tombstones of some owners."""
        subset = copy(self)
        digests = {self._digest(owner) for owner in owners}
        subset._tombstones = {
            digest: self._tombstones[digest] for digest in digests & self._tombstones.keys()
        }
        return subset

    def set(self, owner: str, tombstone: SubjectTombstone) -> KeyValue:
        """Set a tombstone; returns the record for the state changelog."""
        digest = self._digest(owner)
        self._tombstones[digest] = tombstone
        return TOMBSTONE_PREFIX + digest, _encode(_Stored(self._check, tombstone))

    def records(self) -> Iterator[KeyValue]:
        """All tombstones as records of the state changelog."""
        for digest, tombstone in self._tombstones.items():
            yield TOMBSTONE_PREFIX + digest, _encode(_Stored(self._check, tombstone))

    def restore(self, name: bytes, value: bytes) -> None:
        """Apply a record of the state changelog. Raises WrongErasureKey."""
        stored = _decode(value)
        if stored.check != self._check:
            raise WrongErasureKey
        self._tombstones[name[len(TOMBSTONE_PREFIX) :]] = stored.tombstone


def merge_order(event: SubjectMerged) -> MergeOrder:
    """The order of a merge among those of all subjects."""
    return milliseconds(event.at), order_within(event)
