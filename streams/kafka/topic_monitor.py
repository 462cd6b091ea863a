"""A monitor that checks at intervals that all topics still exist and were not created again."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.client import admin_client
from streams.kafka.errors import Fatal, TopicsMissing
from streams.kafka.reader import learn, reader
from streams.kafka.transactional_producer import recreated

CHECK_SECONDS = 5.0
ANSWER_SECONDS = 10.0
Ends = dict[TopicPartition, int]


async def watch(settings: Settings, known: Callable[[], Ends]) -> None:
    """Check all topics without end; `known` returns up to where partitions were read or written.

    Raises TopicsMissing when a topic was deleted, and Fatal when one was created again: it then
    ends before an offset that was read, written or seen, and ends never decrease otherwise.
    """
    reached: Ends = {}
    monitor = TopicMonitor(settings)
    try:
        while True:
            expected = {**reached, **known()}
            found = await monitor.check()
            for partition, end in found.items():
                if end < expected.get(partition, 0):
                    raise Fatal(recreated(partition, expected[partition], end))
            reached |= found
            await asyncio.sleep(CHECK_SECONDS)
    finally:
        await monitor.close()


class TopicMonitor:
    """Checks topics with the same clients for as long as Kafka answers them.

    Nothing is connected before the first check. A client leaves garbage in cycles, which is too
    expensive for a worker to make every few seconds.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._partitions = topics.all_partitions(settings)
        self._stack = AsyncExitStack()
        self._clients: tuple[AIOKafkaAdminClient, AIOKafkaConsumer] | None = None

    async def check(self) -> Ends:
        """Return the end of every partition, or nothing if Kafka does not answer.

        Readers and writers report that themselves. Raises TopicsMissing.
        """
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._clients is None:
                    self._clients = await self._open()
                admin, consumer = self._clients
                await topics.require(admin, self._settings)
                found: Ends = await consumer.end_offsets(self._partitions)
                return found
        except TopicsMissing:
            raise
        except (KafkaError, Fatal, TimeoutError):
            await self.close()
            return {}

    async def close(self) -> None:
        """Close the connections; the next check opens new ones."""
        self._clients = None
        await self._stack.aclose()

    async def _open(self) -> tuple[AIOKafkaAdminClient, AIOKafkaConsumer]:
        admin = await self._stack.enter_async_context(admin_client(self._settings))
        # Missing topics have to be reported as such before their ends are requested.
        await topics.require(admin, self._settings)
        consumer = await self._stack.enter_async_context(reader(self._settings, committed=False))
        learn(consumer, self._partitions)
        return admin, consumer
