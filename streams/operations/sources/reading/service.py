"""Reads from CRMs the records that webhooks only name, and delivers them to the inbox.

One process of an installation does it: the topic of reads has one partition, and its group gives
that to one member. What waits is in the topic alone, so that a restart loses nothing. At least
once: a record that was read twice becomes events with the same ids.
"""

import asyncio
from collections.abc import Mapping

import aiohttp
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from streams.config.settings import Settings
from streams.internal_topics import reads
from streams.kafka import topics
from streams.kafka.client import client, close_client, safe_to_cancel
from streams.kafka.errors import Fatal
from streams.operations.sources.accounts import Account, token_of
from streams.operations.sources.api_client import ApiClient, http_session
from streams.operations.sources.reading.account_reader import AccountReader, Pauses
from streams.operations.sources.reading.metrics import ReadMetrics
from streams.operations.sources.reading.outbox import ReadOutbox
from streams.operations.sources.reading.queue import ReadQueue
from streams.process.cancellation import stopped
from streams.sources.api.pacing import pause
from streams.sources.source import Source

POLL_MS = 100
MOST_RECORDS = 5_000


async def read_records(
    settings: Settings,
    sources: Mapping[str, Source],
    registry: CollectorRegistry,
    pauses: Pauses = pause,
) -> None:
    """Read what webhooks name until cancelled. Raises Fatal if Kafka fails."""
    async with http_session() as session, ReadOutbox.open(settings, sources) as outbox:
        metrics = ReadMetrics(registry)
        service = _Service(settings, sources, session, outbox, metrics, pauses)
        await service.run()


class _Service(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Follows the topic of reads, and has a reader for each account of which something waits."""

    def __init__(
        self,
        settings: Settings,
        sources: Mapping[str, Source],
        session: aiohttp.ClientSession,
        outbox: ReadOutbox,
        metrics: ReadMetrics,
        pauses: Pauses,
    ) -> None:
        self._settings, self._sources, self._session = settings, sources, session
        self._outbox, self._metrics, self._pauses = outbox, metrics, pauses
        self._place = reads.partition(settings)
        self._queue = ReadQueue()
        # They outlive their readers: they know the rate limit and the token.
        self._clients: dict[Account, ApiClient | None] = {}
        self._readers: dict[Account, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Follow the topic until cancelled. Raises Fatal."""
        consumer = AIOKafkaConsumer(
            **client(self._settings),
            group_id=topics.reads_group(self._settings),
            isolation_level="read_committed",
            # Nothing is committed: whoever gets the partition reads all of it.
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        safe_to_cancel(consumer).subscribe([self._place.topic], listener=self)
        try:
            await consumer.start()
            while True:
                await self._receive(consumer)
                self._raise_failures()
        except KafkaError as error:
            raise Fatal(f"what is to be read from CRMs cannot be followed: {error!r}") from error
        finally:
            await self._forget()
            await close_client("the reader of requests", consumer.stop())

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Stop: the partition goes to another process, or comes again and is read again."""
        if revoked:
            await self._forget()

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Nothing is to be done: the client begins with the first record."""

    async def _receive(self, consumer: AIOKafkaConsumer) -> None:
        fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=MOST_RECORDS)
        for record in fetched.get(self._place, ()):
            hidden = self._queue.receive(record)
            if hidden is not None:
                await self._outbox.ask(hidden)
        self._metrics.waiting(dict(self._queue.counts()))
        if self._place in consumer.assignment():
            # Before its end is reached it is not known what was answered.
            end = consumer.last_stable_offset(self._place)
            if end is not None and await consumer.position(self._place) >= end:
                self._serve()

    def _serve(self) -> None:
        for account in self._queue.accounts():
            reader = self._readers.get(account)
            if reader is None or reader.done():
                if reader is not None:
                    reader.result()
                source = self._sources.get(account.source)
                work = AccountReader(
                    account,
                    source.api if source else None,
                    self._client(account),
                    self._queue,
                    self._outbox,
                    self._metrics,
                    self._pauses,
                )
                self._readers[account] = asyncio.create_task(work.run(), name="reads of a source")

    def _client(self, account: Account) -> ApiClient | None:
        if account not in self._clients:
            source = self._sources.get(account.source)
            token = token_of(self._settings, account)
            self._clients[account] = (
                ApiClient(self._session, source.api, account.label, token, self._pauses)
                if source and source.api and token
                else None
            )
        return self._clients[account]

    def _raise_failures(self) -> None:
        for reader in self._readers.values():
            if reader.done():
                reader.result()

    async def _forget(self) -> None:
        readers, self._readers = self._readers, {}
        await stopped(*readers.values())
        self._queue.clear()
