"""What the newest records of the source topics say of senders: their clocks and partitioners."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.engine.calendars.calendar import milliseconds
from streams.events import SOURCE_TOPICS, Event
from streams.events.formats.kafka_records import decode_record
from streams.internal_topics.partitioner import partition_of
from streams.kafka.reader import POLL_MS, reader

# Of each partition: enough for every source that sends now and then, and a sender that was
# corrected is soon out of sight.
SAMPLED_OFFSETS = 200
# A partition that cannot be read is for other checks.
SAMPLING_SECONDS = 10.0
TOLERANCE_MS = 2_000
# What is dated later than that was planned; a wrong time zone is less than a day.
PLANNED_MS = 86_400_000
PARTITIONER_ADVICE = (
    "they count with their subjects all the same, each by way of one more topic; let their"
    " producers choose partitions as Java's does: librdkafka (confluent-kafka and others)"
    " partitioner=murmur2_random, kafka-go Murmur2Balancer, sarama NewCustomPartitioner with"
    " murmur2: docs/guide/producers.md"
)


async def newest_records(settings: Settings) -> list[ConsumerRecord]:
    """Read the newest committed records of each source partition, as many as come in time."""
    partitions = [TopicPartition(t, p) for t in SOURCE_TOPICS for p in range(settings.partitions)]
    found: list[ConsumerRecord] = []
    clock = asyncio.get_running_loop().time
    async with reader(settings, committed=True) as consumer:
        consumer.assign(partitions)
        first = await consumer.beginning_offsets(partitions)
        stops = await consumer.end_offsets(partitions)
        for partition, stop in stops.items():
            consumer.seek(partition, max(first[partition], stop - SAMPLED_OFFSETS))
        until, unread = clock() + SAMPLING_SECONDS, set(partitions)
        while unread and clock() < until:
            for partition in list(unread):
                if await consumer.position(partition) >= stops[partition]:
                    unread.discard(partition)
                    consumer.pause(partition)
            for partition, records in (
                (await consumer.getmany(timeout_ms=POLL_MS)).items() if unread else ()
            ):
                found += [record for record in records if record.offset < stops[partition]]
    return found


def sources_ahead(records: Iterable[ConsumerRecord], clock: int) -> dict[str, int]:
    """By source, how far its events are dated ahead, in ms; those within the tolerance not.

    An event without a source counts for its topic.
    """
    found: dict[str, int] = {}
    for record in records:
        event = decode_record(record.value, record.headers)
        if isinstance(event, Event):
            # The clock of a producer may be that of the source.
            ahead = milliseconds(event.at) - min(record.timestamp, clock)
            if TOLERANCE_MS < ahead < PLANNED_MS:
                source = event.source or record.topic
                found[source] = max(ahead, found.get(source, 0))
    return found


@dataclass
class Partitioning:
    """How many events of a sample are in another partition than their subject's, by topic."""

    events: int
    misplaced: Counter[str]

    def __str__(self) -> str:
        """Count in one line."""
        found = ", ".join(f"{count} of {topic}" for topic, count in sorted(self.misplaced.items()))
        return f"{found} among the newest {self.events}"


def partitioning(records: Iterable[ConsumerRecord], partitions: int) -> Partitioning:
    """Count the events among records of source topics that have so many partitions."""
    found = Partitioning(0, Counter())
    for record in records:
        event = decode_record(record.value, record.headers)
        if isinstance(event, Event) and record.key == event.subject.encode():
            found.events += 1
            if partition_of(record.key, partitions) != record.partition:
                found.misplaced[record.topic] += 1
    return found
