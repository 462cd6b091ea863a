"""The factory of task runners: fences tasks first, then lets each be restored."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from functools import partial

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.internal_topics import partials
from streams.internal_topics.partials import PublishedPartials
from streams.kafka.progress_tracker import ProgressTracker
from streams.kafka.reader import OffsetClient
from streams.tasks.aggregate.task import AggregateTask
from streams.tasks.catch_up import EndOf
from streams.tasks.load_control import Load, LoadControl
from streams.tasks.merge.task import MergeTask
from streams.tasks.ports import CorePort
from streams.tasks.reference_data import ReferenceData
from streams.tasks.task_id import TaskId
from streams.worker.background_tasks import BackgroundTasks
from streams.worker.metrics import WorkerMetrics
from streams.worker.task_runner import NO_LIMIT, TaskRunner

# Steps through a backlog that may run at once. One computes while another waits for Kafka; with
# more of them, a rebalance would have to wait until all have ended.
BACKLOG_STEPS = 2
Published = asyncio.Task[dict[int, PublishedPartials]]


class TaskFactory:
    """Makes the runners of newly assigned tasks.

    `end_of` gives the end offset of a source partition; `load` what else the worker has to do.

    Attributes:
        shared_progress: The progress of reading what all restoring tasks wait for.
    """

    def __init__(
        self,
        settings: Settings,
        core: CorePort,
        metrics: WorkerMetrics,
        background: BackgroundTasks,
        end_of: EndOf,
        load: Callable[[], Load],
    ) -> None:
        self.shared_progress = ProgressTracker()
        self._settings = settings
        self._core = core
        self._metrics = metrics
        self._background = background
        self._end_of = end_of
        self._load = load
        self._load_control = LoadControl(load)
        self._reference = ReferenceData(settings, metrics, core.known_names)
        self._offsets = OffsetClient(settings)
        self._backlog_limit = asyncio.Semaphore(BACKLOG_STEPS)

    def start(self) -> None:
        """Start to read the reference data."""
        self._background.add(
            self.shared_progress.create_task(self._reference.read(), "reference data")
        )

    async def close(self) -> None:
        """Close what the tasks ask Kafka with, once they have ended."""
        await self._offsets.close()

    def reference_ends(self) -> dict[TopicPartition, tuple[int, int]]:
        """The stable end and the end of each reference topic, as of the last fetch."""
        return self._reference.ends

    def make(self, task_ids: Collection[TaskId]) -> list[TaskRunner]:
        """Return runners of tasks that are being fenced.

        Nothing is read for any of them before all are fenced: published partials are read for all
        aggregate tasks together.
        """
        if not task_ids:
            return []
        fencing: list[asyncio.Task[None]] = []
        shards = [number for stage, number in task_ids if stage == "aggregate"]
        published = self.shared_progress.create_task(
            self._read_published(fencing, shards), "published partials"
        )
        self._background.add(published)
        return [self._make(task_id, published, fencing) for task_id in task_ids]

    async def _read_published(
        self, fencing: Collection[asyncio.Task[None]], shards: list[int]
    ) -> dict[int, PublishedPartials]:
        await asyncio.wait(fencing)
        if not shards:
            return {}
        return await partials.read_published(self._settings, shards, self._offsets)

    def _make(
        self, task_id: TaskId, published: Published, fencing: list[asyncio.Task[None]]
    ) -> TaskRunner:
        stage, number = task_id
        settings, core, metrics = self._settings, self._core, self._metrics
        task: AggregateTask | MergeTask
        restore: Callable[[], Awaitable[None]]
        if stage == "aggregate":
            task = AggregateTask(
                settings, core, number, metrics, self._offsets, self._end_of, self._load
            )
            restore = partial(self._restore_aggregate, task, published)
        else:
            task = MergeTask(settings, core, number, metrics, self._offsets, self._load_control)
            restore = partial(self._restore_merge, task)
        fence = asyncio.create_task(task.fence(), name=f"fencing {stage}/{number}")
        fencing.append(fence)
        limit = self._backlog_limit if stage == "aggregate" else NO_LIMIT
        return TaskRunner(task, partial(self._restore, stage, fence, restore), limit, fence)

    async def _restore(
        self, stage: str, fence: asyncio.Task[None], restore: Callable[[], Awaitable[None]]
    ) -> None:
        began = time.monotonic()
        await fence
        await restore()
        self._metrics.restored(stage, time.monotonic() - began)

    async def _restore_aggregate(self, task: AggregateTask, published: Published) -> None:
        by_shard = await asyncio.shield(published)
        await self._reference.is_complete.wait()
        await task.restore(by_shard[task.number], self._reference)

    async def _restore_merge(self, task: MergeTask) -> None:
        await self._reference.is_complete.wait()
        await task.restore(self._reference)
