"""Where partitions end for readers of committed records, asked of Kafka by a client of its own."""

import asyncio
from collections.abc import Collection
from contextlib import AsyncExitStack

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.kafka.errors import Fatal
from streams.kafka.reader import learn, reader

ANSWER_SECONDS = 10.0
Offsets = dict[TopicPartition, int]


class StableEnds:
    """Asks with the same client for as long as Kafka answers it; not for two tasks at once.

    What another client knows is as old as its last fetch, and one that is stuck fetches nothing.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()
        self._consumer: AIOKafkaConsumer | None = None
        self._known: set[TopicPartition] = set()

    async def bounds(self, partitions: Collection[tuple[str, int]]) -> tuple[Offsets, Offsets]:
        """Return the first offsets, and where open transactions or the partitions end.

        Both are empty if Kafka does not answer: those that read and write report that.
        """
        if not partitions:
            return {}, {}
        asked = [TopicPartition(*each) for each in partitions]  # the client takes no other type
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                consumer = await self._reader(asked)
                firsts: Offsets = await consumer.beginning_offsets(asked)
                ends: Offsets = await consumer.end_offsets(asked)
                return firsts, ends
        except (KafkaError, Fatal, TimeoutError):
            await self.close()
            return {}, {}

    async def close(self) -> None:
        """Close the connections; the next question opens new ones."""
        self._consumer = None
        await self._stack.aclose()

    async def _reader(self, partitions: Collection[TopicPartition]) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = await self._stack.enter_async_context(reader(self._settings))
            self._known = set()
        if not self._known.issuperset(partitions):
            self._known |= set(partitions)
            learn(self._consumer, self._known)
        return self._consumer
