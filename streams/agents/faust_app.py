"""What the Faust apps of this product share: no tables, no web server, errors that end them."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

import faust
from aiokafka.errors import KafkaError
from faust.app import BootStrategy
from faust.tables import TableManager
from faust.types import TP
from yarl import URL

from streams.agents.batches import FetchScheduler
from streams.config.settings import Settings
from streams.kafka.errors import Fatal, Stuck
from streams.process.task_stacks import log_tasks
from streams.tasks.aggregate.quarantine import Crashed

log = logging.getLogger(__name__)
# After this the group misses a killed process; the broker's default lower bound.
SESSION_SECONDS = 6.0
HEARTBEAT_SECONDS = 1.5
REBALANCE_SECONDS = 20.0
FETCH_BYTES = 256 * 1024
# Fetches that an agent has not received yet; with a full buffer the next poll waits.
BUFFERED_FETCHES = 2
EXIT_FAILED = 1


class SilentBoot(BootStrategy):
    """Boots without Faust's producer and web server, which would bind every address."""

    enable_web = False
    enable_kafka_producer = False


class NoTables(TableManager):
    """Starts at once: Faust's own gives tables a second to be added, and the group waits for it."""

    async def on_start(self) -> None:
        """Let the group be joined."""
        await self._update_channels()
        await self.recovery.start()


class FaustApp(faust.App):
    """A Faust app: group membership and agents, without Faust's tables and commits."""

    BootStrategy = SilentBoot
    logger = logging.getLogger("faust")

    async def crash(self, reason: BaseException) -> None:
        """End the process: Faust would wait for its services, which may wait for each other."""
        exit_process(reason)

    def _create_directories(self) -> None:
        """Create none: no state is on disk."""


def options(settings: Settings, poll_records: int) -> dict[str, Any]:
    """Return the arguments of an app, except its name; `poll_records` is the most of one poll."""
    return {
        "broker": [URL(f"aiokafka://{host.strip()}") for host in settings.bootstrap.split(",")],
        "autodiscover": False,
        "ConsumerScheduler": FetchScheduler,
        "TableManager": NoTables,
        "broker_session_timeout": SESSION_SECONDS,
        "broker_heartbeat_interval": HEARTBEAT_SECONDS,
        "broker_rebalance_timeout": REBALANCE_SECONDS,
        "broker_max_poll_records": poll_records,
        "consumer_max_fetch_size": FETCH_BYTES,
        "consumer_auto_offset_reset": "earliest",
        "stream_buffer_maxsize": BUFFERED_FETCHES,
        "stream_wait_empty": False,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        "worker_redirect_stdouts": False,
    }


def follow_group(
    app: FaustApp,
    revoked: Callable[[], Awaitable[None]],
    assigned: Callable[[set[TP]], None],
    stop: Callable[[], Awaitable[None]],
) -> None:
    """Call these as the group changes. An error ends the process; Faust would only log it."""

    async def on_revoked(*_: Any, **__: Any) -> None:
        try:
            await revoked()
        except Exception as error:  # noqa: BLE001 - it ends the process
            exit_process(error)

    async def on_assigned(_: Any, /, *arguments: Any, **__: Any) -> None:
        try:
            assigned(arguments[0])
        except Exception as error:  # noqa: BLE001 - it ends the process
            exit_process(error)

    async def on_shutdown(*_: Any, **__: Any) -> None:
        await stop()

    app.on_partitions_revoked.connect(on_revoked, weak=False)
    app.on_partitions_assigned.connect(on_assigned, weak=False)
    app.on_before_shutdown.connect(on_shutdown, weak=False)


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
