"""Lets old event sets leave memory, and reads them from the state when something names them."""

import logging
import time
from collections.abc import Iterator
from functools import partial
from itertools import count

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.aggregate.retirement.copies import COPY_PREFIX, copy_key, name_of
from streams.engine.aggregate.retirement.retirable import Retirable
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.reader import read_at
from streams.kafka.record_batches import OVERHEAD_BYTES
from streams.kafka.transactional_producer import TransactionalProducer
from streams.process.failpoint import armed
from streams.tasks.aggregate.quarantine import attribute_to_shard
from streams.tasks.aggregate.restore import EVENT_PREFIX
from streams.tasks.aggregate.snapshots.writer import SnapshotWriter
from streams.tasks.aggregate.state_transaction import write_state
from streams.tasks.cooperative import run_cooperatively
from streams.tasks.metrics_port import TaskMetrics
from streams.tasks.ports import AggregatorPort

log = logging.getLogger(__name__)
DAY_MS = 86_400_000
# At once. Young sets are examined in some ten microseconds, old ones in ten times that.
MOST_EXAMINED, MOST_RETIRED, MOST_BYTES = 2_000, 1_000, 500_000
# Of its partition's processor time this takes no more than one part in so many.
COST_SHARE, COST_SHARE_IDLE = 50, 10
# All sets are examined again when a day has passed, or there are so many events more.
MORE_PER_CENT = 20


class SetRetirement:
    """The event sets of one partition that are older than the horizon: out of memory, and back.

    Their copies are written in transactions of their own, between two commits.
    """

    def __init__(
        self,
        settings: Settings,
        number: int,
        aggregator: AggregatorPort,
        transactions: TransactionalProducer,
        snapshots: SnapshotWriter,
        metrics: TaskMetrics,
    ) -> None:
        """The last of `snapshots` is removed if it knows a copy that is gone."""
        self._settings = settings
        self._number = number
        self._aggregator = aggregator
        self._transactions = transactions
        self._snapshots = snapshots
        self._metrics = metrics
        self._state = TopicPartition(topics.state(settings), number)
        self._passed = partial(armed(settings.failpoint), "during_retirement")
        # The sets that are left to examine; None once all were.
        self._sweep: Iterator[Retirable | None] | None = None
        # When the last sweep began: the day, and the number of events.
        self._day, self._events = -1, 0
        self._next_at = time.monotonic()

    async def retire_if_due(self, *, is_idle: bool) -> None:
        """Let some event sets leave memory if it is time; between two commits only.

        `is_idle` is whether nothing was read since the last call, and no backlog waits.
        """
        is_wanted = self._settings.horizon_days > 0 and time.monotonic() >= self._next_at
        # While events wait or have become due, cells are behind the event sets.
        if not is_wanted or self._aggregator.snapshot_clock is None:
            return
        self.report()
        sweep = self._current_sweep()
        if sweep is None:
            return
        began = time.thread_time()
        found = await self._examine(sweep)
        if found:
            await self._retire(found)
        cost_s = time.thread_time() - began
        self._next_at = time.monotonic() + cost_s * (COST_SHARE_IDLE if is_idle else COST_SHARE)

    async def bring_back(self) -> bool:
        """Read the event sets that something waits for; whether there were any.

        What has waited is applied then, and its records come with `released_records`.
        """
        is_any = False
        while wanted := self._aggregator.wanted_copies():
            is_any = True
            found = await read_at(self._settings, self._state, wanted)
            copies = [
                (name_of(record.key[len(EVENT_PREFIX) :]), record.value)
                for record in found.values()
                if record.key.startswith(EVENT_PREFIX + COPY_PREFIX) and record.value is not None
            ]
            if len(copies) < len(wanted):
                await self._give_up(len(wanted) - len(copies))
            with attribute_to_shard(self._number):
                self._aggregator.bring_back(copies)
            self._metrics.brought_back(len(copies))
        if is_any:
            self.report()
        return is_any

    def report(self) -> None:
        """Expose how many event sets are out of memory."""
        self._metrics.retired_sets(self._number, self._aggregator.retired_sets)

    def _current_sweep(self) -> Iterator[Retirable | None] | None:
        clock, events = self._settings.clock(), self._aggregator.stored_events
        day = clock // DAY_MS
        is_more = events * 100 > self._events * (100 + MORE_PER_CENT)
        if self._sweep is None and (day != self._day or is_more):
            self._day, self._events = day, events
            horizon = clock - self._settings.horizon_days * DAY_MS
            self._sweep = self._aggregator.retirable(horizon)
        return self._sweep

    async def _examine(self, sweep: Iterator[Retirable | None]) -> list[Retirable]:
        """The next sets that may leave memory; not all at once."""
        limit = self._transactions.batches.limit_of(self._state.topic) - OVERHEAD_BYTES
        found: list[Retirable] = []
        examined = size = 0

        def step() -> bool:
            nonlocal examined, size
            try:
                retirable = next(sweep)
            except StopIteration:
                self._sweep = None
                return False
            examined += 1
            if retirable is not None and len(retirable.packed) + len(retirable.name) <= limit:
                found.append(retirable)
                size += len(retirable.packed)
            return examined < MOST_EXAMINED and len(found) < MOST_RETIRED and size < MOST_BYTES

        with attribute_to_shard(self._number):
            await run_cooperatively(step)
        return found

    async def _retire(self, found: list[Retirable]) -> None:
        """Let sets leave memory, once the state has copies of them."""
        spare = [(each, self._aggregator.spare_copy(each)) for each in found]
        placed = [(each, offset) for each, offset in spare if offset is not None]
        lacking = [each for each, offset in spare if offset is None]
        if lacking:
            records = [(EVENT_PREFIX + copy_key(each.name), each.packed) for each in lacking]
            first = await write_state(self._transactions, self._state, records, self._passed)
            self._snapshots.committed(records)
            placed += zip(lacking, count(first), strict=False)
        self._aggregator.retire(placed)
        self.report()
        log.debug("aggregate/%d: %d event sets have left memory", self._number, len(placed))

    async def _give_up(self, missing: int) -> None:
        """End, so that the next owner reads all events."""
        await self._snapshots.remove()
        raise Fatal(
            f"{self._state.topic}/{self._number} lacks {missing} event sets that were out of"
            " memory, for they were replaced after the last snapshot: the next start reads all"
            " events"
        )
