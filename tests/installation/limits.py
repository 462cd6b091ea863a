"""The largest record that a topic accepts, set by a test."""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.config.settings import Settings
from streams.kafka.record_batches import CONFIG, RecordBatches
from tests.installation.installed import eventually


async def accept(settings: Settings, topic: str, size: int) -> None:
    """Let a topic accept records up to a size in bytes."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    try:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, {CONFIG: str(size)})
        await admin.alter_configs([resource])

        async def is_in_force() -> bool:
            batches = RecordBatches((), {}, print)
            await batches.read_limits(admin._client, [topic])
            return batches.limit_of(topic) == size

        await eventually(is_in_force)
    finally:
        await admin.close()
