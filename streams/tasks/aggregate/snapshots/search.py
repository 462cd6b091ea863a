"""The newest complete snapshot among the records of a state changelog, and what came after it."""

from typing import NamedTuple

import msgspec
from aiokafka import ConsumerRecord

from streams.tasks.aggregate.restore import EVENT_PREFIX
from streams.tasks.aggregate.snapshots.records import (
    MANIFEST_KEY,
    SNAPSHOT_PREFIX,
    Manifest,
    decode_manifest,
    digest_of,
    part_key,
    part_number,
)

# An event set that changed since the snapshot is read as it was and as it is.
FEW_RECORDS = 1_000
MOST_RECORDS_SHARE = 2
NONE_FOUND = "there is none"
OTHER_VERSION = "the last one is of another version or other definitions"


class Snapshot(NamedTuple):
    """A complete snapshot."""

    manifest: Manifest
    parts: list[bytes]


class SnapshotSearch:
    """Chooses the newest complete snapshot of records that it is given in their order.

    Attributes:
        later: The records after it.
        part_count: How many parts were met, of any snapshot.
        problem: Why there is none to restore, if so.
    """

    def __init__(self, fingerprint: str) -> None:
        """`fingerprint` is that of a snapshot that can be used."""
        self.snapshot: Snapshot | None = None
        self.later: list[ConsumerRecord] = []
        self.part_count = 0
        self.problem = NONE_FOUND
        self._fingerprint = fingerprint
        self._parts: dict[bytes, bytes] = {}

    def add(self, record: ConsumerRecord) -> None:
        """Add the next record of the state changelog."""
        key, value = record.key, record.value
        if key[:1] != SNAPSHOT_PREFIX:
            self.later.append(record)
        elif key == MANIFEST_KEY:
            if value is None:
                self.snapshot, self.problem = None, NONE_FOUND
            else:
                self._complete(value)
        elif value is None:
            self.part_count = min(self.part_count, part_number(key))
            self._parts.pop(key, None)
        else:
            self.part_count = max(self.part_count, part_number(key) + 1)
            self._parts[key] = value

    @property
    def later_events(self) -> list[ConsumerRecord]:
        """The event records among them."""
        return [record for record in self.later if record.key[:1] == EVENT_PREFIX]

    @property
    def is_far_behind(self) -> bool:
        """Whether so much came after the snapshot that reading everything takes no longer."""
        snapshot = self.snapshot
        most = 0 if snapshot is None else snapshot.manifest.events // MOST_RECORDS_SHARE
        return snapshot is not None and len(self.later) > max(FEW_RECORDS, most)

    def _complete(self, value: bytes) -> None:
        """Choose the snapshot of a manifest, if it can be used; else an earlier one stays."""
        try:
            manifest = decode_manifest(value)
        except msgspec.DecodeError:
            self.problem = OTHER_VERSION
            return
        found = [self._parts.get(part_key(number)) for number in range(manifest.parts)]
        whole = [part for part in found if part is not None]
        self._parts = {}
        if len(whole) < manifest.parts or digest_of(whole) != manifest.digest:
            self.problem = "the last one is not complete"
        elif manifest.fingerprint != self._fingerprint:
            self.problem = OTHER_VERSION
        else:
            self.snapshot, self.later, self.problem = Snapshot(manifest, whole), [], ""
