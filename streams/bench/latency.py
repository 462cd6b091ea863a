"""From an event's acknowledgement-less send to the committed KPI that counts it."""

import asyncio
import time
from statistics import quantiles
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from streams.bench.workload import backlog
from streams.publish.reader import read
from streams.settings import Settings

RATE = 1_000
SLICE_SECONDS = 0.01
KEY = "lead_count|all|year"
WARM_UP_SECONDS = 3.0


async def latencies(settings: Settings, seconds: float, seed: int) -> list[float]:
    """Produce 1,000 events/s of all kinds; give how many ms each new lead took to be counted.

    The n-th lead produced is counted once a committed `lead_count` of the year has risen by n.
    The clock starts when the event is handed to the producer.
    """
    sent: list[float] = []
    seen: list[tuple[float, int]] = []
    caught_up = asyncio.Event()
    watching = asyncio.create_task(watch(settings, seen, caught_up))
    try:
        await caught_up.wait()
        base = seen[-1][1]
        await produce(settings, seconds, seed, sent)
        deadline = time.monotonic() + 15
        while seen[-1][1] < base + len(sent) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
    finally:
        watching.cancel()
    waits, step = [], 0
    for number, begun in enumerate(sent, 1):
        while step < len(seen) and seen[step][1] < base + number:
            step += 1
        if step == len(seen):
            raise TimeoutError(f"{len(sent) - number + 1} leads were not counted within 15 s")
        if begun > sent[0] + WARM_UP_SECONDS:
            waits.append((seen[step][0] - begun) * 1000)
    return waits


async def watch(
    settings: Settings, seen: list[tuple[float, int]], caught_up: asyncio.Event
) -> None:
    """Note when each value of the watched KPI could first be read, committed."""
    async for batch in read(settings):
        now = time.monotonic()
        for key, record in batch.records:
            if record is not None and key.startswith(KEY):
                seen.append((now, orjson.loads(record)["parts"]["count"]))
        if batch.is_caught_up:
            caught_up.set()


async def produce(settings: Settings, seconds: float, seed: int, sent: list[float]) -> None:
    """Send the events of one day's new leads at a steady rate, in the order they happened."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap, enable_idempotence=True, linger_ms=0
    )
    await producer.start()
    try:
        events = backlog(seed, int(seconds * RATE), time.time_ns() // 1_000_000, days=1)
        begun, done = time.monotonic(), 0
        futures = []
        while done < len(events):
            due = min(len(events), int((time.monotonic() - begun) * RATE) + 1)
            for event in events[done:due]:
                if event["type"] == "lead.created":
                    sent.append(time.monotonic())
                futures.append(
                    await producer.send(
                        topic_of(event), orjson.dumps(event), key=event["subject"].encode()
                    )
                )
            done = due
            await asyncio.sleep(SLICE_SECONDS)
        await asyncio.gather(*futures)
    finally:
        await producer.stop()


def topic_of(event: dict[str, Any]) -> str:
    """Name an event's topic; its type says it."""
    return f"crm.{event['type'].partition('.')[0]}"


def percentiles(waits: list[float]) -> tuple[float, float]:
    """Give the 50th and the 99th percentile."""
    cuts = quantiles(waits, n=100)
    return cuts[49], cuts[98]
