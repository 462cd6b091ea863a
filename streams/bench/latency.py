"""Latency from handing an event to the producer to the committed KPIs that count it."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from statistics import quantiles
from typing import Any, NamedTuple

import orjson
from aiokafka import AIOKafkaProducer

from streams.bench.workload import Event, backlog
from streams.config.settings import Settings
from streams.engine.calendars.calendar import Calendar, milliseconds
from streams.events import TOPIC_OF
from streams.output.keys import ALL, parse_key
from streams.output.reader import read
from streams.process.cancellation import stopped

# Events per second: a busy hour of a large company, and what a worker is designed for.
RATES = (50, 1_000)
PRODUCE_SLICE_SECONDS = 0.01
COUNT_POLL_SECONDS = 0.05
WARM_UP_SECONDS = 3.0
LATEST_SECONDS = 15.0
KPI = "lead_count|"
WATCHED = {(ALL, "year"), ("rep", "day")}
# Of each key: its counts, each with the instant at which it could first be read.
Seen = dict[str, list[tuple[float, int]]]
# Of each key: the instants at which the leads that it counts were sent.
Sent = dict[str, list[float]]
# Hands over an event; what it returns is done once the event is acknowledged.
Send = Callable[[Event], Awaitable[Awaitable[object]]]
Sending = Callable[[Settings], AbstractAsyncContextManager[Send]]


class Latencies(NamedTuple):
    """Milliseconds until each new lead was counted: in the grand total, and for its rep."""

    total: list[float]
    by_rep: list[float]


@asynccontextmanager
async def producing(settings: Settings) -> AsyncIterator[Send]:
    """Yield a function that hands an event to a Kafka producer."""
    async with AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap, enable_idempotence=True, linger_ms=0
    ) as producer:

        async def send(event: Event) -> Awaitable[object]:
            topic, key = TOPIC_OF[event["type"]], event["subject"].encode()
            sent: Awaitable[object] = await producer.send(topic, orjson.dumps(event), key=key)
            return sent

        yield send


async def latencies(
    settings: Settings, rate: int, seconds: float, seed: int, sending: Sending = producing
) -> Latencies:
    """Send `rate` events/s of all kinds; return the time until each new lead was counted.

    The n-th lead of a key is counted once a committed `lead_count` has risen by n: of the year
    for all, of the day for a rep. The clock starts when the event is handed to the sender.
    """
    seen: Seen = defaultdict(list)
    caught_up = asyncio.Event()
    watching = asyncio.create_task(watch(settings, seen, caught_up))
    try:
        await caught_up.wait()
        base = {key: values[-1][1] for key, values in seen.items()}
        async with sending(settings) as send:
            sent = await send_all(settings, send, rate, seconds, seed)
        deadline = time.monotonic() + LATEST_SECONDS
        while missing(sent, seen, base) and time.monotonic() < deadline:
            await asyncio.sleep(COUNT_POLL_SECONDS)
    finally:
        await stopped(watching)
    if count := missing(sent, seen, base):
        raise TimeoutError(f"{count} counts did not rise within {LATEST_SECONDS:.0f} s")
    begin = min(instants[0] for instants in sent.values()) + WARM_UP_SECONDS
    result = Latencies([], [])
    for key, instants in sent.items():
        found = latencies_of_key(instants, seen[key], base.get(key, 0), begin)
        (result.total if parse_key(key).dimension == ALL else result.by_rep).extend(found)
    return result


def missing(sent: Sent, seen: Seen, base: dict[str, int]) -> int:
    """Return the number of leads that are not counted yet."""
    return sum(
        max(0, base.get(key, 0) + len(instants) - (seen[key][-1][1] if seen[key] else 0))
        for key, instants in sent.items()
    )


def latencies_of_key(
    instants: list[float], values: list[tuple[float, int]], base: int, begin: float
) -> Iterator[float]:
    """Yield the ms from each instant after `begin` to the value that counts it."""
    step = 0
    for number, instant in enumerate(instants, 1):
        while values[step][1] < base + number:
            step += 1
        if instant > begin:
            yield (values[step][0] - instant) * 1000


async def watch(settings: Settings, seen: Seen, caught_up: asyncio.Event) -> None:
    """Record when each value of a watched key could first be read, committed."""
    async for batch in read(settings):
        now = time.monotonic()
        for key, record in batch.records:
            if record is None or not key.startswith(KPI):
                continue
            at = parse_key(key)
            if (at.dimension, at.window) in WATCHED:
                seen[key].append((now, orjson.loads(record)["parts"]["count"]))
        if batch.is_caught_up:
            caught_up.set()


async def send_all(settings: Settings, send: Send, rate: int, seconds: float, seed: int) -> Sent:
    """Send one day's events at a steady rate, in the order they happened."""
    sent: Sent = defaultdict(list)
    events = backlog(seed, int(seconds * rate), time.time_ns() // 1_000_000, days=1)
    calendar = Calendar(settings.timezone)
    begun, done = time.monotonic(), 0
    answers = []
    while done < len(events):
        due = min(len(events), int((time.monotonic() - begun) * rate) + 1)
        for event in events[done:due]:
            if event["type"] == "lead.created":
                for key in keys(event, calendar):
                    sent[key].append(time.monotonic())
            answers.append(await send(event))
        done = due
        await asyncio.sleep(PRODUCE_SLICE_SECONDS)
    await asyncio.gather(*answers)
    return sent


def keys(lead: dict[str, Any], calendar: Calendar) -> Iterator[str]:
    """Yield the two watched keys that count a lead."""
    day = calendar.day(milliseconds(datetime.fromisoformat(lead["at"])))
    for scope, kind in ((ALL, "year"), (f"rep={lead['rep']}", "day")):
        start = calendar.text(calendar.start_of(calendar.first_day(kind, day)))
        yield f"{KPI}{scope}|{kind}|{start}"


def percentiles(latencies_ms: list[float]) -> tuple[float, float]:
    """Return the 50th and the 99th percentile."""
    cuts = quantiles(latencies_ms, n=100)
    return cuts[49], cuts[98]
