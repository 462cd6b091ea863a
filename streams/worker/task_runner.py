"""The runner of one assigned task, from its fencing to its close."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from aiokafka import TopicPartition

from streams.kafka.errors import Fenced, Stuck
from streams.kafka.fetched_list import FetchedList
from streams.kafka.progress_tracker import ProgressTracker
from streams.kafka.reader import Records
from streams.process.cancellation import ended, stopped
from streams.tasks.task_id import TaskId
from streams.worker.record_buffer import RecordBuffer

TICK_SECONDS = 0.1
MIN_TICK_SECONDS = 0.005
# By then the group has revoked a task that another worker has fenced.
FENCED_GRACE_SECONDS = 5.0
NO_LIMIT = contextlib.nullcontext()


class Task(Protocol):
    """What a runner runs: an aggregate or a merge task."""

    @property
    def stage(self) -> str:
        """`aggregate` or `merge`."""

    @property
    def number(self) -> int:
        """Its partition number."""

    @property
    def next_tick_in_s(self) -> float:
        """Seconds until it needs a `tick`, if no records come before."""

    def linger_s(self, lists: Collection[Records], since: float, found_idle: bool) -> float:
        """Seconds after which to ask again whether to process `lists`; 0 or less: process now.

        `since` is when the first of them came, in monotonic seconds, and `found_idle` whether
        that was between two steps.
        """

    @property
    def last_progress_at(self) -> float:
        """When it last made progress, in monotonic seconds."""

    @property
    def uncompared(self) -> int:
        """How many records, published before it was restored, it has still to compare."""

    def resume_offsets(self) -> dict[TopicPartition, int]:
        """The next offset of each source partition."""

    def positions(self) -> dict[TopicPartition, int]:
        """The offsets up to which it has read or written partitions."""

    async def fence(self) -> None:
        """Fence the partition's earlier owner."""

    async def process(self, lists: list[FetchedList]) -> None:
        """Process records and commit."""

    async def tick(self) -> None:
        """Commit what time alone has changed."""

    async def finish(self, until: float) -> None:
        """Write what helps the next owner; after the last commit.

        `until` is when it has to be through, in monotonic seconds.
        """

    async def close(self) -> None:
        """Close the connections."""


