"""Transactions left open for good: read_committed readers never get past them."""

import asyncio
from dataclasses import dataclass

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.kafka.reader import ends, reader
from streams.kafka.topics import all_partitions

# Kafka itself ends a dead worker's transaction, within its timeout and ten seconds.
OLD_SECONDS = 60.0
# A Kafka that was down itself needs this long at most for transactions that were open then.
RECHECK_SECONDS = 30.0
FIRST_RECORD_MS = 2_000


@dataclass(frozen=True, slots=True)
class HangingTransaction:
    """Nothing from `offset` on can be read; the record there was written `at`, in ms."""

    partition: TopicPartition
    offset: int
    at: int


async def hanging_transactions(
    settings: Settings, recheck_s: float = RECHECK_SECONDS
) -> list[HangingTransaction]:
    """Return the partitions whose committed records end before an old, open transaction.

    If there are any, checks again after `recheck_s` seconds and returns those still open.
    """
    found = await _old(settings)
    if not found:
        return []
    await asyncio.sleep(recheck_s)
    still_open = set(await _old(settings))
    return [transaction for transaction in found if transaction in still_open]


async def _old(settings: Settings) -> list[HangingTransaction]:
    partitions = all_partitions(settings)
    # In this order, so that a commit in between is not mistaken for an open transaction.
    written = await ends(settings, partitions)
    readable = await ends(settings, partitions, committed=True)
    open_from = {p: readable[p] for p in partitions if readable[p] < written[p]}
    if not open_from:
        return []
    too_old = Settings().clock() - OLD_SECONDS * 1_000
    return [found for found in await _first_records(settings, open_from) if found.at < too_old]


async def _first_records(
    settings: Settings, offsets: dict[TopicPartition, int]
) -> list[HangingTransaction]:
    """Read the first record from each offset on, committed or not."""
    found = []
    async with reader(settings, committed=False) as consumer:
        for partition, offset in offsets.items():
            consumer.assign([partition])
            consumer.seek(partition, offset)
            polled = await consumer.getmany(timeout_ms=FIRST_RECORD_MS, max_records=1)
            if records := polled.get(partition):
                found.append(HangingTransaction(partition, offset, records[0].timestamp))
    return found
