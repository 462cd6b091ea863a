"""Writes what deliveries became to Kafka with an idempotent producer, and waits for its answer."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.events import REFERENCE_TOPICS
from streams.gateway.event_producer import EVENT_TOPICS, abandon, check_topics, new_producer
from streams.internal_topics.partitioner import partition_of
from streams.kafka import topics
from streams.kafka.errors import Fatal

# The client's own deadline for one attempt, and the end of all attempts: Kafka is away for good.
ATTEMPT_MS = 10_000
DEADLINE_SECONDS = 30.0


class Write(NamedTuple):
    """One record to be written."""

    to: TopicPartition
    key: bytes
    value: bytes | None


def event_write(settings: Settings, topic: str, key: bytes, value: bytes) -> Write:
    """Return the write of an event to the partition of its subject."""
    is_reference = topic in REFERENCE_TOPICS
    number = 0 if is_reference else partition_of(key, settings.partitions)
    return Write(TopicPartition(topic, number), key, value)


class Writer:
    """Writes records in their order by partition. What fails ends the process."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["Writer"]:
        """Yield a connected writer. Raises Fatal if Kafka is away or lacks a topic."""
        producer = new_producer(settings, ATTEMPT_MS)
        own = topics.INBOX, topics.DEAD_LETTERS, topics.reads(settings)
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await producer.start()
                await check_topics(producer, {*EVENT_TOPICS, *own})
            yield cls(producer)
        except (KafkaError, TimeoutError) as error:
            raise _failed(error) from error
        finally:
            await abandon(producer)

    async def write(self, writes: Iterable[Write]) -> None:
        """Write records and wait until every one is acknowledged; raises Fatal otherwise.

        Some may have been written even so: writing all of them again is harmless.
        """
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                sent = [
                    await self._producer.send(
                        each.to.topic, each.value, each.key, partition=each.to.partition
                    )
                    for each in writes
                ]
                await asyncio.gather(*sent)
        except (KafkaError, TimeoutError) as error:
            raise _failed(error) from error


def _failed(error: BaseException) -> Fatal:
    what = "no answer from Kafka in time" if isinstance(error, TimeoutError) else repr(error)
    return Fatal(f"events could not be written: {what}; `sales-kpis doctor` looks")
