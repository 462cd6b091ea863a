"""One fenced, idempotent producer a shard and stage, and its transactions."""

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NoReturn, Self

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import CoordinationType
from aiokafka.errors import IllegalOperation, InvalidProducerEpoch, KafkaError, ProducerFenced
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.sender import AddPartitionsToTxnHandler, EndTxnHandler, Sender
from aiokafka.producer.transaction_manager import TransactionResult

from streams.config.settings import Settings
from streams.events.key_value import KeyValue
from streams.kafka.client import client, close_client
from streams.kafka.errors import Fatal, Fenced, Stuck

# A tombstone says nothing in its value; what has to be said of it stands in its headers.
Headers = list[tuple[str, bytes]]
Tombstone = tuple[bytes, None, Headers]
Writes = Mapping[TopicPartition, Iterable[KeyValue | Tombstone]]
# A dead worker's open transaction holds readers back for as long as this.
TRANSACTION_TIMEOUT_MS = 15_000
# The client would retry without end; a commit this slow is not coming.
DEADLINE_SECONDS = 12.0
# With the default of 100 ms a refusal while the last markers are being written costs 100 ms.
BACKOFF_MS = 5
BATCH_BYTES = 512 * 1024
# Of the event loop, until the client's own task has sent what a transaction will write to.
YIELDS_BEFORE_BEGIN = 4


class _SingleEndTxn(EndTxnHandler):  # type: ignore[misc]  # the client ships no types
    """Asks once to end the transaction. No answer means that nobody knows the outcome."""

    async def do(self, node_id: int) -> bool:
        response = await self._sender.client.send(node_id, self.create_request(), group=self.group)
        backoff: float | None = self.handle_response(response)
        if backoff is not None:
            await asyncio.sleep(backoff)
        return backoff is None


class _AddPartitions(AddPartitionsToTxnHandler):  # type: ignore[misc]  # the client ships no types
    """Names the partitions of a transaction, and asks again soon while the last one ends."""

    def handle_response(self, response: object) -> float | None:
        backoff: float | None = super().handle_response(response)
        return None if backoff is None else min(backoff, BACKOFF_MS / 1000)


