"""One shard or board in this worker's hands: its task, from the fence to the hand-over."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from aiokafka import TopicPartition

from streams.kafka.errors import Fatal, Fenced
from streams.kafka.reader import Records
from streams.process.cancellation import ended
from streams.worker.record_buffer import Inbox

TICK_SECONDS = 0.1
SOONEST_SECONDS = 0.005
# So long after another worker has taken over at the latest, the group has told so.
TOLD_SECONDS = 5.0
NO_TURN = contextlib.nullcontext()


class Owner(Protocol):
    """What is held: an OwnedShard or an OwnedBoard."""

    @property
    def stage(self) -> str:
        """Its stage."""

    @property
    def number(self) -> int:
        """Its partition."""

    @property
    def due_in(self) -> float:
        """Seconds until it wants to `rest`, if nothing comes before."""

    def gathers_for(self, waiting: Collection[Records], since: float, found_idle: bool) -> float:
        """Seconds after which to ask again whether to take what waits; 0 or less: take it now.

        `since` is when the first of it came, by the monotonic clock, and `found_idle` whether
        that was between two steps.
        """

    @property
    def progressed_at(self) -> float:
        """When it last got something done, by the monotonic clock."""

    def seeks(self) -> dict[TopicPartition, int]:
        """Where reading goes on."""

    def reached(self) -> dict[TopicPartition, int]:
        """Up to where it has read or written partitions."""

    async def take(self) -> None:
        """Fence the earlier owner."""

    async def work(self, lists: list[Records]) -> None:
        """Take lists in and commit."""

    async def rest(self) -> None:
        """Let time pass."""

    async def close(self) -> None:
        """Let go."""


class Tenure:
    """Runs one owner. Only `run` calls it, one step at a time."""

    def __init__(
        self,
        owner: Owner,
        restore: Callable[[], Awaitable[None]],
        turn: AbstractAsyncContextManager[Any] = NO_TURN,
    ) -> None:
        """Hold an owner that `restore` makes ready once it is taken.

        `turn` is waited for before each step through a backlog, and kept while that lasts.
        """
        self.owner = owner
        self.inbox = Inbox()
        self.is_restored = False
        self.is_paused = True
        self._restore = restore
        self._turn = turn
        self._step = asyncio.Lock()
        # When it was last done with what was read, by the monotonic clock.
        self.worked_at = 0.0
        self._began = 0.0
        self._is_working = False
        self._task: asyncio.Task[None] | None = None

    def start(self, on_restored: Callable[["Tenure"], Awaitable[None]]) -> asyncio.Task[None]:
        """Begin; when the owner is ready `on_restored` is called once."""
        self._task = asyncio.create_task(self._run(on_restored), name=self.name)
        return self._task

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return f"{self.owner.stage}/{self.owner.number}"

    @property
    def stuck_s(self) -> float:
        """Seconds since the step under way began or last got something done; 0 between steps."""
        if not self._is_working:
            return 0.0
        return time.monotonic() - max(self._began, self.owner.progressed_at)

    def resume(self) -> None:
        """Go on; lists may come."""
        self.is_paused = False
        self.inbox.open()

    async def pause(self) -> None:
        """Drop what waits and return when the transaction under way is through."""
        self.is_paused = True
        self.inbox.shut()
        if self.is_restored:
            async with self._step:
                pass

    async def end(self) -> None:
        """Stop after the transaction under way and let go of the connections."""
        await self.pause()
        if self._task is not None:
            await ended(self._task)
        await self.owner.close()

    async def _run(self, on_restored: Callable[["Tenure"], Awaitable[None]]) -> None:
        try:
            await self._restore()
        except Fenced:
            # Nothing is committed yet. In a rebalance the next owner may be quicker than the
            # group's word to this one, which ends the tenure.
            await asyncio.sleep(TOLD_SECONDS)
            raise
        self.is_restored = True
        await on_restored(self)
        while True:
            await self._wait()
            async with self._turn if self.inbox.is_behind else NO_TURN:
                await self._take_step()

    async def _take_step(self) -> None:
        async with self._step:
            if self.is_paused:
                return
            self._began = time.monotonic()
            self._is_working = True
            if lists := self.inbox.take():
                await self.owner.work(lists)
                self.worked_at = time.monotonic()
            else:
                await self.owner.rest()
            self._is_working = False

    async def _wait(self) -> None:
        """Wait for lists, but not past the next tick; let some gather if there are few."""
        arrived = self.inbox.arrived
        found_idle = not arrived.is_set()
        if found_idle:
            wait_s = min(TICK_SECONDS, max(SOONEST_SECONDS, self.owner.due_in))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await arrived.wait()
        if arrived.is_set() and not self.is_paused:
            await self._gather(found_idle)

    async def _gather(self, found_idle: bool) -> None:
        """Let lists gather as long as the owner wants, unless there is a transaction's worth."""
        inbox, until = self.inbox, time.monotonic() + TICK_SECONDS
        while not inbox.is_full:
            wait_s = self.owner.gathers_for(inbox.lists, inbox.since, found_idle)
            wait_s = min(wait_s, until - time.monotonic())
            await asyncio.sleep(max(0.0, wait_s))
            if wait_s <= 0:
                break


def refuse_stuck(tenures: Iterable[Tenure], limit_s: float) -> None:
    """Raise Fatal if one of them has got nothing done for too long amid a step."""
    for tenure in tenures:
        if tenure.stuck_s > limit_s:
            raise Fatal(f"{tenure.name} has been stuck in one step for {tenure.stuck_s:.0f} s")
