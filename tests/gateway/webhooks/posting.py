"""Signed requests of sources to a gateway, and the deliveries that its inbox has since."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from typing import NamedTuple

from aiohttp import ClientSession
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.config.settings import Settings
from streams.gateway.webhooks.endpoints import endpoints
from streams.internal_topics.inbox import InboxKeys, Received, decode
from streams.kafka.topics import INBOX, INBOX_PARTITIONS
from streams.sources.auth import sign
from streams.sources.delivery import Webhook
from tests.gateway.sending import Sender, gateway
from tests.gateway.written import consuming

PUBLIC = "https://crm.example.com"
SECRETS: Mapping[str, tuple[str, ...]] = {
    name: (f"secret-of-{name}-that-nobody-knows",)
    for name in ("hubspot", "odoo", "amocrm", "mailgun", "aircall", "bitrix24", "meta")
}
BODY = b'[{"objectId":7,"amount":12.50}]'


class Reply(NamedTuple):
    """An answer of the gateway."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class WebhookSender:
    """Sends to one gateway as the sources do, signed with the first secret of its settings."""

    def __init__(self, sender: Sender, settings: Settings) -> None:
        self.sender = sender
        self.session: ClientSession = sender.session
        self.url = sender.url
        self._settings = settings
        self._endpoints = endpoints(settings)

    def signed(
        self, source: str, body: bytes = BODY, label: str = "", now: int | None = None
    ) -> Webhook:
        """Give a request as its sender would send it."""
        target = f"/webhooks/{source}" + (f"/{label}" if label else "")
        at = now or time.time_ns() // 1_000_000
        found = Webhook(source, label, "POST", target, (), body, at)
        endpoint = self._endpoints[source]
        return sign(found, endpoint.recipe, endpoint.secrets[0], self._settings.public_url, at)

    async def send(self, webhook: Webhook, method: str | None = None) -> Reply:
        """Send a request as it is."""
        async with self.session.request(
            method or webhook.method,
            f"{self.url}{webhook.target}",
            data=BytesIO(webhook.body),
            headers={"Content-Type": "application/json"} | dict(webhook.headers),
        ) as response:
            return Reply(response.status, await response.read(), response.headers)

    async def post(self, source: str, body: bytes = BODY, label: str = "") -> Reply:
        """Sign and send a body."""
        return await self.send(self.signed(source, body, label))

    async def outcome(self, source: str, outcome: str) -> float:
        """Return how many requests of a source have had this outcome."""
        labels = f'{{outcome="{outcome}",source="{source}"}}'
        return await self.sender.metric(f"sales_kpis_gateway_webhooks_total{labels}")


def with_sources(settings: Settings) -> Settings:
    """Return settings under which the sources of SECRETS are set up."""
    return replace(settings, secrets=SECRETS, public_url=PUBLIC)


@asynccontextmanager
async def webhooks(settings: Settings) -> AsyncIterator[WebhookSender]:
    """Run a gateway of these settings."""
    async with gateway(settings) as sender:
        yield WebhookSender(sender, settings)


class Inbox:
    """The deliveries that the inbox has since it was opened."""

    def __init__(self, consumer: AIOKafkaConsumer, keys: InboxKeys) -> None:
        self._consumer = consumer
        self._keys = keys
        self._since: dict[TopicPartition, int] = {}

    @classmethod
    @asynccontextmanager
    async def from_now_on(cls, settings: Settings) -> AsyncIterator["Inbox"]:
        """Remember where the inbox ends."""
        partitions = [TopicPartition(INBOX, number) for number in range(INBOX_PARTITIONS)]
        async with consuming(settings, partitions) as consumer:
            inbox = cls(consumer, InboxKeys(settings.inbox_key))
            inbox._since = await consumer.end_offsets(partitions)
            yield inbox

    def since(self, earlier: "Inbox") -> None:
        """Begin where an earlier reader began."""
        self._since = earlier._since

    async def received(self) -> list[Received]:
        """Return the new deliveries in the order in which they came."""
        ends = await self._consumer.end_offsets(list(self._since))
        found = []
        for partition, end in ends.items():
            self._consumer.seek(partition, self._since[partition])
            while await self._consumer.position(partition) < end:
                batches = await self._consumer.getmany(partition, timeout_ms=200)
                found += [
                    decode(record.value, record.headers, self._keys)
                    for record in batches.get(partition, [])
                ]
        return sorted(found, key=lambda each: each.delivery.received)

    async def bodies(self) -> list[bytes]:
        """Return the bodies of the new deliveries."""
        return [each.delivery.body for each in await self.received()]
