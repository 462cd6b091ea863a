"""Transactions that nobody will end: readers of what is committed wait before them for good."""

import asyncio
from dataclasses import dataclass

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.reader import ends, reader

# What a dead worker left Kafka ends by itself, within its transaction's time and ten seconds.
OLD_SECONDS = 60.0
# A Kafka that was away itself needs this long at most for what was open when it went.
AGAIN_SECONDS = 30.0
PEEK_MS = 2_000


@dataclass(frozen=True, slots=True)
class HangingTransaction:
    """Nothing from `offset` on can be read; the record that is there was written `at`, in ms."""

    partition: TopicPartition
    offset: int
    at: int


async def hanging_transactions(
    settings: Settings, again_s: float = AGAIN_SECONDS
) -> list[HangingTransaction]:
    """Give the partitions in which committed records end before an old, open transaction.

    If there are any, looks again after `again_s` seconds: only what still stands is given.
    """
    found = await _old(settings)
    if not found:
        return []
    await asyncio.sleep(again_s)
    still = set(await _old(settings))
    return [one for one in found if one in still]


async def _old(settings: Settings) -> list[HangingTransaction]:
    places = [
        TopicPartition(topic.name, number)
        for topic in topics.wanted(settings)
        for number in range(topic.partitions)
    ]
    # In this order: what is committed meanwhile is not taken for open.
    written = await ends(settings, places)
    readable = await ends(settings, places, committed=True)
    held = {place: readable[place] for place in places if readable[place] < written[place]}
    if not held:
        return []
    too_old = Settings().clock() - OLD_SECONDS * 1_000
    return [one for one in await _first_records(settings, held) if one.at < too_old]


async def _first_records(
    settings: Settings, held: dict[TopicPartition, int]
) -> list[HangingTransaction]:
    """Look at the first record behind each offset, committed or not."""
    found = []
    async with reader(settings, committed=False) as consumer:
        for place, offset in held.items():
            consumer.assign([place])
            consumer.seek(place, offset)
            records = (await consumer.getmany(timeout_ms=PEEK_MS, max_records=1)).get(place)
            if records:
                found.append(HangingTransaction(place, offset, records[0].timestamp))
    return found
