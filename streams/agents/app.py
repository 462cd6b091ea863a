"""The Faust app: `faust -A streams.agents.app worker` runs what `sales-kpis worker` runs."""

import logging
import os
from collections.abc import Callable
from typing import Any

import faust
from aiokafka.errors import KafkaError
from faust.app import BootStrategy
from prometheus_client import CollectorRegistry
from yarl import URL

from streams.agents.batches import FetchScheduler, ListSchema
from streams.agents.transport import Transport
from streams.config.rules import read
from streams.config.settings import Settings
from streams.kafka.errors import Fatal
from streams.kafka.topics import PARTIALS, sources
from streams.tasks.aggregate.quarantine import Crashed
from streams.tasks.ports import CorePort
from streams.wiring.core import build_core
from streams.worker.metrics import WorkerMetrics
from streams.worker.task_manager import TaskManager

log = logging.getLogger(__name__)
# A killed worker is missed after this; the broker's default lower bound.
SESSION_SECONDS = 6.0
HEARTBEAT_SECONDS = 1.5
REBALANCE_SECONDS = 20.0
FETCH_BYTES = 256 * 1024
POLL_RECORDS = 8_000
# Fetches under way to an agent; a full buffer makes the next poll wait.
BUFFERED = 2
FAILED = 1


class SilentBoot(BootStrategy):
    """Starts no web server, which would bind every address, and no producer of Faust's own."""

    enable_web = False
    enable_kafka_producer = False


class App(faust.App):
    """Faust, with assignment and membership in use, and nothing of its tables and commits."""

    BootStrategy = SilentBoot
    logger = logging.getLogger("faust")
    tasks: TaskManager

    def _create_directories(self) -> None:
        """Make none: nothing is kept on disk."""


def exit_process(error: BaseException) -> None:
    """End the process at once, saying why. Nothing is committed or aborted on the way out."""
    if isinstance(error, Fatal):
        # Of a KPI that failed whoever mends it needs to see where.
        cause = error.__cause__ if isinstance(error, Crashed) else None
        log.critical("stopping: %s", error, exc_info=cause)
    elif isinstance(error, KafkaError):
        log.critical("stopping: Kafka failed: %r; `sales-kpis doctor` looks", error)
    else:
        log.critical("stopping: %r", error, exc_info=error)
    logging.shutdown()
    os._exit(FAILED)


def create_app(
    settings: Settings,
    metrics: WorkerMetrics,
    core: CorePort | None = None,
    has_time: Callable[[], bool] = lambda: False,
) -> App:
    """Make the app with its two agents; `core` None is the product's own.

    `has_time` says whether the event loop has time to spare.
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
        stream_buffer_maxsize=BUFFERED,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    core = core or build_core(settings, read(settings.rules))
    task_manager = app.tasks = TaskManager(settings, core, metrics, exit_process, has_time)
    app.transport = Transport(app.conf.broker_consumer, app, settings, task_manager.is_readable)
    _add_agents(app, task_manager, settings)
    _subscribe_to_rebalances(app, task_manager)
    return app


def _add_agents(app: App, task_manager: TaskManager, settings: Settings) -> None:
    schema = ListSchema()

    async def receive(stream: Any) -> None:
        try:
            async for lists in stream.noack():
                await task_manager.receive(lists)
        except Exception as error:  # noqa: BLE001 - Faust would restart the agent and go on
            exit_process(error)

    for name, topics in (("aggregate", sources(settings)), ("merge", (PARTIALS,))):
        topic = app.topic(*topics, schema=schema, acks=False)
        app.agent(topic, name=name, concurrency=1)(receive)


def _subscribe_to_rebalances(app: App, task_manager: TaskManager) -> None:
    """Let the ownership follow the group; Faust would log an error here and go on."""

    async def on_revoked(*_: Any, **__: Any) -> None:
        try:
            await task_manager.revoked()
        except Exception as error:  # noqa: BLE001
            exit_process(error)

    async def on_assigned(_: Any, /, *said: Any, **__: Any) -> None:
        try:
            task_manager.start(app.consumer)
            await task_manager.assigned(said[0])
        except Exception as error:  # noqa: BLE001
            exit_process(error)

    async def on_shutdown(*_: Any, **__: Any) -> None:
        await task_manager.stop()

    app.on_partitions_revoked.connect(on_revoked, weak=False)
    app.on_partitions_assigned.connect(on_assigned, weak=False)
    app.on_before_shutdown.connect(on_shutdown, weak=False)


def __getattr__(name: str) -> App:
    """Make the app of the environment's settings when `faust -A streams.agents.app` asks."""
    if name != "app":
        raise AttributeError(name)
    made = create_app(Settings.from_environment(), WorkerMetrics(CollectorRegistry()))
    globals()["app"] = made
    return made
