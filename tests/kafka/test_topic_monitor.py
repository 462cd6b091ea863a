"""Repeated checks of all topics."""

import gc

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.topic_monitor import TopicMonitor
from streams.kafka.transactional_producer import TransactionalProducer

CHECKS = 5


async def test_every_partition_is_checked(settings: Settings) -> None:
    monitor = TopicMonitor(settings)
    try:
        found = await monitor.check()
    finally:
        await monitor.close()
    assert {partition.topic for partition in found} == {
        topic.name for topic in topics.wanted(settings)
    }
    assert len(found) == sum(topic.partitions for topic in topics.wanted(settings))


async def test_records_that_are_not_committed_yet_count(settings: Settings) -> None:
    state = TopicPartition(topics.state(settings), 0)
    writer = await TransactionalProducer(settings, "aggregate", 0).fence()
    monitor = TopicMonitor(settings)
    try:
        await monitor.check()
        await writer.begin([state])
        await writer.send({state: [(b"key", b"value")]})
        assert (await monitor.check())[state] == writer.positions[state]
        await writer.commit()
    finally:
        await monitor.close()
        await writer.close()


async def test_checks_leave_no_garbage_in_cycles(settings: Settings) -> None:
    monitor = TopicMonitor(settings)
    try:
        await monitor.check()
        gc.collect()
        gc.disable()
        for _ in range(CHECKS):
            await monitor.check()
        # A client that is thrown away leaves hundreds of objects.
        assert gc.collect() < 10 * CHECKS
    finally:
        gc.enable()
        await monitor.close()


async def test_monitor_connects_again_after_it_was_closed(settings: Settings) -> None:
    monitor = TopicMonitor(settings)
    try:
        first = await monitor.check()
        await monitor.close()
        assert await monitor.check() == first
    finally:
        await monitor.close()
