"""Partials written as aggregate tasks would, and reading until nothing is due."""

import asyncio

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.internal_topics.partials import encode
from streams.kafka import topics
from streams.kafka.record_batches import Record
from streams.kafka.transactional_producer import TransactionalProducer
from streams.tasks.merge.task import MergeTask
from tests.installation.counting import (
    counted,
)
from tests.installation.tasks import Hands

REPS, OTHERS = 0, 1  # the partitions of the reps' dimension group and of another one


async def publish_partials(settings: Settings, partials: dict[str, int], to: int = REPS) -> None:
    """Write partials as shards would; 0 is a tombstone."""
    writer = await TransactionalProducer(settings, "aggregate", 0).fence()
    await writer.begin()
    await writer.send(
        {
            TopicPartition(topics.PARTIALS, to): [
                (key.encode(), encode(counted(count) if count else {}))
                for key, count in partials.items()
            ]
        }
    )
    await writer.commit()
    await writer.close()


async def write_output(settings: Settings, *records: Record) -> None:
    """Write into the reps' output as an earlier owner would."""
    writer = await TransactionalProducer(settings, "merge", REPS).fence()
    await writer.begin()
    await writer.send({TopicPartition(topics.KPIS, REPS): records})
    await writer.commit()
    await writer.close()


async def read_until_idle(own: Hands, merger: MergeTask) -> None:
    await own.read(merger)
    await tick_while_due_before(merger, 60.0)


async def tick_while_due_before(merger: MergeTask, seconds: float) -> None:
    while merger.next_tick_in_s < seconds:
        await asyncio.sleep(max(0.0, merger.next_tick_in_s))
        await merger.tick()
