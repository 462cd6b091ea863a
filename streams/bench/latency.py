"""Latency from handing an event to the producer to the committed KPIs that count it."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from statistics import quantiles
from typing import NamedTuple

import orjson
from aiokafka import AIOKafkaProducer

from streams.bench.processes import BenchFailed
from streams.bench.workload import Event, backlog, text
from streams.config.settings import Settings
from streams.engine.calendars.calendar import DAY_MS, Calendar, milliseconds
from streams.events import TOPIC_OF
from streams.output.keys import ALL, parse_key
from streams.output.reader import read
from streams.process.cancellation import stopped

PRODUCE_SLICE_SECONDS = 0.01
COUNT_POLL_SECONDS = 0.05
WARM_UP_SECONDS = 3.0
LATEST_SECONDS = 60.0
TOTAL_WINDOW, REP_WINDOW = "month", "day"
# Of each key: its counts, each with the instant at which it could first be read.
Seen = dict[str, list[tuple[float, int]]]
# Of each key: the instants at which the leads that it counts were sent.
Sent = dict[str, list[float]]
# Hands over an event; what it returns is done once the event is acknowledged.
Send = Callable[[Event], Awaitable[Awaitable[object]]]
Sending = Callable[[Settings], AbstractAsyncContextManager[Send]]


class Watched(NamedTuple):
    """A KPI whose count rises by one with each event of a type."""

    kpi: str
    event: str


LEADS, CALLS = Watched("lead_count", "lead.created"), Watched("call_count", "call.ended")


class Latencies(NamedTuple):
    """Milliseconds until each watched event was counted: in the grand total, and for its rep."""

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
    settings: Settings,
    rate: int,
    seconds: float,
    seed: int,
    sending: Sending = producing,
    watched: Watched = LEADS,
) -> Latencies:
    """Send `rate` events/s of all kinds; return the time until each watched one was counted.

    The n-th event of a key is counted once the committed count has risen by n: of the month for
    all, of the day for a rep. The clock starts when the event is handed to the sender. Raises
    BenchFailed if some are not counted within LATEST_SECONDS of the last one.
    """
    seen: Seen = defaultdict(list)
    caught_up = asyncio.Event()
    watching = asyncio.create_task(watch(settings, watched.kpi, seen, caught_up))
    try:
        await caught_up.wait()
        base = {key: values[-1][1] for key, values in seen.items()}
        async with sending(settings) as send:
            sent = await send_all(settings, send, rate, seconds, seed, watched)
        deadline = time.monotonic() + LATEST_SECONDS
        while missing(sent, seen, base) and time.monotonic() < deadline:
            await asyncio.sleep(COUNT_POLL_SECONDS)
    finally:
        await stopped(watching)
    if count := missing(sent, seen, base):
        raise BenchFailed(f"{count} counts did not rise within {LATEST_SECONDS:.0f} s")
    begin = min(instants[0] for instants in sent.values()) + WARM_UP_SECONDS
    result = Latencies([], [])
    for key, instants in sent.items():
        found = latencies_of_key(instants, seen[key], base.get(key, 0), begin)
        (result.total if parse_key(key).dimension == ALL else result.by_rep).extend(found)
    return result


def missing(sent: Sent, seen: Seen, base: dict[str, int]) -> int:
    """Return the number of events that are not counted yet."""
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


async def watch(settings: Settings, kpi: str, seen: Seen, caught_up: asyncio.Event) -> None:
    """Record when each value of a watched key could first be read, committed."""
    start, windows = f"{kpi}|", {(ALL, TOTAL_WINDOW), ("rep", REP_WINDOW)}
    async for batch in read(settings):
        now = time.monotonic()
        for key, record in batch.records:
            if record is None or not key.startswith(start):
                continue
            at = parse_key(key)
            if (at.dimension, at.window) in windows:
                seen[key].append((now, orjson.loads(record)["parts"]["count"]))
        if batch.is_caught_up:
            caught_up.set()


async def send_all(
    settings: Settings, send: Send, rate: int, seconds: float, seed: int, watched: Watched
) -> Sent:
    """Send events of today at a steady rate, in the order they happened."""
    sent: Sent = defaultdict(list)
    calendar = Calendar(settings.timezone)
    events = events_of_today(seed, int(seconds * rate), settings.clock(), calendar)
    begun, done = time.monotonic(), 0
    answers = []
    while done < len(events):
        due = min(len(events), int((time.monotonic() - begun) * rate) + 1)
        for event in events[done:due]:
            if event["type"] == watched.event:
                for key in keys(watched.kpi, event, calendar):
                    sent[key].append(time.monotonic())
            answers.append(await send(event))
        done = due
        await asyncio.sleep(PRODUCE_SLICE_SECONDS)
    await asyncio.gather(*answers)
    return sent


def events_of_today(seed: int, count: int, now: int, calendar: Calendar) -> list[Event]:
    """Return a day's events, moved closer together so that all of them happened today."""
    midnight = calendar.start_of(calendar.day(now))
    events = backlog(seed, count, now, days=1)
    for event in events:
        at = milliseconds(datetime.fromisoformat(event["at"]))
        event["at"] = text(now - (now - at) * (now - midnight) // DAY_MS)
    return events


def keys(kpi: str, event: Event, calendar: Calendar) -> Iterator[str]:
    """Yield the two watched keys that count an event."""
    day = calendar.day(milliseconds(datetime.fromisoformat(event["at"])))
    for scope, kind in ((ALL, TOTAL_WINDOW), (f"rep={event['rep']}", REP_WINDOW)):
        start = calendar.text(calendar.start_of(calendar.first_day(kind, day)))
        yield f"{kpi}|{scope}|{kind}|{start}"


def percentiles(latencies_ms: list[float]) -> tuple[float, float]:
    """Return the 50th and the 99th percentile."""
    cuts = quantiles(latencies_ms, n=100)
    return cuts[49], cuts[98]
