"""A fresh installation in a real broker, and ways to write to it and read from it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams.config.settings import Settings, instant
from streams.events import REFERENCE_TOPICS, SOURCE_TOPICS, TOPIC_OF
from streams.internal_topics.reroutes import shard_of
from streams.kafka import topics
from streams.kafka.client import admin_client
from streams.kafka.fetched_list import FetchedList, fetch
from streams.kafka.reader import ends, read_to, reader
from tests.installation.changed_topics import CHANGED

NOW = instant("2026-06-01T12:00:00Z", "NOW")
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.02
PAUSE_FACTOR, LONGEST_PAUSE_SECONDS = 4.0, 0.5
MOST_RECORDS = 10_000
_numbers = itertools.count(1)
# By Kafka's address, the topics that belong to its last installation alone.
_own: dict[str, set[str]] = {}


async def installed(bootstrap: str, partitions: int = 2) -> Settings:
    """Make all topics anew; some of their names are the same in every installation.

    Of those, the ones that nobody has written to stay: a test writes to a few of many. Topics of
    the installation before go: a Kafka with thousands of them does everything more slowly.
    """
    settings = Settings(
        bootstrap=bootstrap,
        app=f"counting-{next(_numbers)}",
        partitions=partitions,
        now=NOW,
        publish_interval_ms=50,
    )
    async with admin_client(settings) as admin:
        if used := await _used(admin, settings, _own.pop(bootstrap, set())):
            await admin.delete_topics(sorted(used))
            CHANGED.difference_update((bootstrap, name) for name in used)

        async def is_gone() -> bool:
            return not used & set(await admin.list_topics())

        await eventually(is_gone)
        await topics.apply(settings)
        names = {topic.name for topic in topics.wanted(settings)}
        _own[bootstrap] = {name for name in names if name.startswith(f"{settings.app}.")}
    return settings


async def _used(admin: AIOKafkaAdminClient, settings: Settings, left: set[str]) -> set[str]:
    """Find the topics that are there and not as if new, and those of the ones that are left."""
    wanted = {topic.name: topic.partitions for topic in topics.wanted(settings)}
    existing = set(await admin.list_topics())
    there = wanted.keys() & existing
    counts = {
        found["topic"]: len(found["partitions"])
        for found in (await admin.describe_topics(sorted(there)) if there else ())
    }
    places = [TopicPartition(name, it) for name, count in counts.items() for it in range(count)]
    written = {place.topic for place, end in (await ends(settings, places)).items() if end}
    return (left & existing) | {
        name
        for name in there
        if name in written or counts[name] != wanted[name] or (settings.bootstrap, name) in CHANGED
    }


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds; fail when it takes too long.

    Between two looks there is several times what the last one took: most ask Kafka with clients
    of their own, and what is waited for needs the processor.
    """
    clock = asyncio.get_running_loop().time
    async with asyncio.timeout(PATIENCE_SECONDS):
        began = clock()
        while not await holds():
            pause = max(LOOK_SECONDS, PAUSE_FACTOR * (clock() - began))
            await asyncio.sleep(min(pause, LONGEST_PAUSE_SECONDS))
            began = clock()


def event(number: int, kind: str = "lead.created", **fields: Any) -> dict[str, Any]:
    """Make one of a few hundred leads' events; each number is another event."""
    sent = {
        "type": kind,
        "id": f"e{number}",
        "at": "2026-05-01T00:00:00Z",
        "subject": f"lead-{number % 300}",
        **fields,
    }
    if kind == "call.ended":
        sent = {"rep": f"r{number % 5}", "direction": "outbound", "outcome": "connected", **sent}
    return sent


def topics_named(sent: dict[str, Any]) -> tuple[str, ...]:
    """Give the topics of an event: what befalls a whole subject befalls lead and account."""
    if "topic" in sent:
        return (sent["topic"],)
    is_whole = sent["type"].startswith("subject.")
    return ("crm.lead", "crm.order") if is_whole else (TOPIC_OF[sent["type"]],)


async def produce(settings: Settings, events: Iterable[dict[str, Any]], shift: int = 0) -> None:
    """Write events where a gateway would, or so many shards after that of their subject."""
    async with AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap, enable_idempotence=True, linger_ms=5
    ) as producer:
        futures = []
        for sent in events:
            is_reference = TOPIC_OF[sent["type"]] in REFERENCE_TOPICS
            key = sent["id" if is_reference else "subject"].encode()
            shard = (shard_of(key.decode(), settings) + shift) % settings.partitions
            partition = 0 if is_reference else shard
            futures += [
                await producer.send(topic, orjson.dumps(sent), key=key, partition=partition)
                for topic in topics_named(sent)
            ]
        await asyncio.gather(*futures)


async def produce_bytes(
    settings: Settings, topic: str, value: bytes | None, partition: int = 0
) -> None:
    """Write something that may be no event."""
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap) as producer:
        await producer.send_and_wait(topic, value, key=b"k", partition=partition)


