"""What this worker holds, as the group assigns it: taking over, going on, handing over."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError
from faust.types import TP

from streams.config.settings import Settings
from streams.internal_topics import partials
from streams.internal_topics.partials import PublishedPartials
from streams.kafka import topic_monitor, topics
from streams.kafka.errors import Fatal, Stuck, TopicsMissing
from streams.kafka.progress_tracker import ProgressTracker
from streams.process.cancellation import stopped
from streams.tasks.aggregate.task import AggregateTask
from streams.tasks.load_control import Load, LoadControl
from streams.tasks.merge.task import MergeTask
from streams.tasks.ports import CorePort
from streams.tasks.reference_data import ReferenceData
from streams.tasks.task_id import TaskId, stage_of
from streams.worker.metrics import WorkerMetrics
from streams.worker.rebalance_watch import REBALANCE_LIMIT_SECONDS, RebalanceWatch
from streams.worker.record_buffer import FetchedRecords
from streams.worker.task_runner import TaskRunner, raise_if_not_resumed, raise_if_stuck

log = logging.getLogger(__name__)
LAG_SECONDS = 1.0
WATCH_SECONDS = 1.0
# So long without a list although there is something to read, or amid a step without getting
# anything done: the client is stuck.
STUCK_SECONDS = 60.0
# Steps through a backlog that may be under way at once. One works while another waits for
# Kafka; with more of them, a rebalance would have to wait until all are through.
LONG_STEPS = 2
# Once no event has come for so long, publishing may have all the time there is.
QUIET_SECONDS = 0.25


class Reader(Protocol):
    """The group's consumer, as far as it is needed here."""

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Go on reading from these offsets."""

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Deliver from these partitions."""

    def assignment(self) -> set[TP]:
        """Say what the group has assigned."""

    def highwater(self, tp: TP) -> int | None:
        """Say where a partition ends."""

    def is_joining(self) -> bool:
        """Whether the group has to be joined; raises the error that prevents it."""


