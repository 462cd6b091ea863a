"""The Faust app: `faust -A streams.agents.app worker` runs what `sales-kpis worker` runs."""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any, cast

import faust
from aiokafka.errors import KafkaError
from faust.app import BootStrategy
from prometheus_client import CollectorRegistry
from yarl import URL

from streams.agents.batches import FetchScheduler, FetchSchema
from streams.agents.transport import Transport
from streams.config.rules import read
from streams.config.settings import Settings
from streams.kafka.errors import Fatal, Stuck
from streams.kafka.topics import PARTIALS, sources
from streams.process.task_stacks import log_tasks
from streams.tasks.aggregate.quarantine import Crashed
from streams.tasks.ports import CorePort
from streams.wiring.core import build_core
from streams.worker.group_consumer import GroupConsumer
from streams.worker.metrics import WorkerMetrics
from streams.worker.task_manager import TaskManager

log = logging.getLogger(__name__)
# After this the group misses a killed worker; the broker's default lower bound.
SESSION_SECONDS = 6.0
HEARTBEAT_SECONDS = 1.5
REBALANCE_SECONDS = 20.0
FETCH_BYTES = 256 * 1024
POLL_RECORDS = 8_000
# Fetches that an agent has not received yet; with a full buffer the next poll waits.
BUFFERED_FETCHES = 2
EXIT_FAILED = 1


class SilentBoot(BootStrategy):
    """Boots without Faust's producer and web server, which would bind every address."""

    enable_web = False
    enable_kafka_producer = False


class App(faust.App):
    """The Faust app of a worker: group membership and agents, without Faust's tables and commits.

    Attributes:
        task_manager: Runs the tasks that the group assigns.
    """

    BootStrategy = SilentBoot
    logger = logging.getLogger("faust")
    task_manager: TaskManager

    async def on_start(self) -> None:
        """Start to watch that the group is joined."""
        await super().on_start()
        self.task_manager.watch_rebalances()

    def on_rebalance_start(self) -> None:
        """Note the rebalance before anything is waited for."""
        self.task_manager.rebalance_started()
        super().on_rebalance_start()

    async def crash(self, reason: BaseException) -> None:
        """End the process: Faust would wait for its services, which may wait for each other."""
        exit_process(reason)

    def _create_directories(self) -> None:
        """Create none: no state is on disk."""


def exit_process(error: BaseException) -> None:
    """Log why and end the process at once. Nothing is committed or aborted."""
    if isinstance(error, Stuck):
        log_tasks("stuck", asyncio.get_running_loop())
    if isinstance(error, Fatal):
        # Where a KPI failed is needed to correct it.
        cause = error.__cause__ if isinstance(error, Crashed) else None
        log.critical("stopping: %s", error, exc_info=cause)
    elif isinstance(error, KafkaError):
        log.critical("stopping: Kafka failed: %r; `sales-kpis doctor` looks", error)
    else:
        log.critical("stopping: %r", error, exc_info=error)
    logging.shutdown()
    os._exit(EXIT_FAILED)


def create_app(
    settings: Settings,
    metrics: WorkerMetrics,
    core: CorePort | None = None,
    has_spare_time: Callable[[], bool] = lambda: False,
) -> App:
    """Create the app with its two agents; `core` None is the product's own.

    `has_spare_time` is whether the event loop is idle for much of the time.
    """
    app = App(
        settings.app,
        broker=[URL(f"aiokafka://{host.strip()}") for host in settings.bootstrap.split(",")],
        autodiscover=False,
        ConsumerScheduler=FetchScheduler,
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_rebalance_timeout=REBALANCE_SECONDS,
        broker_max_poll_records=POLL_RECORDS,
        consumer_max_fetch_size=FETCH_BYTES,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=BUFFERED_FETCHES,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    core = core or build_core(settings, read(settings.rules))
    manager = app.task_manager = TaskManager(settings, core, metrics, exit_process, has_spare_time)
    app.transport = Transport(app.conf.broker_consumer, app, settings, manager.is_readable)
    _add_agents(app, manager, settings)
    _subscribe_to_rebalances(app, manager)
    return app


def _add_agents(app: App, manager: TaskManager, settings: Settings) -> None:
    schema = FetchSchema()

    async def receive(stream: Any) -> None:
        try:
            async for fetched in stream.noack():
                await manager.receive(fetched)
        except Exception as error:  # noqa: BLE001 - Faust would restart the agent and go on
            exit_process(error)

    for name, topics in (("aggregate", sources(settings)), ("merge", (PARTIALS,))):
        topic = app.topic(*topics, schema=schema, acks=False)
        app.agent(topic, name=name, concurrency=1)(receive)


def _subscribe_to_rebalances(app: App, manager: TaskManager) -> None:
    """Let the manager follow the group. An error ends the process; Faust would only log it."""

    async def on_revoked(*_: Any, **__: Any) -> None:
        try:
            await manager.revoked()
        except Exception as error:  # noqa: BLE001 - it ends the process
            exit_process(error)

    async def on_assigned(_: Any, /, *arguments: Any, **__: Any) -> None:
        try:
            manager.start(cast(GroupConsumer, app.consumer))
            manager.follow(arguments[0])
        except Exception as error:  # noqa: BLE001 - it ends the process
            exit_process(error)

    async def on_shutdown(*_: Any, **__: Any) -> None:
        await manager.stop()

    app.on_partitions_revoked.connect(on_revoked, weak=False)
    app.on_partitions_assigned.connect(on_assigned, weak=False)
    app.on_before_shutdown.connect(on_shutdown, weak=False)


def __getattr__(name: str) -> App:
    """Create the app of the environment's settings for `faust -A streams.agents.app`."""
    if name != "app":
        raise AttributeError(name)
    app = create_app(Settings.from_environment(), WorkerMetrics(CollectorRegistry()))
    globals()["app"] = app
    return app
