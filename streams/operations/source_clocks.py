"""Sources whose clocks run ahead: their events are dated later than they came."""

import asyncio
from collections.abc import Collection, Iterable

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.engine.calendars.calendar import milliseconds
from streams.events import SOURCE_TOPICS, Event
from streams.events.formats.kafka_records import decode_record
from streams.kafka.reader import POLL_MS, reader

# Of each partition: enough for every source that sends now and then.
SAMPLED_RECORDS = 200
SAMPLING_SECONDS = 10.0
TOLERANCE_MS = 2_000
# What is dated later than that was planned; a wrong time zone is less than a day.
PLANNED_MS = 86_400_000


async def sources_ahead(settings: Settings) -> dict[str, int]:
    """By source, how far its newest events are dated ahead, in ms; those within the tolerance not.

    An event without a source counts for its topic. The latest records of each partition are read.
    """
    partitions = [
        TopicPartition(topic, number)
        for topic in SOURCE_TOPICS
        for number in range(settings.partitions)
    ]
    found: dict[str, int] = {}
    async with reader(settings, committed=True) as consumer:
        for record in await _latest_records(consumer, partitions):
            event = decode_record(record.value, record.headers)
            if isinstance(event, Event):
                # The clock of a producer may be that of the source.
                came = min(record.timestamp, settings.clock())
                ahead = milliseconds(event.at) - came
                if TOLERANCE_MS < ahead < PLANNED_MS:
                    source = event.source or record.topic
                    found[source] = max(ahead, found.get(source, 0))
    return found


async def _latest_records(
    consumer: AIOKafkaConsumer, partitions: Collection[TopicPartition]
) -> Iterable[ConsumerRecord]:
    consumer.assign(list(partitions))
    first = await consumer.beginning_offsets(list(partitions))
    stops = await consumer.end_offsets(list(partitions))
    for partition, stop in stops.items():
        consumer.seek(partition, max(first[partition], stop - SAMPLED_RECORDS))
    found: list[ConsumerRecord] = []
    until = asyncio.get_running_loop().time() + SAMPLING_SECONDS
    unread = set(partitions)
    while unread and asyncio.get_running_loop().time() < until:
        for partition in list(unread):
            if await consumer.position(partition) >= stops[partition]:
                unread.discard(partition)
                consumer.pause(partition)
        for records in (await consumer.getmany(timeout_ms=POLL_MS)).values() if unread else ():
            found += records
    return found
