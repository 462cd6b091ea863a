"""Reads a state changelog: from its newest snapshot on, or all of it."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.engine.aggregate.future_events import FUTURE_PREFIX
from streams.engine.aggregate.snapshots import parts
from streams.engine.aggregate.snapshots.parts import Part
from streams.engine.aggregate.tombstones import TOMBSTONE_PREFIX
from streams.events import ReferenceRecord
from streams.events.key_value import KeyValue
from streams.kafka.reader import OffsetClient, read_to
from streams.tasks.aggregate.quarantine import CRASH_NOTE_KEY, attribute_to_shard
from streams.tasks.aggregate.restore import EVENT_PREFIX, StateRestore
from streams.tasks.aggregate.snapshots.records import (
    MANIFEST_KEY,
    SNAPSHOT_PREFIX,
    decode_manifest,
)
from streams.tasks.aggregate.snapshots.search import NONE_FOUND, Snapshot, SnapshotSearch
from streams.tasks.cooperative import run_cooperatively
from streams.tasks.ports import AggregatorPort
from streams.tasks.reference_data import ReferenceCursor

log = logging.getLogger(__name__)
EVENTS_PER_STEP = 20
# A manifest is looked for in a few of the last offsets, then in so many times more before them,
# until they are this share of all.
FIRST_OFFSETS, MORE_OFFSETS = 64, 16
MOST_OFFSETS_SHARE = 2


class StateRead(NamedTuple):
    """What whoever writes the next snapshot has to know.

    Attributes:
        part_count: How many parts the changelog holds.
        missing_records: How many event records are in no snapshot.
        holds_erased: Whether a snapshot may hold what was erased since.
        with_snapshot: Whether one was restored.
    """

    part_count: int
    missing_records: int
    holds_erased: bool
    with_snapshot: bool


def erases(record: KeyValue) -> bool:
    """Whether an event record is of an erasure, or of a merge, which changes a tombstone, too."""
    key, value = record
    kind = key[len(EVENT_PREFIX) : len(EVENT_PREFIX) + 1]
    return kind == TOMBSTONE_PREFIX or (value is None and kind != FUTURE_PREFIX)


class Restoring(NamedTuple):
    """What a state is restored into, as of an instant: an empty aggregator, which `state` has."""

    state: StateRestore
    aggregator: AggregatorPort
    reference: ReferenceCursor
    clock: int


class StateReading:
    """Reads one partition's state, from its newest snapshot on if that can be restored.

    Whatever speaks against a snapshot, all records are read, which is always exact.
    """

    def __init__(
        self,
        settings: Settings,
        offsets: OffsetClient,
        partition: TopicPartition,
        fingerprint: str,
        passed: Callable[[], object],
    ) -> None:
        """`fingerprint` is that of a snapshot that can be used; `passed` is called as it reads."""
        self._settings = settings
        self._offsets = offsets
        self._partition = partition
        self._name = f"aggregate/{partition.partition}"
        self._passed = passed
        self._fingerprint = fingerprint

    async def restore(self, into: Restoring) -> StateRead:
        """Restore the state and the reference data; reroutes follow. Raises Crashed."""
        stop = (await self._offsets.ends([self._partition]))[self._partition]
        problem, start = NONE_FOUND, await self._newest(stop)
        if start is not None:
            search = await self._read_from(start, stop)
            problem = await self._restore_snapshot(search, into)
            if not problem:
                events = search.later_events
                has_erased = any(erases((it.key, it.value)) for it in events)
                return StateRead(search.part_count, len(events), has_erased, with_snapshot=True)
        log.info("%s restores without a snapshot: %s", self._name, problem)
        part_count = await self._read_all(into.state, stop)
        for record in into.reference.advance():
            into.aggregator.restore_reference(record)
        missing = into.aggregator.stored_events
        return StateRead(part_count, missing, part_count > 0, with_snapshot=False)

    async def _newest(self, stop: int) -> int | None:
        """The offset at which the newest snapshot begins, None if none is among the last ones."""
        first = (await self._offsets.beginnings([self._partition]))[self._partition]
        upper, size = stop, FIRST_OFFSETS
        while upper > first and (stop - upper) * MOST_OFFSETS_SHARE <= stop - first:
            lower, found = max(first, upper - size), None
            async for records in self._records(lower, upper):
                for record in records:
                    if record.key == MANIFEST_KEY:
                        found = record
            if found is not None:
                return None if found.value is None else start_of(found)
            upper, size = lower, size * MORE_OFFSETS
        return None

    async def _read_from(self, start: int, stop: int) -> SnapshotSearch:
        search = SnapshotSearch(self._fingerprint)
        async for records in self._records(start, stop):
            for record in records:
                search.add(record)
            self._passed()
            if search.is_far_behind:
                search.snapshot, search.problem = None, "too much has changed since the last one"
                break
        return search

    async def _read_all(self, restored: StateRestore, stop: int) -> int:
        """Apply all records; returns how many parts of snapshots are among them."""
        search = SnapshotSearch("")
        async for records in self._records(0, stop):
            for record in records:
                restored.apply(record)
                if record.key[:1] == SNAPSHOT_PREFIX and record.key != MANIFEST_KEY:
                    search.add(record)
            self._passed()
        return search.part_count

    async def _records(self, start: int, stop: int) -> AsyncIterator[list[ConsumerRecord]]:
        at = self._partition
        async for _, records in read_to(self._settings, {at: stop}, {at: start}):
            yield records

    async def _restore_snapshot(self, search: SnapshotSearch, into: Restoring) -> str:
        """Restore a snapshot with what came after it; returns what speaks against it, or ""."""
        snapshot = search.snapshot
        if snapshot is None:
            return search.problem
        if snapshot.manifest.clock > into.clock:
            return "the clock of the last one was ahead"
        notes = [record.value for record in search.later if record.key == CRASH_NOTE_KEY]
        if notes and notes[-1] is not None:
            return "events are to be checked one by one"
        try:
            found = await decoded(snapshot)
        except msgspec.DecodeError as error:
            return f"the last one holds a value of an unknown kind ({error})"
        split = into.reference.advance_from(snapshot.manifest.reference)
        if split is None:
            return "the last one knew other reference records"
        events = search.later_events
        log.info("%s restores a snapshot, and %d later records", self._name, len(events))
        for key, value in snapshot.manifest.state:
            into.state.apply_value(key, value)
        for record in search.later:
            if record.key[:1] != EVENT_PREFIX:
                into.state.apply(record)
        into.aggregator.begin_snapshot(snapshot.manifest.clock, snapshot.manifest.events)
        steps = _steps(into, found, *split, events)
        with attribute_to_shard(self._partition.partition):
            await run_cooperatively(lambda: next(steps, False))
        return ""


def start_of(record: ConsumerRecord) -> int:
    """Where the snapshot of a manifest begins; of an unknown format only the manifest is read."""
    try:
        return decode_manifest(record.value).start
    except msgspec.DecodeError:
        return int(record.offset)


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


def _steps(
    into: Restoring,
    found: Sequence[Part],
    known: Sequence[ReferenceRecord],
    later: Sequence[ReferenceRecord],
    events: Sequence[ConsumerRecord],
) -> Iterator[bool]:
    """Restore the parts of a snapshot, then what came later, in short steps that give True each."""
    for part in found:
        into.state.restore_part(part)
        yield True
    for record in known:
        into.aggregator.restore_reference(record)
    into.state.follow(into.clock)
    for record in later:
        into.aggregator.add_reference(record)
        yield True
    for number, event in enumerate(events):
        into.state.apply(event)
        if number % EVENTS_PER_STEP == 0:
            yield True
