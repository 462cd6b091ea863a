"""Writes snapshots of one partition's aggregates: now and then, and when its owner ends."""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from math import inf
from typing import NamedTuple

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.aggregate.snapshots.parts import NotEncodable
from streams.events.key_value import KeyValue
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.record_batches import OVERHEAD_BYTES
from streams.kafka.transactional_producer import TransactionalProducer
from streams.process.failpoint import armed
from streams.tasks.aggregate.snapshots.reader import StateRead, erases
from streams.tasks.aggregate.snapshots.records import (
    MANIFEST_KEY,
    Manifest,
    PartsDigest,
    encode_manifest,
    part_key,
)
from streams.tasks.aggregate.state_transaction import write_state
from streams.tasks.cooperative import run_cooperatively
from streams.tasks.ports import AggregatorPort, CorePort
from streams.tasks.reference_data import ReferencePosition

log = logging.getLogger(__name__)
# A snapshot is not worth its records before so much of what a restore reads is missing in it.
MIN_MISSING_RECORDS = 1_000
MISSING_PER_CENT, MISSING_PER_CENT_AT_END = 5, 1
# Before its interval is over: when so much is missing, and events come or do not. The end of a
# worker leaves no time to write a large one.
EARLY_PER_CENT, EARLY_PER_CENT_IDLE = 20, 5
EARLIEST_SECONDS = 5.0
BYTES_PER_TRANSACTION = 4 * 1024 * 1024
# Of its partition's processor time a snapshot takes no more than one part in so many.
COST_SHARE = 100
# A worker that stops has little time.
LAST_SECONDS = 3.0


class PartsEncoder:
    """Encodes the parts of a snapshot in short steps, as records of a transaction at a time.

    Attributes:
        busy_s: Seconds of processor time that this took, without what other tasks did meanwhile.
    """

    def __init__(self, parts: Iterator[bytes]) -> None:
        self.digest = PartsDigest()
        self.count = self.bytes = self.largest = 0
        self.is_complete, self.busy_s = False, 0.0
        self._parts = parts
        self._records: list[KeyValue] = []
        self._size = 0

    def step(self) -> bool:
        """Encode the next part; False when there are enough for a transaction, or no more."""
        began = time.thread_time()
        is_more = self._encode_next()
        self.busy_s += time.thread_time() - began
        return is_more

    def drain(self) -> list[KeyValue]:
        """The records encoded since the last call."""
        records, self._records = self._records, []
        self.bytes += self._size
        self._size = 0
        return records

    def _encode_next(self) -> bool:
        part = next(self._parts, None)
        if part is None:
            self.is_complete = True
            return False
        self._records.append((part_key(self.count), part))
        self.digest.add(part)
        self.count += 1
        self._size += len(part)
        self.largest = max(self.largest, len(part))
        return self._size < BYTES_PER_TRANSACTION


class BesideEvents(NamedTuple):
    """What a snapshot holds besides events and what they add up to.

    Attributes:
        records: The records of the state that are about no event; None while a snapshot would be
            of no use.
        reference: The positions of the reference topics that were applied.
    """

    records: Sequence[tuple[bytes, bytes]] | None
    reference: Mapping[str, ReferencePosition]