class TaskRunner:
    """Runs one task, one step at a time: `process` if records are buffered, else `tick`.

    `restore` makes the task ready. `backlog_limit` is entered for each step through a backlog.
    `fencing`, which `restore` awaits, is cancelled with the runner.

    Attributes:
        buffer: The records to process.
        is_restored: Whether `restore` has finished.
        is_paused: Whether steps are held; at first they are.
        processed_at: When records were last processed, in monotonic seconds; 0 before.
    """

    def __init__(
        self,
        task: Task,
        restore: Callable[[], Awaitable[None]],
        backlog_limit: AbstractAsyncContextManager[Any] = NO_LIMIT,
        fencing: asyncio.Task[None] | None = None,
    ) -> None:
        self.task = task
        self.buffer = RecordBuffer()
        self.is_restored = False
        self.is_paused = True
        self.processed_at = 0.0
        self._restore = restore
        self._backlog_limit = backlog_limit
        self._fencing = fencing
        self._step_lock = asyncio.Lock()
        self._step_began = 0.0
        self._is_in_step = False
        self._records_in_step = 0
        self._progress = ProgressTracker()
        self._running: asyncio.Task[None] | None = None

    def start(self, on_restored: Callable[["TaskRunner"], Awaitable[None]]) -> asyncio.Task[None]:
        """Start to restore, then to run; `on_restored` is called once in between."""
        self._running = self._progress.create_task(self._run(on_restored), self.name)
        return self._running

    @property
    def id(self) -> TaskId:
        """The stage and partition of the task."""
        return self.task.stage, self.task.number

    @property
    def name(self) -> str:
        """The name of the task in the log."""
        return f"{self.task.stage}/{self.task.number}"

    @property
    def unprocessed(self) -> int:
        """Number of records that are buffered or are being processed."""
        return self.buffer.waiting + self._records_in_step

    @property
    def seconds_without_progress(self) -> float:
        """Seconds since the current step began or last made progress; 0 between steps.

        Each slice of long work is progress: adding up a backlog takes a starved machine minutes.
        """
        if not self._is_in_step:
            return 0.0
        return time.monotonic() - max(self._step_began, self.last_progress_at)

    @property
    def last_progress_at(self) -> float:
        """When it last made progress with restoring or processing, in monotonic seconds."""
        return max(self._progress.last_progress_at, self.task.last_progress_at)

    def resume(self) -> None:
        """Accept records and run steps from now on."""
        self.is_paused = False
        self.buffer.open()

    async def pause(self) -> None:
        """Drop buffered records and return when the current transaction has ended."""
        self.is_paused = True
        self.buffer.close()
        if self.is_restored:
            async with self._step_lock:
                pass

    async def finish(self, until: float) -> None:
        """Let the paused task write what helps the next owner, until an instant.

        Only while the group still counts on this worker: later the next owner has begun. So not
        in a rebalance, which says who leaves when all have paused, and who follows at once.
        """
        if self.is_restored:
            async with self._step_lock:
                await self.task.finish(until)

    async def end(self) -> None:
        """Stop after the current transaction and close the task."""
        await self.pause()
        if self._running is not None:
            await ended(self._running)
        if self._fencing is not None:
            # The asyncio task that awaits it may never have begun. Left alone it would fence the
            # next owner of the partition.
            await stopped(self._fencing)
        await self.task.close()

    async def _run(self, on_restored: Callable[["TaskRunner"], Awaitable[None]]) -> None:
        try:
            await self._restore()
        except Fenced:
            # Nothing is committed yet. In a rebalance the next owner may fence this task before
            # the group has revoked it here, which ends the runner.
            await asyncio.sleep(FENCED_GRACE_SECONDS)
            raise
        self.is_restored = True
        await on_restored(self)
        while True:
            await self._wait()
            async with self._backlog_limit if self.buffer.is_behind else NO_LIMIT:
                await self._run_step()

    async def _run_step(self) -> None:
        async with self._step_lock:
            if self.is_paused:
                return
            self._step_began = time.monotonic()
            self._is_in_step = True
            if lists := self.buffer.drain():
                self._records_in_step = sum(map(len, lists))
                await self.task.process(lists)
                self._records_in_step = 0
                self.processed_at = time.monotonic()
            else:
                await self.task.tick()
            self._is_in_step = False

    async def _wait(self) -> None:
        """Wait for records, but not past the next tick, and linger for more."""
        arrived = self.buffer.arrived
        found_idle = not arrived.is_set()
        if found_idle:
            wait_s = min(TICK_SECONDS, max(MIN_TICK_SECONDS, self.task.next_tick_in_s))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await arrived.wait()
        if arrived.is_set() and not self.is_paused:
            await self._linger(found_idle)

    async def _linger(self, found_idle: bool) -> None:
        """Wait for more records as long as the task wants, unless the buffer is full."""
        buffer, until = self.buffer, time.monotonic() + TICK_SECONDS
        while not buffer.is_full:
            wait_s = self.task.linger_s(buffer.lists, buffer.since, found_idle)
            wait_s = min(wait_s, until - time.monotonic())
            await asyncio.sleep(max(0.0, wait_s))
            if wait_s <= 0:
                break


def raise_if_not_resumed(runners: Iterable[TaskRunner], since: float, limit_s: float) -> None:
    """Raise Stuck if a paused runner makes no progress with restoring or resuming.

    `since` is when all runners were last paused, or what they wait for together last progressed.
    """
    now = time.monotonic()
    for runner in runners:
        waited_s = now - max(since, runner.last_progress_at)
        if runner.is_paused and waited_s > limit_s:
            what = "resuming" if runner.is_restored else "restoring"
            raise Stuck(f"{runner.name} has made no progress with {what} for {waited_s:.0f} s")


def raise_if_stuck(runners: Iterable[TaskRunner], limit_s: float) -> None:
    """Raise Stuck if a step of a runner makes no progress for longer than the limit."""
    for runner in runners:
        stuck_s = runner.seconds_without_progress
        if stuck_s > limit_s:
            raise Stuck(f"{runner.name} has been stuck in one step for {stuck_s:.0f} s")
