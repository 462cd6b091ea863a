"""The runners of all tasks assigned to this worker, and their joint state."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from aiokafka import TopicPartition

from streams.tasks.load_control import Load
from streams.tasks.task_id import TaskId
from streams.worker.record_buffer import BACKLOG
from streams.worker.task_runner import TaskRunner

AGGREGATE: Final = "aggregate"
# Without records for this long, publishing may use all of the time.
QUIET_SECONDS = 0.25


class TaskSet:
    """The runners by task id; the task manager adds and removes them.

    `has_spare_time` is whether the event loop is idle for much of the time.
    """

    def __init__(self, has_spare_time: Callable[[], bool]) -> None:
        self.by_id: dict[TaskId, TaskRunner] = {}
        self._has_spare_time = has_spare_time

    @property
    def runners(self) -> list[TaskRunner]:
        """All runners."""
        return list(self.by_id.values())

    @property
    def is_running(self) -> bool:
        """Whether there are tasks, and none of them is paused."""
        return bool(self.by_id) and self.paused == 0

    @property
    def paused(self) -> int:
        """The number of tasks that are not restored yet or not resumed yet."""
        return sum(runner.is_paused for runner in self.by_id.values())

    def describe(self) -> str:
        """The partition numbers by stage, in one line."""
        numbers: dict[str, list[str]] = {AGGREGATE: [], "merge": []}
        for stage, number in sorted(self.by_id):
            numbers[stage].append(str(number))
        return "; ".join(f"{stage} {' '.join(listed)}" for stage, listed in numbers.items())

    def remove_others(self, task_ids: set[TaskId]) -> list[TaskRunner]:
        """Remove and return the runners of all tasks but these."""
        return [self.by_id.pop(task_id) for task_id in list(self.by_id) if task_id not in task_ids]

    def has_backlog(self) -> bool:
        """Whether a backlog waits for an aggregate task, or is being processed by it."""
        return any(runner.unprocessed >= BACKLOG for runner in self._aggregating())

    def load(self) -> Load:
        """How much of the worker's time everything but publishing needs.

        Restoring is a backlog: tasks that are restored sooner must not keep others from it.
        """
        if self.has_backlog() or self._is_restoring():
            return Load.BACKLOG
        if self._is_quiet():
            return Load.IDLE
        return Load.LIGHT if self._has_spare_time() else Load.HEAVY

    def positions(self) -> dict[TopicPartition, int]:
        """The offsets up to which restored tasks have read or written partitions."""
        positions: dict[TopicPartition, int] = {}
        for task in (runner.task for runner in self.by_id.values() if runner.is_restored):
            for partition, offset in task.positions().items():
                positions[partition] = max(offset, positions.get(partition, 0))
        return positions

    def next_offsets(self) -> dict[TopicPartition, int]:
        """The offsets that aggregate tasks read next, without those of paused ones."""
        return {
            partition: offset
            for runner in self._aggregating()
            if not runner.is_paused
            for partition, offset in runner.task.resume_offsets().items()
        }

    def _is_restoring(self) -> bool:
        return not all(runner.is_restored for runner in self.by_id.values())

    def _is_quiet(self) -> bool:
        quiet_since = time.monotonic() - QUIET_SECONDS
        return all(
            runner.processed_at < quiet_since and not runner.unprocessed
            for runner in self._aggregating()
        )

    def _aggregating(self) -> Iterator[TaskRunner]:
        return (runner for (stage, _), runner in self.by_id.items() if stage == AGGREGATE)


def names(runners: Iterable[TaskRunner]) -> str:
    """The names of tasks, for a line of the log."""
    return ", ".join(runner.name for runner in runners) or "no task"
