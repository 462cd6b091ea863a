"""Fetched lists know the offsets that they cover: markers and aborted records have no record."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from streams.config.settings import Settings
from streams.kafka.fetched_list import FetchedList, fetch
from streams.kafka.reader import ends, reader
from tests.installation.installed import eventually, produce_bytes
from tests.worker.records import some

LEADS = TopicPartition("crm.lead", 0)


@asynccontextmanager
async def reading(settings: Settings, offset: int = 0) -> AsyncIterator[AIOKafkaConsumer]:
    """Yield a consumer of one partition."""
    async with reader(settings) as consumer:
        consumer.assign([LEADS])
        consumer.seek(LEADS, offset)
        yield consumer


async def write(producer: AIOKafkaProducer, count: int) -> None:
    for number in range(count):
        await producer.send_and_wait(LEADS.topic, b"%d" % number, partition=LEADS.partition)


async def until_ended_at(settings: Settings, offset: int) -> None:
    """Wait until the markers before an offset are there."""

    async def is_there() -> bool:
        return (await ends(settings, [LEADS], committed=True))[LEADS] == offset

    await eventually(is_there)


async def lists_to(consumer: AIOKafkaConsumer, end: int) -> list[FetchedList]:
    """Fetch up to an offset, two records at a time."""
    found: list[FetchedList] = []
    async with asyncio.timeout(20):
        while not found or found[-1].next < end:
            found += (await fetch(consumer, [LEADS], 0.5, 2)).values()
    return found


def writer(settings: Settings) -> AIOKafkaProducer:
    return AIOKafkaProducer(bootstrap_servers=settings.bootstrap, transactional_id=settings.app)


@pytest.mark.parametrize("is_committed", [True, False])
async def test_transaction_is_covered_with_its_marker(
    settings: Settings, is_committed: bool
) -> None:
    async with writer(settings) as producer, reading(settings) as consumer:
        await producer.begin_transaction()
        await write(producer, 5)
        await (producer.commit_transaction() if is_committed else producer.abort_transaction())
        found = await lists_to(consumer, 6)
    assert sum(map(len, found)) == (5 if is_committed else 0)
    assert (found[0].start, found[-1].next) == (0, 6)


async def test_each_list_begins_where_the_one_before_ended(settings: Settings) -> None:
    async with writer(settings) as producer, reading(settings) as consumer:
        for number in range(10):
            await producer.begin_transaction()
            await write(producer, 3)
            await (producer.abort_transaction() if number % 3 else producer.commit_transaction())
            await produce_bytes(settings, LEADS.topic, b"x")
        found = await lists_to(consumer, 50)
    assert [each.start for each in found] == [0, *(each.next for each in found[:-1])]
    # Four of the ten are committed.
    assert sum(map(len, found)) == 4 * 3 + 10


async def test_nothing_is_read_past_an_open_transaction(settings: Settings) -> None:
    async with writer(settings) as producer, reading(settings) as consumer:
        await produce_bytes(settings, LEADS.topic, b"x")
        await producer.begin_transaction()
        await write(producer, 1)
        await produce_bytes(settings, LEADS.topic, b"x")
        (first,) = await lists_to(consumer, 1)
        assert (len(first), first.next) == (1, 1)
        assert await fetch(consumer, [LEADS], 0.5, 2) == {}
        assert consumer.last_stable_offset(LEADS) == 1
        assert consumer.highwater(LEADS) == 3
        await producer.commit_transaction()
        assert [record.offset for each in await lists_to(consumer, 4) for record in each] == [1, 2]


async def test_deleted_offsets_are_covered_by_no_list(settings: Settings) -> None:
    for _ in range(6):
        await produce_bytes(settings, LEADS.topic, b"x")
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    await admin.delete_records({LEADS: RecordsToDelete(4)})
    await admin.close()
    async with reading(settings) as consumer:
        found = await lists_to(consumer, 6)
    assert (found[0].start, found[-1].next) == (4, 6)


async def test_list_dropped_by_a_seek_covers_nothing(settings: Settings) -> None:
    for _ in range(6):
        await produce_bytes(settings, LEADS.topic, b"x")
    async with reading(settings) as consumer:
        assert (await lists_to(consumer, 2))[-1].next == 2
        consumer.seek(LEADS, 5)
        found = await lists_to(consumer, 6)
    assert (found[0].start, found[-1].next) == (5, 6)


def test_list_is_divided_between_two_records() -> None:
    whole = FetchedList(LEADS, [*some(2, 10), *some(2, 15)], 8, 20)
    first, second = whole.split(2)
    assert ([r.offset for r in first], first.start, first.next) == ([10, 11], 8, 15)
    assert ([r.offset for r in second], second.start, second.next) == ([15, 16], 15, 20)


def test_what_is_before_an_offset_is_dropped() -> None:
    whole = FetchedList(LEADS, some(4, 10), 8, 20)
    assert whole.since(8) is whole
    later = whole.since(12)
    assert ([r.offset for r in later], later.start, later.next) == ([12, 13], 12, 20)
    none = whole.since(30)
    assert ([*none], none.start, none.next) == ([], 30, 30)