class SnapshotWriter:
    """Writes a snapshot in transactions of its own, between two commits of its task.

    So it holds exactly the event records before it. Each replaces the one before.

    Attributes:
        fingerprint: That of its snapshots.
    """

    def __init__(
        self,
        settings: Settings,
        number: int,
        core: CorePort,
        aggregator: AggregatorPort,
        transactions: TransactionalProducer,
    ) -> None:
        self._settings = settings
        self._name = f"aggregate/{number}"
        self.fingerprint = core.fingerprint
        self._aggregator = aggregator
        self._transactions = transactions
        self._failpoint = armed(settings.failpoint)
        self._state = TopicPartition(topics.state(settings), number)
        self._part_count = 0
        # The offset of the first part of the one that is being written.
        self._start = 0
        # How many event records the last one lacks.
        self._missing_records = 0
        # Whether it still holds what was erased since.
        self._holds_erased = False
        # Of the last one, in seconds of processor time.
        self._cost_s = 0.0
        # A worker's partitions have their turns one after another.
        offset_s = settings.snapshot_interval_s * (number + 1) / settings.partitions
        now = time.monotonic()
        self._next_at, self._early_at = now + offset_s, now + EARLIEST_SECONDS

    def resume_from(self, read: StateRead) -> None:
        """Continue after earlier owners."""
        self._part_count, self._missing_records = read.part_count, read.missing_records
        self._holds_erased = read.holds_erased

    def committed(self, event_records: Collection[KeyValue]) -> None:
        """Count event records that were committed."""
        self._missing_records += len(event_records)
        self._holds_erased |= self._part_count > 0 and any(map(erases, event_records))

    async def write_if_due(self, beside: Callable[[], BesideEvents], *, is_idle: bool) -> None:
        """Write a snapshot if it is time; between two commits only.

        `is_idle` is whether nothing was read since the last call, and no backlog waits. Where no
        snapshot is wanted any more the last one is removed: nothing would replace what it holds of
        subjects that are erased.
        """
        if not self._settings.snapshot_interval_s and self._part_count:
            await self.remove()
        now = time.monotonic()
        if self._is_due(now, is_idle=is_idle):
            await self._write(beside(), inf)
            cost_s = COST_SHARE * self._cost_s
            self._next_at = now + max(self._settings.snapshot_interval_s, cost_s)
            self._early_at = now + max(EARLIEST_SECONDS, cost_s)

    def _is_due(self, now: float, *, is_idle: bool) -> bool:
        if now >= self._next_at:
            return self._is_worth_it(MISSING_PER_CENT)
        is_wanted = self._settings.snapshot_interval_s > 0 and now >= self._early_at
        return is_wanted and self._lacks(EARLY_PER_CENT_IDLE if is_idle else EARLY_PER_CENT)

    async def write_last(self, beside: Callable[[], BesideEvents], until: float) -> None:
        """Write a snapshot for the next owner, if it is worth it and takes little time.

        `until` is when this owner has to be through, in monotonic seconds. It goes without if it
        is fenced already.
        """
        if not self._is_worth_it(MISSING_PER_CENT_AT_END):
            return
        problem, now = "", time.monotonic()
        if now >= until:
            problem = "the time is up"
        elif self._cost_s >= LAST_SECONDS:
            problem = f"the one before took {self._cost_s:.1f} s"
        else:
            try:
                await self._write(beside(), min(until, now + LAST_SECONDS))
            except Fatal as error:
                problem = str(error)
        if problem:
            log.warning("%s leaves without a last snapshot: %s", self._name, problem)

    def _is_worth_it(self, per_cent: int) -> bool:
        is_wanted = self._settings.snapshot_interval_s > 0
        return is_wanted and (self._holds_erased or self._lacks(per_cent))

    def _lacks(self, per_cent: int) -> bool:
        """Whether the last snapshot lacks so much of the events."""
        wanted = self._aggregator.stored_events * per_cent // 100
        return self._missing_records >= max(MIN_MISSING_RECORDS, wanted)

    async def _write(self, beside: BesideEvents, until: float) -> None:
        """Write all parts and then the manifest, which makes a snapshot of them.

        In several transactions: one that has too much in it would be ended by its time-out. What
        is not complete by `until` is left so.
        """
        clock, state = self._aggregator.snapshot_clock, beside.records
        if clock is None or state is None:
            log.warning(
                "%s writes no snapshot now: it is not through with what it has read", self._name
            )
            return
        events = self._aggregator.stored_events
        encoder = PartsEncoder(self._aggregator.snapshot_parts())
        if not await self._write_parts(encoder, until):
            return
        spare = range(encoder.count, self._part_count)
        manifest = Manifest(
            parts=encoder.count,
            digest=encoder.digest.text,
            fingerprint=self.fingerprint,
            clock=clock,
            events=events,
            reference=dict(beside.reference),
            start=self._start,
            state=state,
        )
        last = MANIFEST_KEY, encode_manifest(manifest)
        await self._commit([*((part_key(number), None) for number in spare), last])
        self._part_count, self._missing_records, self._holds_erased = encoder.count, 0, False
        self._cost_s = encoder.busy_s
        log.info(
            "%s has written a snapshot of %d events: %d bytes, %.3f s of processor time",
            *(self._name, events, encoder.bytes, self._cost_s),
        )

    async def remove(self) -> None:
        """Remove the last snapshot, so that the next owner reads all events."""
        keys = [MANIFEST_KEY, *map(part_key, range(self._part_count))]
        await self._commit([(key, None) for key in keys])
        self._part_count, self._holds_erased = 0, False

    async def _write_parts(self, encoder: PartsEncoder, until: float) -> bool:
        """Write all parts; False if that is not possible."""
        limit = self._transactions.batches.limit_of(self._state.topic) - OVERHEAD_BYTES
        problem = ""
        while not encoder.is_complete and not problem:
            try:
                await run_cooperatively(encoder.step)
            except (NotEncodable, OverflowError) as error:
                problem = str(error)
            if encoder.largest > limit:
                problem = "a part of it is larger than the topic accepts"
            elif time.monotonic() > until:
                problem = "the time is up"
            elif records := encoder.drain():
                self._part_count = max(self._part_count, encoder.count)
                first = await self._commit(records)
                if len(records) == encoder.count:
                    self._start = first
        if problem:
            log.warning("%s writes no snapshot, and will start slowly: %s", self._name, problem)
        return not problem

    async def _commit(self, records: Sequence[KeyValue]) -> int:
        """Write records in a transaction; returns the offset of the first."""
        return await write_state(
            self._transactions, self._state, records, lambda: self._failpoint("during_snapshot")
        )
