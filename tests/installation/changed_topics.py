"""Topics whose settings a test changes: the next installation makes them anew."""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.config.settings import Settings

# By Kafka's address and by name.
CHANGED: set[tuple[str, str]] = set()


async def change_topic(settings: Settings, topic: str, config: dict[str, str]) -> None:
    """Change settings of a topic."""
    CHANGED.add((settings.bootstrap, topic))
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, config)])
    finally:
        await admin.close()
