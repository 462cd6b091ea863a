"""The transactional producer of a task: one `transactional.id` per stage and partition."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from math import inf
from types import MappingProxyType
from typing import NoReturn, Self

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import CoordinationType
from aiokafka.errors import IllegalOperation, InvalidProducerEpoch, KafkaError, ProducerFenced
from aiokafka.producer.sender import AddPartitionsToTxnHandler, EndTxnHandler, Sender
from aiokafka.producer.transaction_manager import TransactionResult

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.client import client, close_client, safe_to_cancel
from streams.kafka.errors import Fatal, Fenced, Stuck
from streams.kafka.record_batches import BATCH_BYTES, Record, RecordBatches

Writes = Mapping[TopicPartition, Iterable[Record]]
# A dead worker's open transaction blocks readers for this long.
TRANSACTION_TIMEOUT_MS = 15_000
# The client would retry without end; a commit that takes longer will not succeed.
DEADLINE_SECONDS = 12.0
# One that began before there was anything to write, and may have to wait for it longer still.
EMPTY_SECONDS = 3.0
# With the default of 100 ms a refusal while the last markers are being written costs 100 ms.
BACKOFF_MS = 5
# To the event loop, until the client's own task has sent the partitions of a transaction.
YIELDS_AFTER_BEGIN = 4


class _SingleEndTxn(EndTxnHandler):  # type: ignore[misc]  # the client ships no types
    """Sends one request to end the transaction; without an answer the outcome is unknown."""

    async def do(self, node_id: int) -> bool:
        response = await self._sender.client.send(node_id, self.create_request(), group=self.group)
        backoff: float | None = self.handle_response(response)
        if backoff is not None:
            await asyncio.sleep(backoff)
        return backoff is None


class _AddPartitions(AddPartitionsToTxnHandler):  # type: ignore[misc]  # the client ships no types
    """Adds partitions to a transaction, with short retries while the last transaction ends."""

    def handle_response(self, response: object) -> float | None:
        backoff: float | None = super().handle_response(response)
        return None if backoff is None else min(backoff, BACKOFF_MS / 1000)


class _Sender(Sender):  # type: ignore[misc]  # the client ships no types
    """The client's sender, except that the end of a transaction is requested only once.

    A second request could end the *next* transaction: the old protocol names only the producer.
    """

    async def _do_txn_commit(self, commit_result: TransactionResult) -> None:
        await self._message_accumulator.flush_for_commit()
        manager = self._txn_manager
        if manager.is_empty_transaction():
            manager.complete_transaction()
            return
        node = await self._find_coordinator(CoordinationType.TRANSACTION, manager.transactional_id)
        await _SingleEndTxn(self, commit_result).do(node)

    async def _do_add_partitions_to_txn(self, partitions: set[TopicPartition]) -> bool:
        node = await self._find_coordinator(
            CoordinationType.TRANSACTION, self._txn_manager.transactional_id
        )
        done: bool = await _AddPartitions(self, partitions).do(node)
        return done


class _PendingBatches(set[object]):
    """Batches on their way; one that fails before it is sent again is removed twice."""

    remove = set.discard


class TransactionalProducer:
    """The fenced, idempotent producer of one stage and partition.

    `fence` makes it the only one. Every call that fails raises Fatal, Fenced if another worker has
    fenced this producer: nothing is aborted, because whether the end of a transaction reached the
    broker cannot be known. Not for two asyncio tasks at once.

    A record that is larger than its topic accepts is not sent: see RecordBatches.

    Attributes:
        name: The `transactional.id`.
        is_open: Whether a transaction has begun that is not committed yet.
        answered_at: When the broker last answered, in monotonic seconds.
        positions: The offset after the last record written to each partition.
        batches: Packs the records, and knows which are set aside.
    """

    def __init__(
        self,
        settings: Settings,
        stage: str,
        partition: int,
        on_set_aside: Callable[[str], object] = lambda _: None,
        shorten: Mapping[str, Callable[[Record], Record]] = MappingProxyType({}),
    ) -> None:
        required = topics.state(settings), topics.reroutes(settings)
        self.batches = RecordBatches(required, shorten, on_set_aside)
        self.name = f"{settings.app}-{stage}-{partition}"
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self.is_open = False
        # When the open transaction began, while nothing is written to it.
        self._empty_since = inf
        self.answered_at = time.monotonic()
        self.positions: dict[TopicPartition, int] = {}

    async def fence(self) -> Self:
        """Fence every earlier owner and end its open transaction; to be done before any read."""
        producer = AIOKafkaProducer(
            **client(self._settings),
            client_id=self.name,
            transactional_id=self.name,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            acks="all",
            retry_backoff_ms=BACKOFF_MS,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
        )
        producer._message_accumulator._pending_batches = _PendingBatches()
        producer._sender = _Sender(
            producer.client,
            acks=-1,
            txn_manager=producer._txn_manager,
            message_accumulator=producer._message_accumulator,
            retry_backoff_ms=BACKOFF_MS,
            request_timeout_ms=producer._request_timeout_ms,
        )
        self._producer = safe_to_cancel(producer)
        try:
            async with asyncio.timeout(DEADLINE_SECONDS + TRANSACTION_TIMEOUT_MS / 1000):
                await producer.start()
                await self.batches.read_limits(producer.client, topics.written(self._settings))
        except (KafkaError, TimeoutError) as error:
            await self._close()
            self._fail("could not be fenced", error)
        return self

    async def begin(self, partitions: Collection[TopicPartition] = ()) -> None:
        """Begin a transaction, or add partitions to the open one.

        Adding all `partitions` that will be written to saves a request for each `send`. The request
        has been sent when this returns, and is answered while the caller does other work.
        """
        producer = self._fenced_producer()
        try:
            if not self.is_open:
                await producer.begin_transaction()
                self.is_open, self._empty_since = True, time.monotonic()
            for partition in partitions:
                producer._txn_manager.maybe_add_partition_to_txn(partition)
        except (KafkaError, IllegalOperation, AssertionError) as error:
            self._fail("could not begin", error)
        for _ in range(YIELDS_AFTER_BEGIN):
            await asyncio.sleep(0)

    async def send(self, writes: Writes) -> dict[TopicPartition, int]:
        """Append records and wait until the broker has them all.

        Records of one partition keep their order. Returns the offset of each partition's last.
        Raises Fatal for a partition that has lost earlier records: its topic was created again.
        """
        self._empty_since = inf
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                last = await self._send(writes)
        except (KafkaError, IllegalOperation, TimeoutError) as error:
            names = ", ".join(sorted({to.topic for to in writes}))
            self._fail(f"could not write to {names}", error)
        self.answered_at = time.monotonic()
        return last

    async def commit(self) -> None:
        """Commit: make everything since `begin` visible at once."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self._fenced_producer().commit_transaction()
        except (KafkaError, IllegalOperation, TimeoutError, AssertionError) as error:
            self._fail("could not commit", error)
        self.is_open, self._empty_since = False, inf
        self.answered_at = time.monotonic()

    async def end(self) -> None:
        """Commit the open transaction, if there is one to which nothing was written."""
        if self.is_open:
            await self.commit()

    async def end_if_kept(self) -> None:
        """Commit a transaction that has long been open, and still has nothing written to it.

        To be awaited now and then by work that goes on meanwhile, and may last longer than the
        transaction's time-out.
        """
        if time.monotonic() - self._empty_since > EMPTY_SECONDS:
            await self.commit()

    async def close(self) -> None:
        """Close the connections; the partition stays with this owner until another fences it.

        Raises Stuck if they do not close: the process has to end, for they could still write.
        """
        if not await self._close():
            raise Stuck(f"{self.name} could not be closed: its connections do not close")

    async def _close(self) -> bool:
        if self._producer is None:
            return True
        producer, self._producer = self._producer, None
        return await close_client(self.name, producer.stop())

    async def _send(self, writes: Writes) -> dict[TopicPartition, int]:
        producer = self._fenced_producer()
        sent = []
        for to, pairs in writes.items():
            for batch in self.batches.pack(to.topic, pairs):
                future = await producer.send_batch(batch, to.topic, partition=to.partition)
                sent.append((to, future, batch.record_count()))
        last = {}
        for to, future, count in sent:
            base = (await future).offset
            if base < 0:
                raise Fatal(f"{self.name}: the broker returned no offset for {to.topic}")
            last[to] = base + count - 1
            if base < self.positions.get(to, 0):
                raise Fatal(recreated(to, self.positions[to], base))
            self.positions[to] = base + count
        return last

    def _fenced_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise Fatal(f"{self.name} is closed or was never fenced")
        return self._producer

    def _fail(self, what: str, error: BaseException) -> NoReturn:
        error = self._cause(error)
        if isinstance(error, ProducerFenced | InvalidProducerEpoch):
            raise Fenced(f"{self.name}: another worker has taken over") from error
        if isinstance(error, TimeoutError):
            reason = "no answer from Kafka in time"
        else:
            # The client wraps the actual error in one without any details.
            reason = str(error.__cause__ or error) or type(error).__name__
        raise Fatal(
            f"{self.name} {what}: {reason}; is Kafka there, and is there room on its disks?"
            " `sales-kpis doctor` looks"
        ) from error

    def _cause(self, error: BaseException) -> BaseException:
        """Return the error between two calls, if that is why the client refuses to continue."""
        if isinstance(error, IllegalOperation) and self._producer is not None:
            ended = self._producer._txn_manager.wait_for_transaction_end()
            cause: BaseException | None = ended.exception() if ended.done() else None
            return cause or error
        return error


def recreated(partition: TopicPartition, reached: int, end: int) -> str:
    """Return the message for a partition whose topic was deleted and created again."""
    return (
        f"{partition.topic}/{partition.partition} had reached {reached} and now ends at {end}:"
        " its topic was deleted and created again; start the worker again: it rebuilds what it can"
    )
