"""Tombstones of subjects that were merged into others or erased, without their names."""

import hmac
from collections.abc import Iterable
from copy import copy
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Struct

from streams.engine.calendars.calendar import milliseconds
from streams.events import SubjectMerged, canonical, order_within
from streams.events.key_value import KeyValue

# First byte of a tombstone's key in the state; an event's key begins with a digit.
TOMBSTONE_PREFIX = b"f"
DIGEST_CACHE_SIZE = 50_000


class WrongErasureKey(Exception):
    """The state was written under another key: no tombstone in it would be recognised."""


class SubjectTombstone(Struct, frozen=True, omit_defaults=True):
    """When an owner was erased last, in milliseconds, and its merge in force."""

    erased: int | None = None
    merged: SubjectMerged | None = None


class _Stored(Struct, frozen=True, array_like=True):
    check: bytes
    tombstone: SubjectTombstone


NO_TOMBSTONE: Final = SubjectTombstone()
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


class SubjectTombstones:
    """The tombstones of owners, by HMAC-SHA256 of their names.

    Erasing a person would be in vain if the tombstone named them; the key prevents whoever sees
    the state from trying out names.
    """

    def __init__(self, key: bytes) -> None:
        """Start empty; `key` is a secret."""
        # Needed several times per event, mostly for the same few owners.
        self._digest = lru_cache(DIGEST_CACHE_SIZE)(
            lambda owner: hmac.digest(key, owner.encode(), "sha256")
        )
        self._check = self._digest("")[:4]
        self._tombstones: dict[bytes, SubjectTombstone] = {}

    def __len__(self) -> int:
        """The number of owners with a tombstone."""
        return len(self._tombstones)

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

    def restore(self, name: bytes, value: bytes) -> None:
        """Apply a record of the state changelog. Raises WrongErasureKey."""
        stored = _decode(value)
        if stored.check != self._check:
            raise WrongErasureKey
        self._tombstones[name[len(TOMBSTONE_PREFIX) :]] = stored.tombstone


def anonymised(event: SubjectMerged) -> SubjectMerged:
    """A merge without the subject's name, but with what `supersedes` compares."""
    return msgspec.structs.replace(event, subject="-", source=None, on_topic=None)


def supersedes(new: SubjectMerged, old: SubjectMerged | None) -> bool:
    """Whether a merge replaces another one of the same owner: the later one stands."""
    if old is None:
        return True
    ours = milliseconds(new.at), order_within(new)
    theirs = milliseconds(old.at), order_within(old)
    return ours > theirs or (ours == theirs and canonical(new) > canonical(old))
