"""The check that a Kafka of somebody's has no events yet."""

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.demo.service import StartError
from streams.events import SOURCE_TOPICS
from streams.kafka.reader import beginnings, ends
from streams.operations.sources.backlog import PARTITIONS as INBOX


async def require_unused(settings: Settings) -> None:
    """Raise StartError if there are events already: the demo's must not be mixed with them."""
    partitions = [
        TopicPartition(topic, number)
        for topic in SOURCE_TOPICS
        for number in range(settings.partitions)
    ] + INBOX
    first = await beginnings(settings, partitions)
    last = await ends(settings, partitions)
    used = sorted({p.topic for p in partitions if last[p] > first[p]})
    if used:
        raise StartError(
            f"{settings.bootstrap} has events in {', '.join(used)}, and the demo would mix its"
            " invented ones with them: give it an empty Kafka, or omit --bootstrap"
        )
