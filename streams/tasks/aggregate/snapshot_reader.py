"""The newest snapshot of a state changelog, and the event records that came after it."""

import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from streams.engine.aggregate.snapshots import parts
from streams.engine.aggregate.snapshots.parts import Part
from streams.events import ReferenceRecord
from streams.events.key_value import KeyValue
from streams.tasks.aggregate.snapshot_records import (
    MANIFEST_KEY,
    Manifest,
    decode_manifest,
    digest_of,
    part_key,
    part_number,
)
from streams.tasks.cooperative import run_cooperatively
from streams.tasks.ports import AggregatorPort
from streams.tasks.reference_data import ReferenceCursor

log = logging.getLogger(__name__)
# An event set that changed since the snapshot is read as it was and as it is.
FEW_RECORDS = 1_000
MOST_RECORDS_SHARE = 2
EVENTS_PER_STEP = 20
OTHER_VERSION = "the last one is of another version or other definitions"


Apply = Callable[[bytes, bytes | None], None]


class Snapshot(NamedTuple):
    """A complete snapshot."""

    manifest: Manifest
    parts: list[bytes]


class SnapshotReader:
    """Chooses the snapshot to restore; holds back the event records that came after it.

    Whatever speaks against a snapshot, all event sets are read again, which is always exact.
    """

    def __init__(
        self,
        name: str,
        fingerprint: str,
        aggregator: AggregatorPort,
        restore: Apply,
        apply_state: Apply,
    ) -> None:
        """`name` is the task's, for the log; `fingerprint` that of a snapshot that can be used.

        `restore` and `apply_state` are the aggregator's, with the errors of a state changelog.
        """
        # How many parts the changelog holds, how many event records are in no snapshot, and whether
        # one was restored.
        self.part_count = 0
        self.missing_records = 0
        self.is_used = False
        self._name = name
        self._fingerprint = fingerprint
        self._aggregator = aggregator
        self._restore, self._apply_state = restore, apply_state
        self._parts: dict[bytes, bytes] = {}
        self._snapshot: Snapshot | None = None
        self._later: list[KeyValue] = []
        self._problem = "there is none"

    def add(self, key: bytes, value: bytes | None) -> None:
        """Add a record of a snapshot, in the order of writing."""
        if key == MANIFEST_KEY:
            if value is not None:
                self._complete(value)
            return
        number = part_number(key)
        if value is None:
            self.part_count = min(self.part_count, number)
            self._parts.pop(key, None)
        else:
            self.part_count = max(self.part_count, number + 1)
            self._parts[key] = value

    def hold(self, key: bytes, value: bytes | None) -> bool:
        """Hold back an event record that came after the snapshot; False if there is none."""
        self.missing_records += 1
        if self._snapshot is None:
            return False
        self._later.append((key, value))
        if len(self._later) > max(
            FEW_RECORDS, self._snapshot.manifest.events // MOST_RECORDS_SHARE
        ):
            self._drop("too much has changed since the last one")
        return True

    async def resume(self, reference: ReferenceCursor, clock: int, problem: str) -> None:
        """Restore the snapshot with what came after it, or all records for a rebuild.

        `problem` is what speaks against it, if anything. Raises what a KPI raises.
        """
        if self._snapshot is not None:
            problem = problem or await self._restore_snapshot(self._snapshot, reference, clock)
            if not problem:
                self.is_used = True
                return
            self._drop(problem)
        log.info("%s restores without a snapshot: %s", self._name, self._problem)
        self.missing_records = self._aggregator.stored_events
        for record in reference.advance():
            self._aggregator.restore_reference(record)

    def _complete(self, value: bytes) -> None:
        """Choose the snapshot of a manifest, if it can be used; else an earlier one stays."""
        try:
            manifest = decode_manifest(value)
        except msgspec.DecodeError:
            self._problem = OTHER_VERSION
            return
        found = [self._parts.get(part_key(number)) for number in range(manifest.parts)]
        whole = [part for part in found if part is not None]
        self._parts = {}
        if len(whole) < manifest.parts or digest_of(whole) != manifest.digest:
            self._problem = "the last one is not complete"
        elif manifest.fingerprint != self._fingerprint:
            self._problem = OTHER_VERSION
        else:
            self._drop("")
            if self._aggregator.stored_events == manifest.events:
                self._snapshot = Snapshot(manifest, whole)
                self.missing_records = 0
            else:
                self._problem = "the last one knew events that were corrected since"

    def _drop(self, problem: str) -> None:
        """Do without the snapshot: what came after it is restored like all before it."""
        self._problem = problem
        self._snapshot = None
        for key, value in self._later:
            self._restore(key, value)
        self._later = []

    async def _restore_snapshot(
        self, snapshot: Snapshot, reference: ReferenceCursor, clock: int
    ) -> str:
        """Restore a snapshot with what came after it; returns what speaks against it, or ""."""
        if snapshot.manifest.clock > clock:
            return "the clock of the last one was ahead"
        try:
            found = await decoded(snapshot)
        except msgspec.DecodeError as error:
            return f"the last one holds a value of an unknown kind ({error})"
        split = reference.advance_from(snapshot.manifest.reference)
        if split is None:
            return "the last one knew other reference records"
        steps = self._steps(snapshot.manifest, found, *split, clock)
        await run_cooperatively(lambda: next(steps, False))
        return ""

    def _steps(
        self,
        manifest: Manifest,
        found: list[Part],
        known: list[ReferenceRecord],
        later: list[ReferenceRecord],
        clock: int,
    ) -> Iterator[bool]:
        """Restore all in short steps, each of which gives True."""
        aggregator = self._aggregator
        log.info("%s restores a snapshot, and %d later records", self._name, len(self._later))
        aggregator.begin_snapshot(manifest.clock)
        for part in found:
            aggregator.restore_part(part)
            yield True
        for record in known:
            aggregator.restore_reference(record)
        aggregator.follow(clock)
        for record in later:
            aggregator.add_reference(record)
            yield True
        for number, (key, value) in enumerate(self._later):
            self._apply_state(key, value)
            if number % EVENTS_PER_STEP == 0:
                yield True


async def decoded(snapshot: Snapshot) -> list[Part]:
    """Decode all parts, before any of them is restored."""
    found: list[Part] = []
    rest = iter(snapshot.parts)

    def step() -> bool:
        part = next(rest, None)
        if part is not None:
            found.append(parts.decode(part))
        return part is not None

    await run_cooperatively(step)
    return found
