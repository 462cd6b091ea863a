"""Topic `sales.catalogue`: a record per KPI, and one of the settings.

The merge task of one partition writes it, so that there is one writer, and a fenced one.
"""

from collections.abc import Mapping

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.events.key_value import KeyValue
from streams.kafka import topics
from streams.kafka.reader import ends, read_to

PARTITION = TopicPartition(topics.CATALOGUE, 0)
# The merge task of this partition writes the topic.
WRITER_PARTITION = 0


async def differences(settings: Settings, wanted: Mapping[str, bytes]) -> list[KeyValue]:
    """The records that turn the topic's content into `wanted`, tombstones included.

    The earlier writer must have been fenced before.
    """
    current: dict[str, bytes | None] = {}
    async for _, records in read_to(settings, await ends(settings, [PARTITION])):
        for record in records:
            current[(record.key or b"").decode()] = record.value
    gone = [key for key, value in current.items() if value is not None and key not in wanted]
    return [
        *((key.encode(), value) for key, value in wanted.items() if current.get(key) != value),
        *((key.encode(), None) for key in gone),
    ]
