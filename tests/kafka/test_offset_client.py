"""The client that answers many questions about where partitions begin and end."""

import asyncio

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.kafka.reader import OffsetClient, beginnings, ends
from streams.kafka.topics import all_partitions
from tests.installation.installed import event, produce, transaction

LEADS = TopicPartition("crm.lead", 0)


async def test_answers_many_tasks_at_once_as_a_client_for_each_would(settings: Settings) -> None:
    await produce(settings, [event(number) for number in range(20)])
    places = all_partitions(settings)
    offsets = OffsetClient(settings)
    try:
        found = await asyncio.gather(*(offsets.ends([place]) for place in places))
        firsts = await asyncio.gather(*(offsets.beginnings([place]) for place in places))
    finally:
        await offsets.close()
    assert {at: end for each in found for at, end in each.items()} == await ends(settings, places)
    assert {at: first for each in firsts for at, first in each.items()} == await beginnings(
        settings, places
    )


async def test_committed_records_end_where_a_transaction_is_open(settings: Settings) -> None:
    offsets = OffsetClient(settings)
    try:
        async with transaction(settings, "open") as producer:
            await producer.send_and_wait(LEADS.topic, b"{}", partition=LEADS.partition)
            assert await offsets.ends([LEADS]) == {LEADS: 1}
            assert await offsets.ends([LEADS], committed=True) == {LEADS: 0}
    finally:
        await offsets.close()


async def test_nothing_asked_is_nothing_answered() -> None:
    offsets = OffsetClient(Settings(bootstrap="127.0.0.1:9"))
    assert await offsets.ends([]) == await offsets.beginnings([]) == {}
    await offsets.close()
