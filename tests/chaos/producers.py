"""Producers of events beside the gateway, each with the habits of another client."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from confluent_kafka import KafkaError, Message, Producer

from streams.config.settings import Settings
from streams.events import REFERENCE_TOPICS, TOPIC_OF
from tests.chaos.load import EventData, encoded
from tests.installation.installed import topics_named

# One batch in so many goes to each of the producers; the rest goes to the gateway.
EVERY = 4
FLUSH_SECONDS = 10.0


class EventProducer(Protocol):
    """Writes batches of events to Kafka itself."""

    async def is_written(self, batch: Sequence[EventData]) -> bool:
        """Write a batch; False if some of it may be missing, and has to be written again."""


class DefaultLibrdkafka:
    """librdkafka at its default partitioner, which does not hash as Java's clients do."""

    def __init__(self, settings: Settings) -> None:
        self._producer = Producer(
            {"bootstrap.servers": settings.bootstrap, "enable.idempotence": True}
        )

    async def is_written(self, batch: Sequence[EventData]) -> bool:
        """Write a batch; False if Kafka has not acknowledged all of it in time."""
        return await asyncio.to_thread(self._is_written, batch)

    def _is_written(self, batch: Sequence[EventData]) -> bool:
        failed: list[KafkaError] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failed.append(error)

        for event in batch:
            for topic in topics_named(event):
                self._producer.produce(
                    topic, encoded(event), event["subject"].encode(), on_delivery=delivered
                )
        return self._producer.flush(FLUSH_SECONDS) == 0 and not failed


def producers(settings: Settings) -> list[EventProducer]:
    """Every producer beside the gateway."""
    return [DefaultLibrdkafka(settings)]


def producer_of(number: int, among: Sequence[EventProducer]) -> EventProducer | None:
    """The producer of a batch by its number; None for the gateway."""
    turn = number % EVERY
    return among[turn] if turn < len(among) else None


def is_reference(event: EventData) -> bool:
    """Whether an event is a record of a reference topic, which the gateway sends."""
    return TOPIC_OF[event["type"]] in REFERENCE_TOPICS
