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

# First byte of an element's name in the state; an event's own begins with a digit.
MARK = b"f"
REMEMBERED = 50_000
Element = tuple[bytes, bytes | None]


class WrongErasureKey(Exception):
    """The state was written under another key, so that no fate in it would be recognised."""


class Fate(Struct, frozen=True, omit_defaults=True):
    """When a set was erased last, in milliseconds, and the merge of it that stands."""

    erased: int | None = None
    merged: SubjectMerged | None = None


class _Kept(Struct, frozen=True, array_like=True):
    check: bytes
    fate: Fate


UNTOUCHED: Final = Fate()
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Kept).decode


class Fates:
    """The fate of each set of events, found by HMAC-SHA256 of its owner.

    Erasing a person would be in vain if the tombstone named them; the key keeps whoever sees
    the state from trying out names.
    """

    def __init__(self, key: bytes) -> None:
        """Know of no fate; `key` is a secret."""
        # Asked for several times an event, mostly of the same few owners.
        self._digest = lru_cache(REMEMBERED)(
            lambda owner: hmac.digest(key, owner.encode(), "sha256")
        )
        self._check = self._digest("")[:4]
        self._known: dict[bytes, Fate] = {}

    def __len__(self) -> int:
        """Count the sets that are not untouched."""
        return len(self._known)

    def of(self, owner: str) -> Fate:
        """Give the fate of an owner's set."""
        return self._known.get(self._digest(owner), UNTOUCHED)

    def is_of(self, name: bytes, owner: str) -> bool:
        """Tell whether an element is an owner's fate."""
        return name == MARK + self._digest(owner)

    def only(self, owners: Iterable[str]) -> "Fates":
        """Give a copy that knows the fates of some owners."""
        made = copy(self)
        digests = {self._digest(owner) for owner in owners}
        made._known = {digest: self._known[digest] for digest in digests & self._known.keys()}
        return made

    def decide(self, owner: str, fate: Fate) -> Element:
        """Set a fate; returns the element to keep."""
        digest = self._digest(owner)
        self._known[digest] = fate
        return MARK + digest, _encode(_Kept(self._check, fate))

    def restore(self, name: bytes, value: bytes) -> None:
        """Take back an element; WrongErasureKey if it was made with another key."""
        kept = _decode(value)
        if kept.check != self._check:
            raise WrongErasureKey
        self._known[name[len(MARK) :]] = kept.fate


def nameless(event: SubjectMerged) -> SubjectMerged:
    """Leave out of a merge whose it is; which of two stands is still to be told."""
    return msgspec.structs.replace(event, subject="-", source=None, on_topic=None)


def supersedes(new: SubjectMerged, old: SubjectMerged | None) -> bool:
    """Tell whether a merge stands instead of another of the same set: (at, id) decides."""
    if old is None:
        return True
    ours, theirs = (milliseconds(new.at), new.id), (milliseconds(old.at), old.id)
    return ours > theirs or (ours == theirs and canonical(new) > canonical(old))
