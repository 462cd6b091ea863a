"""A stand-in for the group's consumer, and the assignments that it makes."""

import asyncio
from collections.abc import Iterable, Mapping

from aiokafka.errors import KafkaError
from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.config.settings import Settings
from streams.kafka import topics
from streams.tasks.ports import CorePort
from streams.worker.metrics import WorkerMetrics
from streams.worker.task_manager import TaskManager
from tests.installation.counting import Counting
from tests.installation.installed import eventually


class Group:
    """A group consumer whose seek can be held up, as by a slow broker.

    Attributes:
        failure: What `is_joining` raises, if anything.
    """

    def __init__(self) -> None:
        self.assigned: set[TP] = set()
        self.is_seeking = asyncio.Event()
        self.may_seek = asyncio.Event()
        self.may_seek.set()
        self.failure: KafkaError | None = None

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Wait for `may_seek`."""
        assert partitions
        self.is_seeking.set()
        await self.may_seek.wait()

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Deliver nothing."""

    def assignment(self) -> set[TP]:
        """The last assignment."""
        return self.assigned

    def is_joining(self) -> bool:
        """False: it has joined, unless that has failed."""
        if self.failure is not None:
            raise self.failure
        return False

    def positions(self, tps: Iterable[TP]) -> dict[TP, int]:
        """None: nothing was read."""
        del tps
        return {}

    def highwater(self, tp: TP) -> int | None:
        """None: nothing was read."""
        del tp
        return None

    def last_stable_offset(self, tp: TP) -> int | None:
        """None: nothing was read."""
        del tp
        return None


def shard(settings: Settings, number: int) -> list[TP]:
    """The partitions of an aggregate task."""
    return [TP(topic, number) for topic in topics.sources(settings)]


def new_manager(
    settings: Settings, failures: list[BaseException], core: CorePort | None = None
) -> TaskManager:
    """A manager that adds its failures to a list."""
    metrics = WorkerMetrics(CollectorRegistry())
    return TaskManager(settings, core or Counting(), metrics, failures.append)


async def reassign(manager: TaskManager, group: Group, tps: list[TP]) -> None:
    """Let the group change its assignment."""
    await manager.revoked()
    group.assigned = set(tps)
    await manager.assigned(tps)


async def until_readable(manager: TaskManager, *tps: TP) -> None:
    """Wait until the tasks of some partitions are resumed."""

    async def are_readable() -> bool:
        return all(manager.is_readable(tp) for tp in tps)

    await eventually(are_readable)


async def failure_of(failures: list[BaseException]) -> str:
    """Wait for the first failure and return its message."""

    async def has_failed() -> bool:
        return bool(failures)

    await eventually(has_failed)
    return str(failures[0])
