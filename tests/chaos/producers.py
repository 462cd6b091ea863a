"""A producer with the habits of another client than the gateway's."""

import asyncio
from collections.abc import Sequence

from confluent_kafka import KafkaError, Message, Producer

from streams.config.settings import Settings
from streams.gateway.records import Record
from streams.gateway.records import record as sendable
from tests.chaos.load import EventData, encoded

FLUSH_SECONDS = 10.0


class DefaultLibrdkafka:
    """librdkafka at its default partitioner, which does not hash as Java's clients do.

    `events` counts what Kafka has acknowledged.
    """

    def __init__(self, settings: Settings) -> None:
        self.events = 0
        self._producer = Producer(
            {
                "bootstrap.servers": settings.bootstrap,
                "enable.idempotence": True,
                # A Kafka that is killed is no news here.
                "log_level": 0,
            }
        )

    async def is_written(self, batch: Sequence[EventData]) -> bool:
        """Write a batch; False if some of it may be missing, and has to be written again."""
        return await asyncio.to_thread(self._is_written, batch)

    def _is_written(self, batch: Sequence[EventData]) -> bool:
        failed: list[KafkaError] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failed.append(error)

        for event in batch:
            sent = sendable(encoded(event), 1)
            assert isinstance(sent, Record), sent
            for topic in sent.topics:
                self._producer.produce(topic, sent.value, sent.key, on_delivery=delivered)
        is_written = self._producer.flush(FLUSH_SECONDS) == 0 and not failed
        self.events += len(batch) * is_written
        return is_written
