"""Events over HTTP or straight to Kafka until each is acknowledged, and poison to Kafka."""

import asyncio
import json
import time
from collections import Counter
from pathlib import Path

import aiohttp
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from tests.chaos.load import (
    POISON_HEADER,
    EventData,
    Load,
    encoded,
)
from tests.chaos.producers import is_reference, producer_of, producers
from tests.histories import lines

SENDERS = 3
REQUEST_SECONDS = 10.0
RETRY_SECONDS = 0.2
ACCEPTED = 202


class Sending:
    """Sends a load; the accepted events are written to `accepted`, one per line.

    `rate` in events/s may be changed at any time; 0 means as fast as possible.
    """

    def __init__(self, load: Load, settings: Settings, accepted: Path, rate: float) -> None:
        self.rate = rate
        self.sent = 0
        self.attempts = self.refused = 0
        self.seconds = 0.0
        self.size = load.size
        self._load = load
        self._settings = settings
        self._url = f"http://127.0.0.1:{settings.gateway_port}/events"
        self._accepted = accepted
        self._next = 0
        self._producers = producers(settings)
        # By the kind of producer, how many events it has sent.
        self.sent_by: Counter[str] = Counter()
        self._free_at = 0.0

    async def run(self) -> None:
        """Return once every event was accepted and all poison is in Kafka."""
        began = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            await asyncio.gather(self._poison(), *(self._batches(session) for _ in range(SENDERS)))
        self.seconds = time.monotonic() - began

    async def _batches(self, session: aiohttp.ClientSession) -> None:
        while self._next < len(self._load.batches):
            batch = self._load.batches[self._next]
            producer = producer_of(self._next, self._producers)
            self._next += 1
            await self._await_rate(len(batch))
            rest = batch
            if producer is not None:
                rest = [event for event in batch if is_reference(event)]
                own = [event for event in batch if not is_reference(event)]
                while own and not await producer.is_written(own):
                    await asyncio.sleep(RETRY_SECONDS)
                self.sent_by[type(producer).__name__] += len(own)
            while rest and not await self._is_accepted(session, rest):
                self.refused += 1
                await asyncio.sleep(RETRY_SECONDS)
            with self._accepted.open("ab") as file:
                file.write(lines(batch))
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
