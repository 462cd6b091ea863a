"""What became of subjects as a whole: merged into another, erased. Kept without their names."""

import hmac
from collections.abc import Iterable
from copy import copy
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Struct

from streams.engine.calendars.calendar import milliseconds
from streams.events import SubjectMerged, canonical
from streams.events.key_value import KeyValue

# First byte of an element's name in the state; an event's own begins with a digit.
TOMBSTONE_PREFIX = b"f"
DIGEST_CACHE_SIZE = 50_000


class WrongErasureKey(Exception):
    """The state was written under another key, so that no fate in it would be recognised."""


class SubjectTombstone(Struct, frozen=True, omit_defaults=True):
    """When a set was erased last, in milliseconds, and the merge of it that stands."""

    erased: int | None = None
    merged: SubjectMerged | None = None


class _Stored(Struct, frozen=True, array_like=True):
    check: bytes
    tombstone: SubjectTombstone


NO_TOMBSTONE: Final = SubjectTombstone()
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


class SubjectTombstones:
    """The fate of each set of events, found by HMAC-SHA256 of its owner.

    Erasing a person would be in vain if the tombstone named them; the key keeps whoever sees
    the state from trying out names.
    """

    def __init__(self, key: bytes) -> None:
        """Know of no fate; `key` is a secret."""
        # Asked for several times an event, mostly of the same few owners.
        self._digest = lru_cache(DIGEST_CACHE_SIZE)(
            lambda owner: hmac.digest(key, owner.encode(), "sha256")
        )
        self._check = self._digest("")[:4]
        self._tombstones: dict[bytes, SubjectTombstone] = {}

    def __len__(self) -> int:
        """Count the sets that are not untouched."""
        return len(self._tombstones)

    def of(self, owner: str) -> SubjectTombstone:
        """Give the fate of an owner's set."""
        return self._tombstones.get(self._digest(owner), NO_TOMBSTONE)

    def is_of(self, name: bytes, owner: str) -> bool:
        """Tell whether an element is an owner's fate."""
        return name == TOMBSTONE_PREFIX + self._digest(owner)

    def only(self, owners: Iterable[str]) -> "SubjectTombstones":
        """Give a copy that knows the fates of some owners."""
        made = copy(self)
        digests = {self._digest(owner) for owner in owners}
        made._tombstones = {
            digest: self._tombstones[digest] for digest in digests & self._tombstones.keys()
        }
        return made

    def set(self, owner: str, tombstone: SubjectTombstone) -> KeyValue:
        """Set a fate; returns the element to keep."""
        digest = self._digest(owner)
        self._tombstones[digest] = tombstone
        return TOMBSTONE_PREFIX + digest, _encode(_Stored(self._check, tombstone))

    def restore(self, name: bytes, value: bytes) -> None:
        """Take back an element; WrongErasureKey if it was made with another key."""
        kept = _decode(value)
        if kept.check != self._check:
            raise WrongErasureKey
        self._tombstones[name[len(TOMBSTONE_PREFIX) :]] = kept.tombstone


def anonymised(event: SubjectMerged) -> SubjectMerged:
    """Leave out of a merge whose it is; which of two stands is still to be told."""
    return msgspec.structs.replace(event, subject="-", source=None, on_topic=None)


def supersedes(new: SubjectMerged, old: SubjectMerged | None) -> bool:
    """Tell whether a merge stands instead of another of the same set: (at, id) decides."""
    if old is None:
        return True
    ours, theirs = (milliseconds(new.at), new.id), (milliseconds(old.at), old.id)
    return ours > theirs or (ours == theirs and canonical(new) > canonical(old))
