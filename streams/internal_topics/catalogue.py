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
    current = await _current(settings)
    return [
        *((key.encode(), value) for key, value in wanted.items() if current.get(key) != value),
        *((key.encode(), None) for key in current if key not in wanted),
    ]


async def other_names(settings: Settings, own: Mapping[str, bytes]) -> list[str]:
    """The names whose records differ from one's own; none where nothing is published yet."""
    current = await _current(settings)
    names = sorted({*current, *own}) if current else []
    return [name for name in names if current.get(name) != own.get(name)]


async def _current(settings: Settings) -> dict[str, bytes]:
    current: dict[str, bytes] = {}
    async for _, records in read_to(settings, await ends(settings, [PARTITION])):
        for record in records:
            key = (record.key or b"").decode()
            if record.value is None:
                current.pop(key, None)
            else:
                current[key] = record.value
    return current
