"""Senders with habits of their own: another Kafka client's, and a CRM's signed webhooks."""

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp
import orjson
from confluent_kafka import KafkaError, Message, Producer
from yarl import URL

from streams.config.settings import Settings, instant
from streams.gateway.records import Record
from streams.gateway.records import record as sendable
from streams.sources.auth import sign
from streams.sources.delivery import Webhook
from streams.sources.loading import sources
from tests.chaos.load import EventData, encoded
from tests.chaos.plan import NOW

# Its mapping file passes canonical events through, and its senders sign.
SOURCE = "standardwebhooks"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of the specification's example
VARIABLE = f"SALES_KPIS_SECRET_{SOURCE.upper()}"
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


def as_translated(event: EventData) -> EventData:
    """The event that its webhook becomes: it names the source."""
    return {"source": SOURCE, **event}


class SignedWebhooks:
    """Posts each event of a batch as a webhook of its own.

    `accepted` counts what the gateway has taken on, `refused` what it asked to send again.
    """

    def __init__(self, settings: Settings) -> None:
        self.accepted = 0
        self.refused = 0
        self._gateway = f"http://127.0.0.1:{settings.gateway_port}"
        self._recipe = sources()[SOURCE].recipe

    async def are_accepted(
        self, session: aiohttp.ClientSession, batch: Sequence[EventData]
    ) -> bool:
        """Post a batch; False if some of it has to be sent again."""
        answers = await asyncio.gather(*(self._is_accepted(session, event) for event in batch))
        self.accepted += sum(answers)
        self.refused += len(answers) - sum(answers)
        return all(answers)

    async def _is_accepted(self, session: aiohttp.ClientSession, event: EventData) -> bool:
        webhook = self._signed(event)
        url = URL(self._gateway + webhook.target, encoded=True)
        try:
            async with session.post(url, data=webhook.body, headers=webhook.headers) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
        if 400 <= answer.status < 500 and answer.status != 429:
            raise AssertionError(f"the gateway refuses a good webhook: {body[:500]!r}")
        return answer.ok

    def _signed(self, event: EventData) -> Webhook:
        content: dict[str, Any] = {"type": event["type"], "timestamp": event["at"], "data": event}
        # The gateway compares it with its own time, which stands still in a run.
        now = instant(NOW, "NOW")
        plain = Webhook(
            source=SOURCE,
            label="",
            method="POST",
            target=f"/webhooks/{SOURCE}",
            headers=(("content-type", "application/json"), ("webhook-id", event["id"])),
            body=orjson.dumps(content),
            received=now,
        )
        return sign(plain, self._recipe, SECRET, "", now)
