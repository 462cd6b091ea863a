"""The largest record that a topic accepts, set by a test."""

from aiokafka.client import AIOKafkaClient

from streams.config.settings import Settings
from streams.kafka.record_batches import CONFIG, RecordBatches
from tests.installation.changed_topics import change_topic
from tests.installation.installed import eventually


async def accept(settings: Settings, topic: str, size: int) -> None:
    """Let a topic accept records up to a size in bytes."""
    await change_topic(settings, topic, {CONFIG: str(size)})
    client = AIOKafkaClient(bootstrap_servers=settings.bootstrap)
    await client.bootstrap()
    try:

        async def is_in_force() -> bool:
            batches = RecordBatches((), {}, print)
            await batches.read_limits(client, [topic])
            return batches.limit_of(topic) == size

        await eventually(is_in_force)
    finally:
        await client.close()
