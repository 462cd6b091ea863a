"""Looking at all topics again and again."""

import gc

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.topic_monitor import TopicMonitor
from streams.kafka.transactional_producer import TransactionalProducer

LOOKS = 5


async def test_every_partition_is_looked_at(settings: Settings) -> None:
    looker = TopicMonitor(settings)
    try:
        found = await looker.check()
    finally:
        await looker.close()
    assert {place.topic for place in found} == {topic.name for topic in topics.wanted(settings)}
    assert len(found) == sum(topic.partitions for topic in topics.wanted(settings))


async def test_what_is_written_and_not_committed_yet_is_seen(settings: Settings) -> None:
    state = TopicPartition(topics.state(settings), 0)
    writer = await TransactionalProducer(settings, "aggregate", 0).fence()
    looker = TopicMonitor(settings)
    try:
        await looker.check()
        await writer.begin([state])
        await writer.send({state: [(b"key", b"value")]})
        assert (await looker.check())[state] == writer.positions[state]
        await writer.commit()
    finally:
        await looker.close()
        await writer.close()


async def test_looks_leave_no_garbage_in_cycles(settings: Settings) -> None:
    looker = TopicMonitor(settings)
    try:
        await looker.check()
        gc.collect()
        gc.disable()
        for _ in range(LOOKS):
            await looker.check()
        # A client that is thrown away leaves hundreds of objects.
        assert gc.collect() < 10 * LOOKS
    finally:
        gc.enable()
        await looker.close()


async def test_looker_comes_back_after_it_was_closed(settings: Settings) -> None:
    looker = TopicMonitor(settings)
    try:
        first = await looker.check()
        await looker.close()
        assert await looker.check() == first
    finally:
        await looker.close()
