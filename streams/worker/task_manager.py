"""The manager of this worker's tasks: restores, resumes and closes them as the group assigns."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError
from faust.types import TP

from streams.config.settings import Settings
from streams.kafka import topic_monitor, topics
from streams.kafka.errors import Fatal, TopicsMissing
from streams.tasks.load_control import Load
from streams.tasks.ports import CorePort
from streams.tasks.task_id import TaskId, stage_of
from streams.worker.background_tasks import BackgroundTasks
from streams.worker.group_consumer import GroupConsumer
from streams.worker.metrics import WorkerMetrics
from streams.worker.reading_watch import HeldBackRecords, Reading, watch_reading
from streams.worker.rebalance_watch import REBALANCE_LIMIT_SECONDS, RebalanceWatch
from streams.worker.record_buffer import FetchedRecords
from streams.worker.task_factory import TaskFactory
from streams.worker.task_runner import TaskRunner, raise_if_not_resumed, raise_if_stuck
from streams.worker.task_set import TaskSet, names

log = logging.getLogger(__name__)
LAG_SECONDS = 1.0
WATCH_SECONDS = 1.0
# Without progress in a step, or with restoring, for this long: the client is stuck.
STUCK_SECONDS = 60.0
# A worker that stops has some seconds in all.
FINISH_SECONDS = 4.0
# Of tasks that finish, how many at once: one computes while the other waits for Kafka. With more
# of them, none might be through in time.
FINISHED_AT_ONCE = 2


class TaskManager:
    """Runs the tasks that the group assigns to this worker.

    A rebalance pauses all tasks. Those that stay assigned go on with their state in memory: one
    that another worker has run meanwhile is fenced and cannot commit. Any failure goes to
    `on_fatal`. `has_spare_time` is whether the event loop is idle for much of the time.
    """

    def __init__(
        self,
        settings: Settings,
        core: CorePort,
        metrics: WorkerMetrics,
        on_fatal: Callable[[BaseException], None],
        has_spare_time: Callable[[], bool] = lambda: False,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._background = BackgroundTasks(on_fatal)
        self._tasks = TaskSet(has_spare_time)
        self._factory = TaskFactory(
            settings, core, metrics, self._background, self._end_offset, self._tasks.load
        )
        self._readable: set[TP] = set()
        self._consumer: GroupConsumer | None = None
        self._received_at = time.monotonic()
        self._held_back = HeldBackRecords()
        self._rebalance = RebalanceWatch()
        self._is_watched = False
        self._is_rebalancing = False
        # Rises with each change of the group, which may come while the last is being followed.
        self._generation = 0
        self._assignment_lock = asyncio.Lock()

    def start(self, consumer: GroupConsumer) -> None:
        """Start to read reference data, monitor topics and measure lag; once is enough."""
        if self._consumer is not None:
            return
        self._consumer = consumer
        self.watch_rebalances()
        self._factory.start()
        monitoring = topic_monitor.watch(self._settings, self._tasks.positions)
        self._background.add(asyncio.create_task(monitoring, name="topic monitor"))
        self._background.add(asyncio.create_task(self._measure_lag(), name="lag"))
        reading = Reading(
            lambda: self._readable,
            consumer.positions,
            lambda: self._received_at,
            self._tasks.has_backlog,
        )
        watching = watch_reading(self._settings, reading)
        self._background.add(asyncio.create_task(watching, name="reading watch"))

    def watch_rebalances(self) -> None:
        """Start to watch that an assignment comes and is completed; once is enough."""
        if not self._is_watched:
            self._is_watched = True
            self._rebalance.begin("the group to be joined")
            watching = asyncio.create_task(self._watch_progress(), name="rebalance watch")
            self._background.add(watching)

    def not_ready_reason(self) -> str | None:
        """Why this worker does not process yet, in one line; None if it does, or has no tasks."""
        if self._consumer is None:
            return "has not joined the group yet"
        paused = self._tasks.paused
        return f"is restoring {paused} tasks" if paused else None

    def is_readable(self, tp: TP) -> bool:
        """Whether records of a partition may be delivered."""
        return tp in self._readable

    def is_busy(self) -> bool:
        """Whether events come and leave the worker no time to spare, but no backlog waits."""
        return self._tasks.load() is Load.HEAVY

    async def receive(self, fetched: FetchedRecords) -> None:
        """Pass fetched records to their tasks; waits while a buffer has no capacity."""
        self._received_at = time.monotonic()
        for tp, records in fetched.items():
            runner = self._tasks.by_id.get((stage_of(tp.topic), tp.partition))
            if runner is not None and tp in self._readable:
                await runner.buffer.add(records)

    def rebalance_started(self) -> None:
        """Note that the group is about to change: the current assignment is over."""
        self._generation += 1
        self._is_rebalancing = True
        self._rebalance.begin("the client to drop what it has fetched")

    async def revoked(self) -> None:
        """Pause all tasks and return when every current transaction has ended."""
        self._generation += 1
        self._is_rebalancing = True
        self._readable.clear()
        self._rebalance.begin("")
        self._rebalance.wait_for(f"the current steps of {names(self._tasks.runners)}")
        await asyncio.gather(*(runner.pause() for runner in self._tasks.runners))
        self._rebalance.wait_for("the group to assign tasks")

    def follow(self, tps: Collection[TP]) -> None:
        """Run `assigned` as a watched asyncio task, so that heartbeats go on meanwhile.

        The client sends no heartbeats while its listener follows an assignment. Closing a task
        may take longer than a session: the group would take this worker for dead, and rebalance.
        """
        self._background.add(asyncio.create_task(self.assigned(tps), name="assignment"))

    async def assigned(self, tps: Collection[TP]) -> None:
        """Close the tasks no longer assigned, resume the others, start to restore the new ones.

        Returns early if the group has changed again: the call for that change does the rest.
        """
        self._generation += 1
        generation, task_ids = self._generation, self._task_ids(tps)
        self._rebalance.wait_for("the previous assignment to be completed")
        async with self._assignment_lock:
            if generation != self._generation:
                return
            revoked = self._tasks.remove_others(task_ids)
            self._rebalance.wait_for(f"{names(revoked)} to be closed")
            await asyncio.gather(*(runner.end() for runner in revoked))
            if generation != self._generation:
                return
            self._is_rebalancing = False
            self._rebalance.wait_for("the client to seek to the resume offsets")
            for runner in self._tasks.runners:
                if runner.is_restored:
                    await self._resume(runner)
            if generation != self._generation:
                return
            for runner in self._factory.make(sorted(task_ids - self._tasks.by_id.keys())):
                self._tasks.by_id[runner.id] = runner
                self._background.add(runner.start(self._resume))
            self._metrics.assigned(stage for stage, _ in self._tasks.by_id)
            self._rebalance.complete()
            self._log_if_ready()

    async def stop(self) -> None:
        """End the current transactions, help the next owners, and close everything."""
        self._generation += 1
        self._readable.clear()
        await asyncio.gather(*(runner.pause() for runner in self._tasks.runners))
        await self._finish_all()
        await asyncio.gather(*(runner.end() for runner in self._tasks.runners))
        self._tasks.by_id.clear()
        await self._background.stop()
        await self._factory.close()

    async def _finish_all(self) -> None:
        until, limit = time.monotonic() + FINISH_SECONDS, asyncio.Semaphore(FINISHED_AT_ONCE)

        async def finish(runner: TaskRunner) -> None:
            async with limit:
                await runner.finish(until)

        await asyncio.gather(*(finish(runner) for runner in self._tasks.runners))

    def _task_ids(self, tps: Collection[TP]) -> set[TaskId]:
        task_ids = {(stage_of(tp.topic), tp.partition) for tp in tps}
        sources = topics.sources(self._settings)
        for number in (number for stage, number in task_ids if stage == "aggregate"):
            if number >= self._settings.partitions:
                raise Fatal(
                    f"a topic of events has more than {self._settings.partitions} partitions now:"
                    " stop all workers and senders, then run: sales-kpis topics repartition"
                )
            if missing := {TP(topic, number) for topic in sources} - set(tps):
                raise TopicsMissing(
                    f"topic {min(missing).topic} is missing, or its partition {number} is;"
                    " run: sales-kpis topics apply"
                )
        return task_ids

    async def _resume(self, runner: TaskRunner) -> None:
        """Let a restored task's partitions be read, if they are still assigned."""
        consumer = self._consumer
        if consumer is None or not self._may_resume(runner):
            return  # `assigned` resumes it, if it stays
        seeks = {
            TP(*partition): offset for partition, offset in runner.task.resume_offsets().items()
        }
        if not seeks.keys() <= consumer.assignment():
            return
        try:
            await consumer.seek_wait(seeks)
        except IllegalStateError:
            # The group has changed meanwhile.
            if self._may_resume(runner):
                raise
        if not self._may_resume(runner):
            return
        runner.resume()
        self._readable |= seeks.keys()
        consumer.resume_partitions(seeks.keys())
        self._log_if_ready()

    def _may_resume(self, runner: TaskRunner) -> bool:
        return not self._is_rebalancing and self._tasks.by_id.get(runner.id) is runner

    def _log_if_ready(self) -> None:
        if self._tasks.is_running:
            log.info("ready: tasks %s", self._tasks.describe())

    async def _watch_progress(self) -> None:
        """Check that the rebalance, and what follows from it, makes progress; raises Stuck."""
        while True:
            if self._consumer is not None and self._consumer.is_joining():
                self._rebalance.begin("the client to begin to join the group")
            self._metrics.rebalance(self._rebalance.seconds)
            self._rebalance.raise_if_stuck(REBALANCE_LIMIT_SECONDS)
            if not self._is_rebalancing:
                shared = self._factory.shared_progress.last_progress_at
                since = max(shared, self._rebalance.completed_at)
                raise_if_not_resumed(self._tasks.runners, since, STUCK_SECONDS)
            await asyncio.sleep(WATCH_SECONDS)

    async def _measure_lag(self) -> None:
        """Expose lag, and check that steps make progress; raises Stuck."""
        while True:
            await asyncio.sleep(LAG_SECONDS)
            now, lags = time.monotonic(), self._lags()
            self._metrics.lags(lags)
            self._metrics.uncompared(sum(runner.task.uncompared for runner in self._tasks.runners))
            ends = {**self._factory.reference_ends(), **self._ends()}
            self._metrics.held_back(self._held_back.update(ends, now))
            raise_if_stuck(self._tasks.runners, STUCK_SECONDS)

    def _lags(self) -> dict[TopicPartition, int]:
        """The lag of each crm.* partition; that of reroutes ends with markers, not records."""
        return {
            partition: max(0, (self._end_offset(partition) or 0) - offset)
            for partition, offset in self._tasks.next_offsets().items()
            if partition.topic != topics.reroutes(self._settings)
        }

    def _ends(self) -> dict[TopicPartition, tuple[int, int]]:
        """The stable end and the end of each crm.* partition that is read."""
        found = {}
        for partition in self._tasks.next_offsets():
            stable, consumer = self._end_offset(partition), self._consumer
            if partition.topic == topics.reroutes(self._settings):
                continue
            if consumer is not None and stable is not None:
                found[partition] = stable, consumer.highwater(TP(*partition)) or stable
        return found

    def _end_offset(self, partition: TopicPartition) -> int | None:
        """The end of what can be read of a partition, as of the last fetch.

        None if it is not being read. Records of open transactions are behind this end.
        """
        if self._consumer is None or TP(*partition) not in self._readable:
            return None
        return self._consumer.last_stable_offset(TP(*partition))
