"""What reading a record from a CRM writes to Kafka: deliveries, answers, dead letters."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.gateway.event_producer import abandon, new_producer
from streams.internal_topics import dead_letters, inbox, reads
from streams.internal_topics.reads import ReadKey, ReadRequest
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.operations.sources.accounts import Account
from streams.sources.delivery import Delivery
from streams.sources.source import Source

ATTEMPT_MS = 10_000
DEADLINE_SECONDS = 30.0


class ReadOutbox:
    """Writes with acknowledgements; what fails is Fatal, and everything is read again."""

    def __init__(
        self, settings: Settings, sources: Mapping[str, Source], producer: AIOKafkaProducer
    ) -> None:
        self._settings, self._sources, self._producer = settings, sources, producer
        self._keys = inbox.InboxKeys(settings.inbox_key)
        self._place = reads.partition(settings)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, sources: Mapping[str, Source]
    ) -> AsyncIterator["ReadOutbox"]:
        """Yield a connected one. Raises Fatal if Kafka is away."""
        producer = new_producer(settings, ATTEMPT_MS)
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await producer.start()
            yield cls(settings, sources, producer)
        except (KafkaError, TimeoutError) as error:
            raise _failed(error) from error
        finally:
            await abandon(producer)

    async def deliver(self, key: ReadKey, body: bytes) -> None:
        """Write a record that was read to the inbox, as a delivery of its source."""
        delivery = Delivery(key.source, key.label, {}, {}, body, self._settings.clock())
        value, headers = inbox.encode(delivery, self._sources[key.source].digest, self._keys)
        await self._send((topics.INBOX, None), None, value, list(headers))

    async def answer(self, key: ReadKey, request: ConsumerRecord) -> None:
        """Write that the requests for a record are answered, up to one of them."""
        name, value, headers = reads.tombstone(key, request.offset)
        await self._send(self._place, name, value, headers)

    async def ask(self, key: ReadKey) -> None:
        """Write a request again that a tombstone has hidden."""
        name, value = reads.write(ReadRequest(key, self._settings.clock()))
        await self._send(self._place, name, value)

    async def give_up(self, key: ReadKey, request: ConsumerRecord, reason: str) -> None:
        """Write a dead letter for a record that cannot be read."""
        source = str(Account(key.source, key.label))
        place = dead_letters.Place(source, 0, f"read {key.kind} {key.id[:64]}")
        name, value = dead_letters.unmapped(request, place, "id", reason, self._settings.clock())
        await self._send(dead_letters.DESTINATION, name, value)

    async def _send(
        self,
        place: tuple[str, int | None],
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> None:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self._producer.send_and_wait(
                    place[0], value, key, partition=place[1], headers=headers or []
                )
        except (KafkaError, TimeoutError) as error:
            raise _failed(error) from error


def _failed(error: BaseException) -> Fatal:
    what = "no answer from Kafka in time" if isinstance(error, TimeoutError) else repr(error)
    return Fatal(f"a record of a CRM could not be written: {what}; `sales-kpis doctor` looks")
