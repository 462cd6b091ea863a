"""A writer of `sales.kpis`: in transactions, as the streams do it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from streams.config.settings import Settings
from streams.kafka.topics import KPIS


class Writer:
    """Writes to `sales.kpis` in transactions, as the streams do."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self.producer = producer

    async def commit(self, partition: int, *records: tuple[str, bytes | None]) -> None:
        """Write records in one transaction."""
        async with self.producer.transaction():
            await self.write(partition, *records)

    async def write(self, partition: int, *records: tuple[str, bytes | None]) -> None:
        """Write records in the transaction that is open and wait until the broker has them."""
        for key, value in records:
            await self.producer.send_and_wait(KPIS, value, key.encode(), partition=partition)

    async def begin(self) -> None:
        """Open a transaction."""
        await self.producer.begin_transaction()

    async def abort(self) -> None:
        """Abort the open transaction."""
        await self.producer.abort_transaction()

    async def end(self) -> None:
        """Commit the open transaction."""
        await self.producer.commit_transaction()


@asynccontextmanager
async def writing(settings: Settings) -> AsyncIterator[Writer]:
    """Start a writer of its own name."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap,
        transactional_id=f"test-publish-{uuid4().hex}",
        transaction_timeout_ms=10_000,
        compression_type="lz4",
        retry_backoff_ms=5,
    )
    async with producer:
        yield Writer(producer)
