"""Writing records so that Kafka surely has them, and knowing whether it can."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from streams.config.settings import Settings
from streams.events import TOPIC_OF
from streams.gateway.errors import RequestRejected
from streams.gateway.records import Record
from streams.kafka.client import client
from streams.process.cancellation import stopped

log = logging.getLogger(__name__)

# The tightest senders give up at 5 s.
DEADLINE_SECONDS = 4.0
START_SECONDS = 5.0
AGAIN_SECONDS = 0.5
PROBE_SECONDS = 2.0
# One attempt to write; shorter than the deadline, so that giving a producer up is quick.
ATTEMPT_MS = 3_000
# After so many records others may go on, acknowledgements that come in among them.
LARGE = 500
# Large requests wait for each other, so that under more than can be written some still are.
LARGE_AT_ONCE = 2
# With the default of 100 ms a first refusal costs 100 ms; much less, and the client spins while
# Kafka is away.
BACKOFF_MS = 20
BATCH_BYTES = 512 * 1024
# The deadline passed, or the client had no place for a record for as long as an attempt may take.
LATE = (TimeoutError, KafkaTimeoutError)


class TopicsMissing(KafkaError):  # type: ignore[misc]  # the client ships no types
    """Kafka lacks topics that events go to; the message says what to run."""


@contextmanager
def silence_client_logs() -> Iterator[None]:
    """Keep the Kafka client from reporting each attempt while Kafka is away.

    What comes of them is reported by whoever uses it.
    """
    client = logging.getLogger("aiokafka")
    level = client.level
    client.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        client.setLevel(level)


def new_producer(settings: Settings, attempt_ms: int = ATTEMPT_MS) -> AIOKafkaProducer:
    """Make a producer that is acknowledged by all replicas and repeats nothing."""
    return AIOKafkaProducer(
        **client(settings),
        client_id=f"{settings.app}-events",
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        request_timeout_ms=attempt_ms,
        retry_backoff_ms=BACKOFF_MS,
        max_batch_size=BATCH_BYTES,
    )


async def check_topics(producer: AIOKafkaProducer) -> None:
    """Raise TopicsMissing if Kafka lacks a topic, another KafkaError if it does not answer."""
    missing = set(TOPIC_OF.values()) - (await producer.client.fetch_all_metadata()).topics()
    if missing:
        names = ", ".join(sorted(missing))
        raise TopicsMissing(f"topics are missing ({names}); run: sales-kpis topics apply")


async def give_up(producer: AIOKafkaProducer) -> None:
    """Close a producer and let fail what it has not written yet.

    Its own `stop` waits for that, without end while Kafka is away.
    """
    await producer._sender.close()
    accumulator = producer._message_accumulator
    # It forgets what waits to be tried again, and fails over that; and each batch would report
    # an error that nobody asked for.
    accumulator._pending_batches.update(chain.from_iterable(accumulator._batches.values()))
    for batch in accumulator._pending_batches:
        batch.drain_ready()
    accumulator.fail_all(KafkaConnectionError("given up"))
    await producer.stop()


class EventProducer:
    """The way to Kafka: lost when a write fails, then opened anew until it is there again.

    A write that fails, or misses its deadline while nothing was acknowledged, costs the
    producer with all that waits in it: so nothing is held for a Kafka that is away, and no
    state of the client outlives its trouble.
    """

    def __init__(self, settings: Settings) -> None:
        """Begin closed; `open` gives one that works."""
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._trouble = "Kafka has not been reached yet"
        self._lost = asyncio.Event()
        self._tried = asyncio.Event()
        self._acknowledged = 0.0
        self._slots = asyncio.Semaphore(LARGE_AT_ONCE)
        self._keeping: asyncio.Task[None]

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["EventProducer"]:
        """Give a delivery once its first attempt to reach Kafka has ended, well or not."""
        delivery = cls(settings)
        delivery._keeping = asyncio.create_task(delivery._remember())
        try:
            await delivery.until(delivery._tried)
            yield delivery
        finally:
            await stopped(delivery._keeping)

    async def until(self, event: asyncio.Event) -> None:
        """Wait for an event; what went wrong here for good is raised at once."""
        waiting = asyncio.create_task(event.wait())
        tasks: set[asyncio.Task[Any]] = {waiting, self._keeping}
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self._keeping.done():
            self._keeping.result()

    async def write(self, records: Sequence[Record]) -> None:
        """Write records and wait until Kafka has acknowledged every one.

        Records of one key keep their order. Refused as `kafka_away`, or as `busy` while others
        get through, when the deadline passes: some records may have been written then, others
        may be; sending all of them again is harmless, for the events of a subject are a set.
        """
        producer = self._producer
        if producer is None:
            raise RequestRejected("kafka_away", self._trouble)
        begun: float | None = None
        sent: list[asyncio.Future[object]] = []
        try:
            async with asyncio.timeout(DEADLINE_SECONDS), self._slot(records):
                begun = asyncio.get_running_loop().time()
                for number, (topic, key, value) in enumerate(records, 1):
                    sent.append(await producer.send(topic, value, key))
                    if number % LARGE == 0:
                        await asyncio.sleep(0)
                await asyncio.gather(*sent)
            self._acknowledged = asyncio.get_running_loop().time()
        except (KafkaError, TimeoutError) as error:
            is_served = begun is None or self._acknowledged > begun or any(map(_is_written, sent))
            await _close(sent)
            if isinstance(error, LATE) and is_served:
                raise RequestRejected("busy", "Kafka did not take it all in time") from error
            self._lose(producer, error)
            raise RequestRejected("kafka_away", self._trouble) from error

    def _slot(self, records: Sequence[Record]) -> AbstractAsyncContextManager[None]:
        return self._slots if len(records) > LARGE else nullcontext()

    async def trouble(self) -> str | None:
        """Ask Kafka whether it is there with every topic; say what is wrong, or None."""
        producer = self._producer
        if producer is None:
            return self._trouble
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await check_topics(producer)
        except (KafkaError, TimeoutError) as error:
            return _describe(error)
        return None

    async def _remember(self) -> None:
        while True:
            producer = new_producer(self._settings)
            try:
                async with asyncio.timeout(START_SECONDS):
                    await producer.start()
                    await check_topics(producer)
                log.info("Kafka is there: %s", self._settings.bootstrap)
                self._producer = producer
                self._tried.set()
                await self._lost.wait()
            except (KafkaError, TimeoutError) as error:
                self._log_failure(error)
                self._tried.set()
            finally:
                self._producer = None
                self._lost.clear()
                await give_up(producer)
            await asyncio.sleep(AGAIN_SECONDS)

    def _lose(self, producer: AIOKafkaProducer, error: BaseException) -> None:
        if producer is self._producer:
            self._producer = None
            self._log_failure(error)
            self._lost.set()

    def _log_failure(self, error: BaseException) -> None:
        trouble = _describe(error)
        if trouble != self._trouble:
            log.warning("%s (%s): %r", trouble, self._settings.bootstrap, error)
        self._trouble = trouble


def _is_written(future: asyncio.Future[object]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


async def _close(sent: list[asyncio.Future[object]]) -> None:
    """Take note of every future's end, so that none is reported as forgotten."""
    for future in sent:
        future.cancel()
    await asyncio.gather(*sent, return_exceptions=True)


def _describe(error: BaseException) -> str:
    """Say it without the addresses that the client's own messages hold."""
    if isinstance(error, LATE):
        return "Kafka did not answer in time"
    if isinstance(error, TopicsMissing):
        return str(error)
    return f"Kafka cannot be written to: {type(error).__name__}"