@asynccontextmanager
async def transaction(settings: Settings, name: str) -> AsyncIterator[AIOKafkaProducer]:
    """Write in a transaction of one's own, as some other program might."""
    async with (
        AIOKafkaProducer(bootstrap_servers=settings.bootstrap, transactional_id=name) as producer,
        producer.transaction(),
    ):
        yield producer


async def records(
    settings: Settings, topic: str, partition: int = 0, *, at_once: bool = False
) -> list[ConsumerRecord]:
    """Read the committed records of a partition.

    Waits for transactions whose end is on its way, unless it is to be done at once.
    """
    place = TopicPartition(topic, partition)
    return (await _read(settings, [place], at_once=at_once))[place]


async def await_readable(settings: Settings, *names: str) -> None:
    """Wait until what was committed to some topics can be read.

    Kafka acknowledges the end of a transaction before its readers have it.
    """
    places = _places(settings, names)
    written = await ends(settings, places)

    async def is_readable() -> bool:
        readable = await ends(settings, places, committed=True)
        return all(readable[place] >= end for place, end in written.items())

    await eventually(is_readable)


async def all_records(
    settings: Settings, *names: str, at_once: bool = False
) -> dict[TopicPartition, list[ConsumerRecord]]:
    """Read the committed records of all partitions of some topics, as `records` does."""
    return await _read(settings, _places(settings, names), at_once=at_once)


def _places(settings: Settings, names: Collection[str]) -> list[TopicPartition]:
    counts = {topic.name: topic.partitions for topic in topics.wanted(settings)}
    return [TopicPartition(name, it) for name in names for it in range(counts[name])]


async def _read(
    settings: Settings, places: list[TopicPartition], *, at_once: bool
) -> dict[TopicPartition, list[ConsumerRecord]]:
    """Read partitions with one client: the start of one takes longer than most reading."""
    found: dict[TopicPartition, list[ConsumerRecord]] = {place: [] for place in places}
    async for place, some in read_to(settings, await ends(settings, places, committed=at_once)):
        found[place] += some
    return found


async def lists(
    settings: Settings, seeks: dict[TopicPartition, int], stops: dict[TopicPartition, int]
) -> list[FetchedList]:
    """Read what an owner would be given next, from where it is up to the end of each partition."""
    found: dict[TopicPartition, FetchedList] = {}
    async with reader(settings) as consumer:
        consumer.assign(list(seeks))
        for partition, offset in seeks.items():
            consumer.seek(partition, offset)
        while any([await consumer.position(at) < stop for at, stop in stops.items()]):
            for at, some in (await fetch(consumer, seeks, LOOK_SECONDS, MOST_RECORDS)).items():
                before = found.get(at, FetchedList(at, (), some.start, some.start))
                found[at] = FetchedList(at, [*before, *some], before.start, some.next)
    return [some for some in found.values() if some or some.topic in SOURCE_TOPICS]


async def output(settings: Settings, *, at_once: bool = False) -> dict[str, dict[str, Any]]:
    """Give what stands in sales.kpis, by key."""
    return await _current(settings, topics.KPIS, at_once=at_once)


async def _current(settings: Settings, topic: str, *, at_once: bool = False) -> dict[str, Any]:
    """Give what stands in a topic, by key."""
    current: dict[str, Any] = {}
    for some in (await all_records(settings, topic, at_once=at_once)).values():
        for record in some:
            key = (record.key or b"").decode()
            if record.value is None:
                current.pop(key, None)
            else:
                current[key] = orjson.loads(record.value)
    return current


async def values(settings: Settings) -> dict[str, int]:
    """Give the counts that stand in sales.kpis."""
    return {key: sent["value"] for key, sent in (await output(settings)).items()}


async def partials(settings: Settings) -> dict[str, int]:
    """Give the counts that stand in kpi.partials, by `shard|cell`."""
    current = await _current(settings, topics.PARTIALS)
    return {key: vectors["all"]["n"] for key, vectors in current.items()}


async def sizes(settings: Settings, *names: str) -> dict[str, int]:
    """Give how many committed records some topics hold: partials and output if none is named."""
    found = dict.fromkeys(names or (topics.PARTIALS, topics.KPIS), 0)
    for place, some in (await all_records(settings, *found)).items():
        found[place.topic] += len(some)
    return found


def later(settings: Settings, now: str) -> Settings:
    """Give the same installation at another time."""
    return replace(settings, now=instant(now, "NOW"))


async def shard_of_lead_1(settings: Settings, topic: str = "crm.lead") -> int:
    """The shard that has the only subject of a topic."""
    found = await all_records(settings, topic)
    held: list[int] = [place.partition for place, some in found.items() if some]
    assert len(held) == 1
    return held[0]


def rate_set(rate: str) -> dict[str, str]:
    """A reference record with a rate of the dollar."""
    return {
        "type": "rate.set",
        "id": "usd",
        "at": "2026-05-01T00:00:00Z",
        "currency": "USD",
        "date": "2026-05-01",
        "rate": rate,
    }
