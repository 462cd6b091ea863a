"""A sample of the newest events: are they in the partitions of their subjects?"""

import asyncio
from collections import Counter
from dataclasses import dataclass

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.events import SOURCE_TOPICS, Event
from streams.events.formats.kafka_records import decode_record
from streams.internal_topics.partitioner import partition_of
from streams.kafka.reader import POLL_MS, Records, beginnings, ends, reader

# Of each partition; a producer that was corrected is soon out of sight.
SAMPLE_OFFSETS = 200
# A partition that cannot be read is for other checks.
SAMPLE_SECONDS = 10.0
ADVICE = (
    "they count with their subjects all the same, each by way of one more topic; let their"
    " producers choose partitions as Java's does: librdkafka (confluent-kafka and others)"
    " partitioner=murmur2_random, kafka-go Murmur2Balancer, sarama NewCustomPartitioner with"
    " murmur2: docs/guide/producers.md"
)


@dataclass
class Sample:
    """How many events of a sample are in another partition than their subject's, by topic."""

    events: int
    misplaced: Counter[str]

    def __str__(self) -> str:
        """Count in one line."""
        found = ", ".join(f"{count} of {topic}" for topic, count in sorted(self.misplaced.items()))
        return f"{found} among the newest {self.events}"


async def sample(settings: Settings, offsets: int = SAMPLE_OFFSETS) -> Sample:
    """Read the newest events of each source partition."""
    partitions = [TopicPartition(t, p) for t in SOURCE_TOPICS for p in range(settings.partitions)]
    first = await beginnings(settings, partitions)
    last = await ends(settings, partitions, committed=True)
    found = Sample(0, Counter())
    unread = {each for each in partitions if first[each] < last[each]}
    if not unread:
        return found
    async with reader(settings) as consumer:
        consumer.assign(list(unread))
        for each in unread:
            consumer.seek(each, max(first[each], last[each] - offsets))
        until = asyncio.get_running_loop().time() + SAMPLE_SECONDS
        while unread and asyncio.get_running_loop().time() < until:
            for partition, records in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                known = [each for each in records if each.offset < last[partition]]
                _count(settings, known, found)
            for each in list(unread):
                if await consumer.position(each) >= last[each]:
                    unread.discard(each)
                    consumer.pause(each)
    return found


def _count(settings: Settings, records: Records, found: Sample) -> None:
    for record in records:
        event = decode_record(record.value, record.headers)
        if isinstance(event, Event) and record.key == event.subject.encode():
            found.events += 1
            if partition_of(record.key, settings.partitions) != record.partition:
                found.misplaced[record.topic] += 1
