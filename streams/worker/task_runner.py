"""One shard or board in this worker's hands: its task, from the fence to the hand-over."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from aiokafka import TopicPartition

from streams.kafka.errors import Fenced, Stuck
from streams.kafka.progress_tracker import ProgressTracker
from streams.kafka.reader import Records
from streams.process.cancellation import ended, stopped
from streams.worker.record_buffer import RecordBuffer

TICK_SECONDS = 0.1
SOONEST_SECONDS = 0.005
# So long after another worker has taken over at the latest, the group has told so.
FENCED_GRACE_SECONDS = 5.0
NO_LIMIT = contextlib.nullcontext()


class Task(Protocol):
    """What is held: an OwnedShard or an OwnedBoard."""

    @property
    def stage(self) -> str:
        """Its stage."""

    @property
    def number(self) -> int:
        """Its partition."""

    @property
    def next_tick_in_s(self) -> float:
        """Seconds until it wants to `rest`, if nothing comes before."""

    def linger_s(self, waiting: Collection[Records], since: float, found_idle: bool) -> float:
        """Seconds after which to ask again whether to take what waits; 0 or less: take it now.

        `since` is when the first of it came, by the monotonic clock, and `found_idle` whether
        that was between two steps.
        """

    @property
    def last_progress_at(self) -> float:
        """When it last got something done, by the monotonic clock."""

    def resume_offsets(self) -> dict[TopicPartition, int]:
        """Where reading goes on."""

    def positions(self) -> dict[TopicPartition, int]:
        """Up to where it has read or written partitions."""

    async def fence(self) -> None:
        """Fence the earlier owner."""

    async def process(self, lists: list[Records]) -> None:
        """Take lists in and commit."""

    async def tick(self) -> None:
        """Let time pass."""

    async def close(self) -> None:
        """Let go."""


class TaskRunner:
    """Runs one owner. Only `run` calls it, one step at a time."""

    def __init__(
        self,
        task: Task,
        restore: Callable[[], Awaitable[None]],
        turn: AbstractAsyncContextManager[Any] = NO_LIMIT,
        fencing: asyncio.Task[None] | None = None,
    ) -> None:
        """Hold an owner that `restore` makes ready once it is fenced, which is what `fencing` does.

        `turn` is waited for before each step through a backlog, and kept while that lasts.
        """
        self.task = task
        self.buffer = RecordBuffer()
        self.is_restored = False
        self.is_paused = True
        self._restore = restore
        self._limit = turn
        self._fencing = fencing
        self._step = asyncio.Lock()
        # When it was last done with what was read, by the monotonic clock.
        self.processed_at = 0.0
        self._began = 0.0
        self._is_working = False
        self._progress = ProgressTracker()
        self._task: asyncio.Task[None] | None = None

    def start(self, on_restored: Callable[["TaskRunner"], Awaitable[None]]) -> asyncio.Task[None]:
        """Begin; when the owner is ready `on_restored` is called once."""
        self._task = self._progress.create_task(self._run(on_restored), self.name)
        return self._task

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return f"{self.task.stage}/{self.task.number}"

    @property
    def seconds_without_progress(self) -> float:
        """Seconds since the step under way began or last got something done; 0 between steps."""
        if not self._is_working:
            return 0.0
        return time.monotonic() - max(self._began, self.task.last_progress_at)

    @property
    def last_progress_at(self) -> float:
        """When it last made progress with restoring or processing, in monotonic seconds."""
        return max(self._progress.last_progress_at, self.task.last_progress_at)

    def resume(self) -> None:
        """Go on; lists may come."""
        self.is_paused = False
        self.buffer.open()

    async def pause(self) -> None:
        """Drop what waits and return when the transaction under way is through."""
        self.is_paused = True
        self.buffer.close()
        if self.is_restored:
            async with self._step:
                pass

    async def end(self) -> None:
        """Stop after the transaction under way and let go of the connections."""
        await self.pause()
        if self._task is not None:
            await ended(self._task)
        if self._fencing is not None:
            # The asyncio task that awaits it may never have begun. Left alone it would fence the
            # next owner of the partition.
            await stopped(self._fencing)
        await self.task.close()

    async def _run(self, on_restored: Callable[["TaskRunner"], Awaitable[None]]) -> None:
        try:
            await self._restore()
        except Fenced:
            # Nothing is committed yet. In a rebalance the next owner may be quicker than the
            # group's word to this one, which ends the tenure.
            await asyncio.sleep(FENCED_GRACE_SECONDS)
            raise
        self.is_restored = True
        await on_restored(self)
        while True:
            await self._wait()
            async with self._limit if self.buffer.is_behind else NO_LIMIT:
                await self._run_step()

    async def _run_step(self) -> None:
        async with self._step:
            if self.is_paused:
                return
            self._began = time.monotonic()
            self._is_working = True
            if lists := self.buffer.drain():
                await self.task.process(lists)
                self.processed_at = time.monotonic()
            else:
                await self.task.tick()
            self._is_working = False

    async def _wait(self) -> None:
        """Wait for lists, but not past the next tick; let some gather if there are few."""
        arrived = self.buffer.arrived
        found_idle = not arrived.is_set()
        if found_idle:
            wait_s = min(TICK_SECONDS, max(SOONEST_SECONDS, self.task.next_tick_in_s))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await arrived.wait()
        if arrived.is_set() and not self.is_paused:
            await self._linger(found_idle)

    async def _linger(self, found_idle: bool) -> None:
        """Let lists gather as long as the owner wants, unless there is a transaction's worth."""
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
        if runner.seconds_without_progress > limit_s:
            raise Stuck(
                f"{runner.name} has been stuck in one step for"
                f" {runner.seconds_without_progress:.0f} s"
            )
