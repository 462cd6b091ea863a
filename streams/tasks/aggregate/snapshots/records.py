"""Snapshots of aggregates in the state changelog: the keys and values of their records."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

import msgspec
from msgspec import Struct

from streams.tasks.reference_data import ReferencePosition

# First byte of their keys in the state changelog.
SNAPSHOT_PREFIX = b"s"
MANIFEST_KEY = SNAPSHOT_PREFIX
# Manifests of other formats are not read.
FORMAT = "whole state"
DIGEST_BYTES = 16
LENGTH_BYTES = 4


class Manifest(Struct, frozen=True, tag=FORMAT):
    """The last record of a snapshot, which stands for all records before it, and none after it.

    Attributes:
        parts: How many parts it has, which are the records before it.
        digest: A digest of all parts: any other set of parts is another snapshot's.
        fingerprint: What the cells depend on besides the records, as a digest.
        clock: The instant up to which time had changed the cells, in milliseconds.
        events: The number of events in the state.
        reference: The positions of the reference topics.
        start: The offset of its first part.
        state: The records of the state changelog that are about no event.
    """

    parts: int
    digest: str
    fingerprint: str
    clock: int
    events: int
    reference: Mapping[str, ReferencePosition]
    start: int
    state: Sequence[tuple[bytes, bytes]]


encode_manifest = msgspec.json.Encoder().encode
decode_manifest = msgspec.json.Decoder(Manifest).decode


def part_key(number: int) -> bytes:
    """The key of a part."""
    return SNAPSHOT_PREFIX + b"%d" % number


def part_number(key: bytes) -> int:
    """The number of the part with a key."""
    return int(key[len(SNAPSHOT_PREFIX) :])


class PartsDigest:
    """A digest of parts in their order."""

    def __init__(self) -> None:
        self._digest = blake2b(digest_size=DIGEST_BYTES)

    def add(self, part: bytes) -> None:
        """Add the next part."""
        self._digest.update(len(part).to_bytes(LENGTH_BYTES))
        self._digest.update(part)

    @property
    def text(self) -> str:
        """The digest of the parts so far."""
        return self._digest.hexdigest()


def digest_of(parts: Iterable[bytes]) -> str:
    """A digest of parts in their order."""
    digest = PartsDigest()
    for part in parts:
        digest.add(part)
    return digest.text
