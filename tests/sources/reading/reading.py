"""Requests of records are read for tests, from a fake CRM, with a real Kafka."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aiokafka import AIOKafkaProducer
from prometheus_client import CollectorRegistry

from streams.config.settings import Settings
from streams.internal_topics import reads
from streams.internal_topics.inbox import InboxKeys, decode
from streams.internal_topics.reads import ReadKey, ReadRequest
from streams.kafka import topics
from streams.operations.sources.reading.service import read_records
from streams.process.cancellation import ended
from streams.sources.loading import sources
from tests.installation.installed import all_records, records
from tests.sources.fake_crm import FakeCrm, mapping

TOKENS = {"crm": "t0ken"}


async def ask(
    settings: Settings, ids: Iterable[str], kind: str = "deal", source: str = "crm"
) -> None:
    """Write requests as the translation does."""
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap) as producer:
        for number, each in enumerate(ids):
            key, value = reads.write(ReadRequest(ReadKey(source, "", kind, each), number))
            await producer.send_and_wait(topics.reads(settings), value, key, partition=0)


def short_pauses(tries: int, asked_ms: int | None) -> int:
    return 10 * tries if asked_ms is None else asked_ms


@asynccontextmanager
async def reading(
    settings: Settings,
    folder: Path,
    crm: FakeCrm,
    rate: int = 1000,
    tokens: Mapping[str, str] = MappingProxyType(TOKENS),
) -> AsyncIterator[CollectorRegistry]:
    """Read what waits meanwhile."""
    registry = CollectorRegistry()
    found = sources(mapping(folder, crm, rate))
    used = replace(settings, api_tokens=tokens)
    task = asyncio.create_task(read_records(used, found, registry, short_pauses))
    try:
        yield registry
    finally:
        await ended(task)


async def delivered(settings: Settings) -> list[dict[str, Any]]:
    """Give the bodies of the inbox's deliveries."""
    found = []
    for some in (await all_records(settings, topics.INBOX)).values():
        for record in some:
            received = decode(record.value, record.headers, InboxKeys(settings.inbox_key))
            assert received.delivery.source == "crm"
            found.append(json.loads(received.delivery.body))
    return found


def are_delivered(settings: Settings, *ids: str) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return {each["id"] for each in await delivered(settings)} >= {*ids}

    return holds


def is_answered(settings: Settings, count: int) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        written = await records(settings, topics.reads(settings))
        return len({each.key for each in written if each.value is None}) == count

    return holds


def are_waiting(registry: CollectorRegistry, count: int) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        labels = {"source": "crm"}
        return registry.get_sample_value("sales_kpis_record_reads_waiting", labels) == count

    return holds


async def letters(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(each.value) for each in await records(settings, topics.DEAD_LETTERS)]