class TaskManager:
    """Holds a tenure for each shard and board assigned.

    A rebalance pauses all; what stays here goes on from memory, for a shard that somebody else
    has had meanwhile is fenced and cannot commit. Whatever fails goes to `on_fatal`.
    """

    def __init__(
        self,
        settings: Settings,
        core: CorePort,
        metrics: WorkerMetrics,
        on_fatal: Callable[[BaseException], None],
        has_time: Callable[[], bool] = lambda: False,
    ) -> None:
        """Hold nothing yet; `has_time` says whether the event loop has time to spare."""
        self._settings = settings
        self._core = core
        self._metrics = metrics
        self._on_fatal = on_fatal
        self._reference = ReferenceData(settings, metrics)
        self._has_spare_time = has_time
        self._load_control = LoadControl(self._has_backlog, self._load)
        self._long_steps = asyncio.Semaphore(LONG_STEPS)
        self._runners: dict[TaskId, TaskRunner] = {}
        self._readable: set[TP] = set()
        self._is_rebalancing = False
        self._rebalance = RebalanceWatch()
        # Reading that all restoring tasks wait for.
        self._shared_progress = ProgressTracker()
        self._is_watched = False
        # The group may change again while the last change is still being followed.
        self._changes = 0
        self._assignment_lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._reader: Reader | None = None
        self._received_at = time.monotonic()

    def start(self, reader: Reader) -> None:
        """Begin reading reference data, watching topics and measuring lag; once is enough."""
        if self._reader is not None:
            return
        self._reader = reader
        self.watch_rebalances()
        self._supervise(self._shared_progress.create_task(self._reference.read(), "reference"))
        self._supervise(
            asyncio.create_task(topic_monitor.watch(self._settings, self._positions), name="topics")
        )
        self._supervise(asyncio.create_task(self._measure(), name="lag"))

    def watch_rebalances(self) -> None:
        """Begin to watch that an assignment comes and is completed; once is enough."""
        if not self._is_watched:
            self._is_watched = True
            self._rebalance.begin("the group to be joined")
            self._supervise(asyncio.create_task(self._watch_progress(), name="rebalance watch"))

    def rebalance_started(self) -> None:
        """Note that the group is about to change: the current assignment is over."""
        self._changes += 1
        self._is_rebalancing = True
        self._rebalance.begin("the client to drop what it has fetched")

    def not_ready_reason(self) -> str | None:
        """Say in a line why this worker does not process yet; None if it does, or is a spare."""
        if self._reader is None:
            return "has not joined the group yet"
        paused = [name for name, runner in self._runners.items() if runner.is_paused]
        return f"is taking {len(paused)} shards" if paused else None

    def is_readable(self, tp: TP) -> bool:
        """Tell whether a partition may be delivered."""
        return tp in self._readable

    async def receive(self, lists: FetchedRecords) -> None:
        """Hand fetched lists to their tenures; waits while one has no room."""
        self._received_at = time.monotonic()
        for tp, records in lists.items():
            runner = self._runners.get((stage_of(tp.topic), tp.partition))
            if runner is not None and tp in self._readable:
                await runner.buffer.add(records)

    def follow(self, tps: Collection[TP]) -> None:
        """Start `assigned` as a supervised asyncio task, so that heartbeats go on meanwhile.

        The client sends no heartbeats while its listener follows an assignment. Closing a task
        may take longer than a session: the group would take this worker for dead, and rebalance.
        """
        self._supervise(asyncio.create_task(self.assigned(tps), name="assignment"))

    async def revoked(self) -> None:
        """Pause all; returns when every transaction under way is through."""
        self._changes += 1
        self._is_rebalancing = True
        self._readable.clear()
        self._rebalance.begin("")
        self._rebalance.wait_for(f"the current steps of {_names(self._runners.values())}")
        await asyncio.gather(*(runner.pause() for runner in self._runners.values()))
        self._rebalance.wait_for("the group to assign tasks")

    async def assigned(self, tps: Collection[TP]) -> None:
        """Hand over what went elsewhere, go on with what stays, begin to take what is new.

        What is no longer so when its turn comes is left to the call that says what is.
        """
        self._changes += 1
        change, task_ids = self._changes, self._task_ids(tps)
        self._rebalance.wait_for("the previous assignment to be completed")
        async with self._assignment_lock:
            if change != self._changes:
                return
            lost = [
                self._runners.pop(task_id)
                for task_id in list(self._runners)
                if task_id not in task_ids
            ]
            self._rebalance.wait_for(f"{_names(lost)} to be closed")
            await asyncio.gather(*(runner.end() for runner in lost))
            if change != self._changes:
                return
            self._is_rebalancing = False
            self._rebalance.wait_for("the client to seek to the resume offsets")
            for runner in list(self._runners.values()):
                if runner.is_restored:
                    await self._resume(runner)
            if change != self._changes:
                return
            self._start_tasks(
                [task_id for task_id in sorted(task_ids) if task_id not in self._runners]
            )
            self._metrics.assigned(stage for stage, _ in self._runners)
            self._rebalance.complete()
            self._log_if_ready()

    async def stop(self) -> None:
        """Finish the transactions under way and let everything go."""
        self._changes += 1
        self._readable.clear()
        await asyncio.gather(*(runner.end() for runner in self._runners.values()))
        self._runners.clear()
        await stopped(*self._tasks)

    def _task_ids(self, tps: Collection[TP]) -> set[TaskId]:
        task_ids = {(stage_of(tp.topic), tp.partition) for tp in tps}
        for stage, number in task_ids:
            missing = {TP(topic, number) for topic in topics.sources(self._settings)} - set(tps)
            if stage == "aggregate" and number >= self._settings.partitions:
                raise Fatal(
                    f"a topic of events has more than {self._settings.partitions} partitions now:"
                    " stop all workers and senders, then run: sales-kpis topics repartition"
                )
            if stage == "aggregate" and missing:
                raise TopicsMissing(
                    f"topic {min(missing).topic} is missing, or its partition {number} is;"
                    " run: sales-kpis topics apply"
                )
        return task_ids

    def _start_tasks(self, task_ids: list[TaskId]) -> None:
        """Begin to take new units: all are fenced before anything of any is read."""
        if not task_ids:
            return
        fences: list[asyncio.Task[None]] = []
        shards = [number for stage, number in task_ids if stage == "aggregate"]
        published = self._shared_progress.create_task(
            self._read_published(fences, shards), "partials"
        )
        self._supervise(published)
        for task_id in task_ids:
            runner = self._runners[task_id] = self._new_runner(task_id, published, fences)
            self._supervise(runner.start(self._resume))

    async def _read_published(
        self, fences: list[asyncio.Task[None]], shards: list[int]
    ) -> dict[int, PublishedPartials]:
        await asyncio.wait(fences)
        return await partials.read_published(self._settings, shards) if shards else {}

    def _new_runner(
        self,
        task_id: TaskId,
        published: "asyncio.Task[dict[int, PublishedPartials]]",
        fences: list[asyncio.Task[None]],
    ) -> TaskRunner:
        stage, number = task_id
        began = time.monotonic()
        settings, core, metrics = self._settings, self._core, self._metrics
        if stage == "aggregate":
            shard = AggregateTask(settings, core, number, metrics, self._end_offset, self._load)
            fence = asyncio.create_task(shard.fence(), name=f"fencing {stage}/{number}")

            async def restore_shard() -> None:
                await fence
                known = await asyncio.shield(published)
                await self._reference.is_complete.wait()
                await shard.restore(known[number], self._reference)
                metrics.restored(stage, time.monotonic() - began)

            fences.append(fence)
            return TaskRunner(shard, restore_shard, self._long_steps, fencing=fence)
        board = MergeTask(settings, core, number, metrics, self._load_control)
        fence = asyncio.create_task(board.fence(), name=f"fencing {stage}/{number}")

        async def restore_board() -> None:
            await fence
            await self._reference.is_complete.wait()
            await board.restore(self._reference)
            metrics.restored(stage, time.monotonic() - began)

        fences.append(fence)
        return TaskRunner(board, restore_board, fencing=fence)

    async def _resume(self, runner: TaskRunner) -> None:
        """Let a tenure's partitions be read from where it is, if the group still says so."""
        reader = self._reader
        if reader is None or not self._may_resume(runner):
            return  # `assigned` comes back to it, if it stays
        seeks = {
            TP(*partition): offset for partition, offset in runner.task.resume_offsets().items()
        }
        if not seeks.keys() <= reader.assignment():
            return
        try:
            await reader.seek_wait(seeks)
        except IllegalStateError:
            # The group has changed meanwhile.
            if self._may_resume(runner):
                raise
        if not self._may_resume(runner):
            return
        runner.resume()
        self._readable |= seeks.keys()
        reader.resume_partitions(seeks.keys())
        self._log_if_ready()

    def _may_resume(self, runner: TaskRunner) -> bool:
        task_id = runner.task.stage, runner.task.number
        return not self._is_rebalancing and self._runners.get(task_id) is runner

    def _log_if_ready(self) -> None:
        if self._runners and all(not runner.is_paused for runner in self._runners.values()):
            held: dict[str, list[str]] = {"aggregate": [], "merge": []}
            for stage, number in sorted(self._runners):
                held[stage].append(str(number))
            text = "; ".join(f"{stage} {' '.join(numbers)}" for stage, numbers in held.items())
            log.info("ready: shards %s", text)

    def _has_backlog(self) -> bool:
        return any(
            t.buffer.is_behind for (stage, _), t in self._runners.items() if stage == "aggregate"
        )

    def _load(self) -> Load:
        if self._is_idle():
            return Load.IDLE
        return Load.LIGHT if self._has_spare_time() else Load.HEAVY

    def _is_idle(self) -> bool:
        quiet_since = time.monotonic() - QUIET_SECONDS
        return all(
            runner.processed_at < quiet_since and not runner.buffer.waiting
            for (stage, _), runner in self._runners.items()
            if stage == "aggregate"
        )

    def _supervise(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)

        def over(task: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            if task.cancelled():
                if not task.cancelling():
                    self._on_fatal(Fatal(f"{task.get_name()} ended, but nothing had cancelled it"))
            elif (error := task.exception()) is not None:
                self._on_fatal(error)

        task.add_done_callback(over)

    async def _watch_progress(self) -> None:
        """Check every WATCH_SECONDS that the rebalance and what follows from it make progress."""
        while True:
            if self._reader is not None and self._reader.is_joining():
                self._rebalance.begin("the client to begin to join the group")
            self._metrics.rebalance(self._rebalance.seconds)
            self._rebalance.raise_if_stuck(REBALANCE_LIMIT_SECONDS)
            if not self._is_rebalancing:
                since = max(self._shared_progress.last_progress_at, self._rebalance.completed_at)
                raise_if_not_resumed(self._runners.values(), since, STUCK_SECONDS)
            await asyncio.sleep(WATCH_SECONDS)

    async def _measure(self) -> None:
        """Show lag once a second; who does not move although it could is stuck: Fatal."""
        while True:
            await asyncio.sleep(LAG_SECONDS)
            lags = self._lags()
            self._metrics.lags(lags)
            raise_if_stuck(self._runners.values(), STUCK_SECONDS)
            idle = time.monotonic() - self._received_at
            if any(lags.values()) and not self._has_backlog() and idle > STUCK_SECONDS:
                raise Stuck(
                    f"nothing was read for {idle:.0f} s although there is something to read"
                )

    def _end_offset(self, partition: TopicPartition) -> int | None:
        """Say where a partition ends, by the last fetch from it; None if it is not read."""
        is_read = self._reader is not None and TP(*partition) in self._readable
        return self._reader.highwater(TP(*partition)) if self._reader and is_read else None

    def _positions(self) -> dict[TopicPartition, int]:
        """Say up to where partitions were read or written by what is held and ready."""
        reached: dict[TopicPartition, int] = {}
        for task in (runner.task for runner in self._runners.values() if runner.is_restored):
            for partition, offset in task.positions().items():
                reached[partition] = max(offset, reached.get(partition, 0))
        return reached

    def _lags(self) -> dict[TopicPartition, int]:
        """Say how far each crm topic is ahead; the topic of moves ends with no record of ours."""
        lags = {}
        unmeasured = topics.reroutes(self._settings)
        for (stage, _), runner in self._runners.items():
            if stage == "aggregate" and not runner.is_paused and self._reader is not None:
                for partition, offset in runner.task.resume_offsets().items():
                    if partition.topic != unmeasured:
                        lags[partition] = max(0, (self._end_offset(partition) or 0) - offset)
        return lags


def _names(runners: Iterable[TaskRunner]) -> str:
    return ", ".join(runner.name for runner in runners) or "nothing"
