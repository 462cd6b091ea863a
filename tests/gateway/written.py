"""The records that were written to the topics of events since an instant."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.config.settings import Settings
from streams.events import REFERENCE_TOPICS, SOURCE_TOPICS


class Found(NamedTuple):
    """One record."""

    topic: str
    partition: int
    key: bytes
    value: bytes


class Written:
    """Reads every topic of events."""

    def __init__(self, consumer: AIOKafkaConsumer, since: dict[TopicPartition, int]) -> None:
        self._consumer = consumer
        self._since = since

    @classmethod
    @asynccontextmanager
    async def from_now_on(cls, settings: Settings) -> AsyncIterator[Self]:
        """Remember where every partition ends."""
        partitions = [
            *(TopicPartition(t, p) for t in SOURCE_TOPICS for p in range(settings.partitions)),
            *(TopicPartition(t, 0) for t in REFERENCE_TOPICS),
        ]
        async with consuming(settings, partitions) as consumer:
            yield cls(consumer, await consumer.end_offsets(partitions))

    @classmethod
    @asynccontextmanager
    async def since(cls, settings: Settings, earlier: Self) -> AsyncIterator[Self]:
        """Read again the records since an earlier reader was opened."""
        async with consuming(settings, list(earlier._since)) as consumer:
            yield cls(consumer, earlier._since)

    async def count(self) -> int:
        """Return the number of new records."""
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(list(self._since))
        return sum(ends.values()) - sum(self._since.values())

    async def records(self) -> list[Found]:
        """Return the new records, each partition's in order."""
        ends = await self._consumer.end_offsets(list(self._since))
        found = []
        for partition, end in ends.items():
            self._consumer.seek(partition, self._since[partition])
            while await self._consumer.position(partition) < end:
                batches = await self._consumer.getmany(partition, timeout_ms=200)
                found += [
                    Found(record.topic, record.partition, record.key, record.value)
                    for record in batches.get(partition, [])
                ]
        return found


@asynccontextmanager
async def consuming(
    settings: Settings, partitions: list[TopicPartition]
) -> AsyncIterator[AIOKafkaConsumer]:
    """Yield a consumer of these partitions."""
    async with AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap, fetch_max_wait_ms=20
    ) as consumer:
        consumer.assign(partitions)
        yield consumer