class _Sender(Sender):  # type: ignore[misc]  # the client ships no types
    """The client's sender, but a lost answer to the end of a transaction is final.

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


class TransactionalProducer:
    """The right to write for one shard of one stage, until another worker takes it.

    Every call that fails raises Fatal: nothing is aborted from here, for whether the end of
    a transaction reached the broker cannot be known. Not for two tasks at once.
    """

    def __init__(self, settings: Settings, stage: str, partition: int) -> None:
        """Name the producer; `take` makes it the only one."""
        self.name = f"{settings.app}-{stage}-{partition}"
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        # Whether one has begun that is not committed yet.
        self.is_open = False
        # When the broker last answered, by a clock that never goes back.
        self.answered_at = time.monotonic()
        # The offset after the last record written to each partition.
        self.positions: dict[TopicPartition, int] = {}

    async def fence(self) -> Self:
        """Fence every earlier owner and end its open transaction; only then read anything."""
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
        producer._sender = _Sender(
            producer.client,
            acks=-1,
            txn_manager=producer._txn_manager,
            message_accumulator=producer._message_accumulator,
            retry_backoff_ms=BACKOFF_MS,
            request_timeout_ms=producer._request_timeout_ms,
        )
        self._producer = producer
        try:
            async with asyncio.timeout(DEADLINE_SECONDS + TRANSACTION_TIMEOUT_MS / 1000):
                await producer.start()
        except (KafkaError, TimeoutError) as error:
            await self._close()
            self._fail("could not be taken", error)
        return self

    async def begin(self, partitions: Collection[TopicPartition] = ()) -> None:
        """Open a transaction, or name more partitions of the one that is open.

        Naming all `partitions` that will be written to spares a question for each `send`. It is
        on its way when this returns: whoever has work to do before that has the answer by then.
        """
        producer = self._taken()
        try:
            if not self.is_open:
                await producer.begin_transaction()
                self.is_open = True
            for partition in partitions:
                producer._txn_manager.maybe_add_partition_to_txn(partition)
        except (KafkaError, IllegalOperation, AssertionError) as error:
            self._fail("could not begin", error)
        for _ in range(YIELDS_BEFORE_BEGIN):
            await asyncio.sleep(0)

    async def send(self, writes: Writes) -> dict[TopicPartition, int]:
        """Append records and wait until the broker has them all.

        Records of one partition keep their order. Returns the offset of each partition's last.
        A partition that has lost what was written before is one of a topic made anew: Fatal.
        """
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                last = await self._send(writes)
        except (KafkaError, IllegalOperation, TimeoutError) as error:
            names = ", ".join(sorted({to.topic for to in writes}))
            self._fail(f"could not write to {names}", error)
        self.answered_at = time.monotonic()
        return last

    async def commit(self) -> None:
        """Make everything since `begin` visible at once."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self._taken().commit_transaction()
        except (KafkaError, IllegalOperation, TimeoutError, AssertionError) as error:
            self._fail("could not commit", error)
        self.is_open = False
        self.answered_at = time.monotonic()

    async def end(self) -> None:
        """Commit what was opened and had nothing to be written to, if that is so."""
        if self.is_open:
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
        producer = self._taken()
        sent = []
        for to, pairs in writes.items():
            for batch in _batches(producer, pairs):
                future = await producer.send_batch(batch, to.topic, partition=to.partition)
                sent.append((to, future, batch.record_count()))
        last = {}
        for to, future, count in sent:
            base = (await future).offset
            if base < 0:
                raise Fatal(f"{self.name}: the broker did not say where it wrote to {to.topic}")
            last[to] = base + count - 1
            if base < self.positions.get(to, 0):
                raise Fatal(recreated(to, self.positions[to], base))
            self.positions[to] = base + count
        return last

    def _taken(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise Fatal(f"{self.name} is not taken")
        return self._producer

    def _fail(self, what: str, error: BaseException) -> NoReturn:
        error = self._cause(error)
        if isinstance(error, ProducerFenced | InvalidProducerEpoch):
            raise Fenced(f"{self.name}: another worker has taken over") from error
        if isinstance(error, TimeoutError):
            said = "no answer from Kafka in time"
        else:
            # The client wraps whatever went wrong in an error that says nothing of it.
            said = str(error.__cause__ or error) or type(error).__name__
        raise Fatal(
            f"{self.name} {what}: {said}; is Kafka there, and is there room on its disks?"
            " `sales-kpis doctor` looks"
        ) from error

    def _cause(self, error: BaseException) -> BaseException:
        """Give what failed between two calls, where that is why the client refuses to go on."""
        if isinstance(error, IllegalOperation) and self._producer is not None:
            ended = self._producer._txn_manager.wait_for_transaction_end()
            cause: BaseException | None = ended.exception() if ended.done() else None
            return cause or error
        return error


def recreated(place: TopicPartition, reached: int, end: int) -> str:
    """Say that a partition no longer holds what it held, and what to do."""
    return (
        f"{place.topic}/{place.partition} had reached {reached} and now ends at {end}: it was"
        " deleted and made anew; start the worker again: it sees what can be rebuilt"
    )


def _batches(
    producer: AIOKafkaProducer, records: Iterable[KeyValue | Tombstone]
) -> Iterator[BatchBuilder]:
    """Pack records into as few batches as they fit in; one send each costs ten times as much."""
    batch = producer.create_batch()
    append = batch.append
    for record in records:
        key, value = record[0], record[1]
        headers = record[2] if len(record) == 3 else []
        if append(timestamp=None, key=key, value=value, headers=headers) is None:
            yield batch
            batch = producer.create_batch()
            append = batch.append
            append(timestamp=None, key=key, value=value, headers=headers)
    if batch.record_count():
        batch.close()
        yield batch
