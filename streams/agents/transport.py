"""Faust's Kafka transport, reading committed records only, and from where the tables say.

Faust reads in a thread of its own. Here that costs more than it spares: both threads need the
interpreter nearly all the time, and whatever is read has to be handed over. A worker works in
steps of milliseconds, so that reading and heartbeats come to their turn on the same event loop:
a fifth more events a second, and a fifth less from an event to its KPI.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiokafka import AIOKafkaConsumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.threads import WorkerThread
from mode.utils.futures import maybe_async

from streams.agents.assignor import ShardAssignor
from streams.config.settings import Settings
from streams.kafka.client import client

# A poll that waits goes on waiting for the partitions it began with; one that has just been
# opened would wait for it to end.
POLL_SECONDS = 0.1
FETCH_WAIT_MS = 100


class Here(WorkerThread):
    """Stands for the thread of a service of Faust's, and runs it on the loop it was made on."""

    _serving: asyncio.Task[None]

    def start(self) -> None:
        """Begin, without a thread."""
        self._serving = asyncio.create_task(self.service._serve(), name="reading")

    def stop(self) -> None:
        """Wait for nothing: the service has said that it is shut down."""


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Makes the consumer that Faust's own settings cannot describe, and runs it in no thread."""

    Worker = Here
    logger = logging.getLogger("faust")

    async def call_thread(
        self, fun: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
    ) -> Any:
        """Call it here."""
        return await maybe_async(fun(*args, **kwargs))

    async def _gather_remaining_tasks(self) -> None:
        """Leave the loop's other tasks alone: they are not this service's."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        conf = self.app.conf
        self._assignor = ShardAssignor()
        return AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            **transport.client,
            partition_assignment_strategy=[self._assignor],
            # Stage 2 must not see what is never committed; sources are as their writers leave them.
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset=conf.consumer_auto_offset_reset,
            max_poll_records=conf.broker_max_poll_records,
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
        )


class Consumer(driver.Consumer):
    """Faust's consumer, which reads on only where the tables have said from where."""

    logger = logging.getLogger("faust")

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, thread_loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """Hold back what is not open yet, instead of going to the group's offsets."""
        is_open = cast(Transport, self.transport).is_open
        self.pause_partitions({tp for tp in self.assignment() if not is_open(tp)})

    def is_joining(self) -> bool:
        """Whether the client has to join the group, or cannot go on with that.

        Raises the error that the client stopped at: it waits until a reader has received it, and
        in a rebalance nobody reads.
        """
        consumer = cast(ConsumerThread, self._thread)._ensure_consumer()
        coordinator = consumer._coordinator
        coordinator.check_errors()
        subscription = consumer._subscription.subscription
        return subscription is None or bool(coordinator.need_rejoin(subscription))

    def on_buffer_full(self, tp: TP) -> None:
        """Leave the partition be: a full buffer makes the poll wait, and so all of them."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Leave the partition be."""

    async def _getmany(
        self,
        active_partitions: set[TP] | None,
        timeout: float,  # noqa: ASYNC109 - Faust's own signature
    ) -> Any:
        return await super()._getmany(active_partitions, min(timeout, POLL_SECONDS))


class Transport(driver.Transport):
    """The transport of this app."""

    Consumer = Consumer

    def __init__(
        self, url: list[Any], app: Any, settings: Settings, is_open: Callable[[TP], bool]
    ) -> None:
        """Ask `is_open` which partitions may be read."""
        super().__init__(url, app)
        self.client = client(settings)
        self.is_open = is_open
