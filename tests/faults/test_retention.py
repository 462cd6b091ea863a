"""Events that Kafka deleted before any worker had read them are counted and named."""

import signal
from pathlib import Path

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from streams.config.settings import Settings
from streams.internal_topics.reroutes import shard_of
from tests.installation.installed import (
    event,
    eventually,
    produce,
    values,
)
from tests.worker.processes import worker_processes


async def test_worker_continues_after_a_gap_and_logs_its_size(
    settings: Settings, tmp_path: Path
) -> None:
    partition = TopicPartition("crm.lead", shard_of("lead-1", settings))

    async def are(count: int) -> bool:
        return await values(settings) == {"crm.lead": count}

    with worker_processes(settings, tmp_path) as workers:
        worker = workers.start()
        await produce(settings, [event(number, subject="lead-1") for number in range(100)])
        await eventually(lambda: are(100))
        worker.signal(signal.SIGTERM)
        assert await worker.ended() == 0
        await produce(settings, [event(100 + number, subject="lead-1") for number in range(60)])
        admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
        await admin.start()
        await admin.delete_records({partition: RecordsToDelete(140)})
        await admin.close()
        again = workers.start()
        await eventually(lambda: are(120))
        assert (
            f"gap: 40 offsets of crm.lead/{partition.partition} were not there" in again.log_text()
        )
