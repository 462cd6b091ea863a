"""Half of the events as signed webhooks, the others over HTTP and to Kafka in two ways; and poison.

Each is sent until it is acknowledged.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import aiohttp
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.gateway.records import Record
from streams.gateway.records import record as sendable
from streams.kafka.client import close_client
from tests.chaos.load import (
    BATCH,
    POISON_HEADER,
    EventData,
    Load,
    canary,
    encoded,
)
from tests.chaos.producers import DefaultLibrdkafka, SignedWebhooks, as_translated
from tests.histories import lines

SENDERS = 3
REQUEST_SECONDS = 10.0
RETRY_SECONDS = 0.2
ACCEPTED = 202
# Numbers of the leads that are in aborted transactions only.
NEVER = 10**8


class Sending:
    """Sends a load; the accepted events are written to `accepted`, one per line.

    `rate` in events/s may be changed at any time; 0 means as fast as possible.
    """

    def __init__(self, load: Load, settings: Settings, accepted: Path, rate: float) -> None:
        self.rate = rate
        self.sent = 0
        self.attempts = self.refused = self.transactions = 0
        self.seconds = 0.0
        self.size = load.size
        self._load = load
        self._settings = settings
        self._url = f"http://127.0.0.1:{settings.gateway_port}/events"
        self._accepted = accepted
        # Every second batch, and every tenth: of what is left each sender takes what it gets done.
        self._of_webhooks = iter(load.batches[::2])
        self._of_librdkafka = iter(load.batches[1::10])
        self._others = iter([it for at, it in enumerate(load.batches) if at % 2 and at % 10 != 1])
        self.webhooks = SignedWebhooks(settings)
        self.librdkafka = DefaultLibrdkafka(settings)
        self._free_at = 0.0

    async def run(self) -> None:
        """Return once every event was accepted and all poison is in Kafka."""
        began = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            by_webhook = partial(self.webhooks.are_accepted, session)
            over_http = partial(self._is_accepted, session)
            await asyncio.gather(
                self._poison(),
                self._batches(self._others, self._is_committed),
                self._batches(self._of_librdkafka, self.librdkafka.is_written),
                *(self._batches(self._others, over_http) for _ in range(SENDERS)),
                *(
                    self._batches(self._of_webhooks, by_webhook, as_translated)
                    for _ in range(SENDERS)
                ),
            )
        self.seconds = time.monotonic() - began

    async def _batches(
        self,
        batches: Iterator[list[EventData]],
        is_accepted: Callable[[list[EventData]], Awaitable[bool]],
        becomes: Callable[[EventData], EventData] = lambda event: event,
    ) -> None:
        for batch in batches:
            await self._await_rate(len(batch))
            while not await is_accepted(batch):
                self.refused += 1
                await asyncio.sleep(RETRY_SECONDS)
            with self._accepted.open("ab") as file:
                file.write(lines(map(becomes, batch)))
            self.sent += len(batch)

    async def _await_rate(self, size: int) -> None:
        """Wait until the rate allows `size` more events."""
        now = time.monotonic()
        self._free_at = max(now, self._free_at)
        if self.rate:
            self._free_at += size / self.rate
            await asyncio.sleep(max(0.0, self._free_at - now))

    async def _is_accepted(self, session: aiohttp.ClientSession, batch: list[EventData]) -> bool:
        self.attempts += 1
        try:
            async with session.post(
                self._url, data=encoded(batch), headers={"Content-Type": "application/json"}
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
        if 400 <= answer.status < 500 and answer.status != 429:
            raise AssertionError(f"the gateway refuses good events: {body[:500]!r}")
        return answer.status == ACCEPTED and json.loads(body)["accepted"] == len(batch)

    async def _is_committed(self, batch: list[EventData]) -> bool:
        """Write a batch in a transaction, after one that is aborted, with leads of its own."""
        self.attempts += 1
        never = [canary(NEVER + self.attempts * BATCH + number) for number in range(len(batch))]
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap,
            transactional_id="chaos-crm",
            transaction_timeout_ms=10_000,
        )
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await producer.start()
                await producer.begin_transaction()
                await self._write(producer, never)
                await producer.abort_transaction()
                await producer.begin_transaction()
                await self._write(producer, batch)
                await producer.commit_transaction()
        except (KafkaError, TimeoutError, OSError):
            return False
        finally:
            await close_client("the sender of transactions", producer.stop())
        self.transactions += 1
        return True

    async def _write(self, producer: AIOKafkaProducer, events: list[EventData]) -> None:
        for event in events:
            sent = sendable(encoded(event), 1)
            assert isinstance(sent, Record), sent
            for topic in sent.topics:
                await producer.send(topic, sent.value, key=sent.key)

    async def _poison(self) -> None:
        """Spread poison over the whole run; a header identifies it for the verdict."""
        count = len(self._load.poison)
        for number in range(count):
            while self.sent < self.size * number / count:
                await asyncio.sleep(RETRY_SECONDS)
            while not await self._is_written(number):
                await asyncio.sleep(RETRY_SECONDS)

    async def _is_written(self, number: int) -> bool:
        poison = self._load.poison[number]
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap, request_timeout_ms=5_000
        )
        try:
            await producer.start()
            await producer.send_and_wait(
                poison.topic,
                poison.value,
                key=poison.key,
                partition=number % self._settings.partitions,
                headers=[(POISON_HEADER, poison.kind.encode())],
            )
        except KafkaError:
            return False
        finally:
            await producer.stop()
        return True
