"""The gateway's Kafka producer: acknowledged writes, and whether Kafka is available."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from itertools import chain
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from streams.config.settings import Settings
from streams.events import TOPIC_OF
from streams.gateway.errors import RequestRejected
from streams.kafka.client import client, safe_to_cancel
from streams.kafka.errors import TopicsMissing
from streams.kafka.topics import INBOX_RECORD_BYTES
from streams.process.cancellation import stopped

log = logging.getLogger(__name__)

# The most impatient senders time out after 5 s.
DEADLINE_SECONDS = 4.0
START_SECONDS = 5.0
RECONNECT_SECONDS = 0.5
PROBE_SECONDS = 2.0
# One attempt to write; shorter than the deadline, so that a producer is abandoned quickly.
ATTEMPT_MS = 3_000
# Requests with more records are large; after each so many records, other tasks run.
LARGE_RECORDS = 500
# Large requests wait for each other, so that some succeed under overload.
LARGE_AT_ONCE = 2
# With the default of 100 ms a first refusal costs 100 ms; with much less the client spins while
# Kafka is unavailable.
BACKOFF_MS = 20
BATCH_BYTES = 512 * 1024
# The deadline passed, or the client's buffer was full for as long as an attempt may take.
TIMEOUTS = (TimeoutError, KafkaTimeoutError)
UNAVAILABLE = (KafkaError, TopicsMissing, TimeoutError)
EVENT_TOPICS = frozenset(TOPIC_OF.values())


class Writable(Protocol):
    """One record, to be written to each of its topics; without a key to any partition."""

    @property
    def topics(self) -> tuple[str, ...]:
        """Where it goes."""

    @property
    def key(self) -> bytes | None:
        """What decides the partition."""

    @property
    def value(self) -> bytes:
        """The bytes of the record."""

    @property
    def headers(self) -> tuple[tuple[str, bytes], ...]:
        """The headers of the record."""


@contextmanager
def silence_client_logs() -> Iterator[None]:
    """Silence the Kafka client, which logs each attempt while Kafka is unavailable.

    Its users report the outcome.
    """
    client = logging.getLogger("aiokafka")
    level = client.level
    client.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        client.setLevel(level)


def new_producer(settings: Settings, attempt_ms: int = ATTEMPT_MS) -> AIOKafkaProducer:
    """Return an idempotent producer with acknowledgements of all replicas."""
    producer = AIOKafkaProducer(
        **client(settings),
        client_id=f"{settings.app}-events",
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        request_timeout_ms=attempt_ms,
        retry_backoff_ms=BACKOFF_MS,
        max_batch_size=BATCH_BYTES,
        # A whole webhook is one record.
        max_request_size=INBOX_RECORD_BYTES,
    )
    return safe_to_cancel(producer)


async def check_topics(producer: AIOKafkaProducer, topics: Collection[str] = EVENT_TOPICS) -> None:
    """Raise TopicsMissing if Kafka lacks one of the topics, KafkaError if it does not answer."""
    missing = set(topics) - (await producer.client.fetch_all_metadata()).topics()
    if missing:
        raise TopicsMissing.of(sorted(missing))


async def abandon(producer: AIOKafkaProducer) -> None:
    """Close a producer and let its pending records fail.

    Its own `stop` waits for them, without end while Kafka is unavailable.
    """
    await producer._sender.close()
    accumulator = producer._message_accumulator
    # The accumulator loses batches that are to be retried, and fails over them; and each batch
    # would log an error that is never retrieved.
    accumulator._pending_batches.update(chain.from_iterable(accumulator._batches.values()))
    for batch in accumulator._pending_batches:
        batch.drain_ready()
    accumulator.fail_all(KafkaConnectionError("given up"))
    await producer.stop()


class EventProducer:
    """A producer that is replaced after a failed write, until Kafka is available again.

    `open` returns one that connects. A write that fails, or misses its deadline while nothing was
    acknowledged, abandons the client with all its pending records: nothing is buffered for a Kafka
    that is unavailable, and no state of the client survives an error.
    """

    def __init__(self, settings: Settings, topics: Collection[str]) -> None:
        self._settings = settings
        self._topics = topics
        self._producer: AIOKafkaProducer | None = None
        self._problem = "Kafka has not been reached yet"
        self._lost = asyncio.Event()
        self._tried = asyncio.Event()
        self._acknowledged = 0.0
        self._slots = asyncio.Semaphore(LARGE_AT_ONCE)
        self._connecting: asyncio.Task[None]

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, topics: Collection[str] = EVENT_TOPICS
    ) -> AsyncIterator["EventProducer"]:
        """Yield a producer once its first attempt to connect has ended, successfully or not.

        Kafka is available once it has all the topics.
        """
        producer = cls(settings, topics)
        producer._connecting = asyncio.create_task(producer._keep_connected())
        try:
            await producer.until(producer._tried)
            yield producer
        finally:
            await stopped(producer._connecting)

    async def until(self, event: asyncio.Event) -> None:
        """Wait for an event; raises at once what ends the connecting task."""
        waiting = asyncio.create_task(event.wait())
        tasks: set[asyncio.Task[Any]] = {waiting, self._connecting}
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._connecting.done():
            self._connecting.result()

    async def write(self, records: Sequence[Writable]) -> None:
        """Write records to their topics and wait until Kafka has acknowledged every one.

        Records of one key keep their order. Raises RequestRejected when the deadline passes, as
        `kafka_away`, or as `busy` if other requests succeed: some records may have been written or
        may still be; sending all of them again is harmless, because a subject's events are a set.
        """
        producer = self._producer
        if producer is None:
            raise RequestRejected("kafka_away", self._problem)
        begun: float | None = None
        sent: list[asyncio.Future[object]] = []
        try:
            async with asyncio.timeout(DEADLINE_SECONDS), self._slot(records):
                begun = asyncio.get_running_loop().time()
                copies = ((topic, each) for each in records for topic in each.topics)
                for number, (topic, each) in enumerate(copies, 1):
                    sent.append(
                        await producer.send(topic, each.value, each.key, headers=list(each.headers))
                    )
                    if number % LARGE_RECORDS == 0:
                        await asyncio.sleep(0)
                await asyncio.gather(*sent)
            self._acknowledged = asyncio.get_running_loop().time()
        except (KafkaError, TimeoutError) as error:
            is_served = begun is None or self._acknowledged > begun or any(map(_is_written, sent))
            await _close(sent)
            if isinstance(error, TIMEOUTS) and is_served:
                raise RequestRejected("busy", "Kafka did not take it all in time") from error
            self._lose(producer, error)
            raise RequestRejected("kafka_away", self._problem) from error

    def _slot(self, records: Sequence[Writable]) -> AbstractAsyncContextManager[None]:
        return self._slots if len(records) > LARGE_RECORDS else nullcontext()

    async def trouble(self) -> str | None:
        """Check that Kafka answers and has every topic; return the problem, or None."""
        producer = self._producer
        if producer is None:
            return self._problem
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await check_topics(producer, self._topics)
        except UNAVAILABLE as error:
            return _describe(error)
        return None

    async def _keep_connected(self) -> None:
        while True:
            producer = new_producer(self._settings)
            try:
                async with asyncio.timeout(START_SECONDS):
                    await producer.start()
                    await check_topics(producer, self._topics)
                log.info("connected to Kafka: %s", self._settings.bootstrap)
                self._producer = producer
                self._tried.set()
                await self._lost.wait()
            except UNAVAILABLE as error:
                self._log_failure(error)
                self._tried.set()
            finally:
                self._producer = None
                self._lost.clear()
                await abandon(producer)
            await asyncio.sleep(RECONNECT_SECONDS)

    def _lose(self, producer: AIOKafkaProducer, error: BaseException) -> None:
        if producer is self._producer:
            self._producer = None
            self._log_failure(error)
            self._lost.set()

    def _log_failure(self, error: BaseException) -> None:
        problem = _describe(error)
        if problem != self._problem:
            log.warning("%s (%s): %r", problem, self._settings.bootstrap, error)
        self._problem = problem


def _is_written(future: asyncio.Future[object]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


async def _close(sent: list[asyncio.Future[object]]) -> None:
    """Retrieve the outcome of every future, so that none is logged as never retrieved."""
    for future in sent:
        future.cancel()
    await asyncio.gather(*sent, return_exceptions=True)


def _describe(error: BaseException) -> str:
    """Describe an error without the addresses in the client's own messages."""
    if isinstance(error, TIMEOUTS):
        return "Kafka did not answer in time"
    if isinstance(error, TopicsMissing):
        return str(error)
    return f"Kafka cannot be written to: {type(error).__name__}"
