"""The Faust app: `faust -A streams.agents.app worker` runs what `sales-kpis worker` runs."""

from collections.abc import Callable
from typing import Any, cast

from faust.types import TP
from prometheus_client import CollectorRegistry

from streams.agents.batches import FetchSchema
from streams.agents.faust_app import FaustApp, exit_process, follow_group, options
from streams.agents.transport import Transport
from streams.config.rules import read
from streams.config.settings import Settings
from streams.kafka.topics import PARTIALS, sources
from streams.tasks.ports import CorePort
from streams.wiring.core import build_core
from streams.worker.group_consumer import GroupConsumer
from streams.worker.metrics import WorkerMetrics
from streams.worker.task_manager import TaskManager

POLL_RECORDS = 8_000


class App(FaustApp):
    """The Faust app of a worker.

    Attributes:
        task_manager: Runs the tasks that the group assigns.
    """

    task_manager: TaskManager

    async def on_start(self) -> None:
        """Start to watch that the group is joined."""
        await super().on_start()
        self.task_manager.watch_rebalances()

    def on_rebalance_start(self) -> None:
        """Note the rebalance before anything is waited for."""
        self.task_manager.rebalance_started()
        super().on_rebalance_start()


def create_app(
    settings: Settings,
    metrics: WorkerMetrics,
    core: CorePort | None = None,
    has_spare_time: Callable[[], bool] = lambda: False,
) -> App:
    """Create the app with its two agents; `core` None is the product's own.

    `has_spare_time` is whether the event loop is idle for much of the time.
    """
    app = App(settings.app, **options(settings, POLL_RECORDS))
    core = core or build_core(settings, read(settings.rules))
    manager = app.task_manager = TaskManager(settings, core, metrics, exit_process, has_spare_time)
    app.transport = Transport(
        app.conf.broker_consumer, app, settings, manager.is_readable, manager.is_busy
    )
    _add_agents(app, manager, settings)

    def assigned(partitions: set[TP]) -> None:
        manager.start(cast(GroupConsumer, app.consumer))
        manager.follow(partitions)

    follow_group(app, manager.revoked, assigned, manager.stop)
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


def __getattr__(name: str) -> App:
    """Create the app of the environment's settings for `faust -A streams.agents.app`."""
    if name != "app":
        raise AttributeError(name)
    app = create_app(Settings.from_environment(), WorkerMetrics(CollectorRegistry()))
    globals()["app"] = app
    return app
