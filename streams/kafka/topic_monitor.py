"""Topics are there when a worker starts, and have to stay: a look at all of them now and then."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.client import admin_client
from streams.kafka.errors import Fatal
from streams.kafka.reader import learn, reader
from streams.kafka.transactional_producer import recreated

CHECK_SECONDS = 5.0
ANSWER_SECONDS = 10.0
Ends = dict[TopicPartition, int]


async def watch(settings: Settings, known: Callable[[], Ends]) -> None:
    """Go on looking, for ever; `known` says up to where partitions were read or written.

    Raises TopicsMissing when a topic is gone, and Fatal when one was made anew: it ends before
    what is known of it, or before where it has ended, which nothing that is written can do.
    """
    reached: Ends = {}
    looker = TopicMonitor(settings)
    try:
        while True:
            wanted = {**reached, **known()}
            found = await looker.check()
            for place, end in found.items():
                if end < wanted.get(place, 0):
                    raise Fatal(recreated(place, wanted[place], end))
            reached |= found
            await asyncio.sleep(CHECK_SECONDS)
    finally:
        await looker.close()


class TopicMonitor:
    """Looks with the same clients again and again, as long as Kafka answers them.

    A client leaves garbage in cycles, which a worker cannot afford to make every few seconds.
    """

    def __init__(self, settings: Settings) -> None:
        """Connect to nothing yet."""
        self._settings = settings
        self._places = [
            TopicPartition(topic.name, number)
            for topic in topics.wanted(settings)
            for number in range(topic.partitions)
        ]
        self._clients = AsyncExitStack()
        self._asks: tuple[AIOKafkaAdminClient, AIOKafkaConsumer] | None = None

    async def check(self) -> Ends:
        """Give the end of every partition; nothing if Kafka does not answer.

        That is for those to say who read and write. Raises TopicsMissing.
        """
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._asks is None:
                    self._asks = await self._open()
                admin, consumer = self._asks
                await topics.require(admin, self._settings)
                found: Ends = await consumer.end_offsets(self._places)
                return found
        except topics.TopicsMissing:
            raise
        except (KafkaError, Fatal, TimeoutError):
            await self.close()
            return {}

    async def close(self) -> None:
        """Let go of the connections; the next look makes others."""
        self._asks = None
        await self._clients.aclose()

    async def _open(self) -> tuple[AIOKafkaAdminClient, AIOKafkaConsumer]:
        admin = await self._clients.enter_async_context(admin_client(self._settings))
        # Topics that are missing have to be found so before anybody asks where they end.
        await topics.require(admin, self._settings)
        consumer = await self._clients.enter_async_context(reader(self._settings, committed=False))
        learn(consumer, self._places)
        return admin, consumer
