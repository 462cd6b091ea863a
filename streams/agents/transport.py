"""Faust's Kafka transport, which reads committed records only, from the tasks' offsets.

Faust reads in a thread of its own. Here that costs more than it saves: both threads need the
interpreter nearly all the time, and records have to be passed between them. A worker's steps last
milliseconds, so that reading and heartbeats can share its event loop: a fifth more events per
second, and a fifth less time from an event to its KPI.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import ConsumerStoppedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.threads import WorkerThread
from mode.utils.futures import maybe_async

from streams.agents.assignor import TaskAssignor
from streams.agents.fetch_pacing import pace_fetches
from streams.config.settings import Settings
from streams.kafka.client import client
from streams.kafka.fetched_list import FetchedList, fetch, positions

# A poll waits for the partitions that it began with only; one that has just become readable
# would wait for its end.
POLL_SECONDS = 0.1
FETCH_WAIT_MS = 100


class InlineThread(WorkerThread):
    """In place of the thread of one of Faust's services: runs it on the current event loop."""

    _serving: asyncio.Task[None]

    def start(self) -> None:
        """Start the service, without a thread."""
        self._serving = asyncio.create_task(self.service._serve(), name="reading")

    def stop(self) -> None:
        """Return at once: the service has shut down already."""


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Creates the consumer, which Faust's settings cannot describe; runs without a thread."""

    Worker = InlineThread
    logger = logging.getLogger("faust")

    async def call_thread(
        self, fun: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
    ) -> Any:
        """Call a function on the current event loop."""
        return await maybe_async(fun(*args, **kwargs))

    async def _keepalive2(self) -> None:
        """Do nothing: there is no thread that could stop. The worker watches its own progress."""

    async def _gather_remaining_tasks(self) -> None:
        """Do nothing: the other tasks of the event loop are not this service's."""

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109 - Faust's own signature
        max_records: int | None = None,
    ) -> dict[TP, FetchedList]:
        """Return fetched lists, which know the offsets that they cover."""
        if not self.consumer.flow_active:
            return {}
        if consumer._closed or consumer._fetcher._closed:
            raise ConsumerStoppedError
        with consumer._subscription.fetch_context():
            most = max_records or consumer._max_poll_records
            return await fetch(consumer, active_partitions, timeout or 0.0, most)

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        conf = self.app.conf
        self._assignor = TaskAssignor()
        consumer = AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            **transport.client,
            partition_assignment_strategy=[self._assignor],
            # Neither partials nor events that are never committed may be read.
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
        pace_fetches(consumer._client, transport.is_busy)
        return consumer


class Consumer(driver.Consumer):
    """Faust's consumer, which reads partitions of resumed tasks only."""

    logger = logging.getLogger("faust")

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, thread_loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """Pause what is not readable yet, instead of seeking to the group's offsets."""
        is_readable = cast(Transport, self.transport).is_readable
        self.pause_partitions({tp for tp in self.assignment() if not is_readable(tp)})

    def is_joining(self) -> bool:
        """Whether the client has to join the group, or cannot go on with that.

        A client that has not started yet, as Kafka does not answer, has to. Raises the error that
        the client stopped at: it waits until a reader has received it, and in a rebalance nobody
        reads.
        """
        consumer = cast(ConsumerThread, self._thread)._consumer
        if consumer is None or consumer._coordinator is None:
            return True
        consumer._coordinator.check_errors()
        subscription = consumer._subscription.subscription
        return subscription is None or bool(consumer._coordinator.need_rejoin(subscription))

    def positions(self, tps: Iterable[TP]) -> dict[TP, int]:
        """The offsets from which the client goes on, of those partitions that it has begun."""
        consumer = cast(ConsumerThread, self._thread)._ensure_consumer()
        return {TP(*at): offset for at, offset in positions(consumer, tps).items()}

    def last_stable_offset(self, tp: TP) -> int | None:
        """The offset before which every transaction has ended, as of the last fetch."""
        consumer = cast(ConsumerThread, self._thread)._ensure_consumer()
        return cast("int | None", consumer.last_stable_offset(tp))

    async def commit_offsets(self, offsets: Mapping[TP, int]) -> None:
        """Commit offsets; raises CommitFailedError or IllegalStateError if the group changed.

        Faust's own commit ends the process then.
        """
        await cast(ConsumerThread, self._thread)._ensure_consumer().commit(dict(offsets))

    async def committed_offset(self, tp: TP) -> int | None:
        """The committed offset of a partition, None if there is none."""
        consumer = cast(ConsumerThread, self._thread)._ensure_consumer()
        return cast("int | None", await consumer.committed(tp))

    def on_buffer_full(self, tp: TP) -> None:
        """Do not pause the partition: a full buffer makes the poll of all of them wait."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Do not resume the partition: it was not paused."""

    async def _getmany(
        self,
        active_partitions: set[TP] | None,
        timeout: float,  # noqa: ASYNC109 - Faust's own signature
    ) -> Any:
        return await super()._getmany(active_partitions, min(timeout, POLL_SECONDS))


class Transport(driver.Transport):
    """The transport of the app; reads the partitions for which `is_readable` holds.

    While `is_busy`, fetches are paced.
    """

    Consumer = Consumer

    def __init__(
        self,
        url: list[Any],
        app: Any,
        settings: Settings,
        is_readable: Callable[[TP], bool],
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(url, app)
        self.client = client(settings)
        self.is_readable = is_readable
        self.is_busy = is_busy
