"""What `doctor` reports about the workers' consumer group."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener

from streams.config.settings import Settings
from streams.kafka import topics
from streams.operations.doctor import check_group


async def test_group_without_workers_is_reported(settings: Settings) -> None:
    found = await check_group(settings)
    assert (found.verdict, found.what) == ("WRONG", f"no worker is in the group {settings.app}")


async def test_workers_that_wait_for_each_other_are_reported(settings: Settings) -> None:
    may_revoke = asyncio.Event()

    class SlowListener(ConsumerRebalanceListener):  # type: ignore[misc]  # ships no types
        """Holds a rebalance up."""

        async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
            if revoked:
                await may_revoke.wait()

        def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
            """Do nothing."""

    async with group_member(settings, SlowListener()) as first:
        while not first.assignment():
            await first.getmany(timeout_ms=100)
        alone = await check_group(settings)
        assert alone.verdict == "ok"
        assert alone.what == f"the group {settings.app} has 1 workers and an assignment"
        async with group_member(settings, SlowListener()):
            await asyncio.sleep(2.0)
            found = await check_group(settings, max_wait_s=2.0)
            may_revoke.set()
    assert found.verdict == "WRONG"
    assert f"the group {settings.app} of " in found.what
    assert " has been rebalancing for 2 s (PreparingRebalance)" in found.what


@contextlib.asynccontextmanager
async def group_member(
    settings: Settings, listener: ConsumerRebalanceListener
) -> AsyncIterator[AIOKafkaConsumer]:
    """Join the workers' group until this is left."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap,
        group_id=settings.app,
        heartbeat_interval_ms=200,
        rebalance_timeout_ms=20_000,
    )
    consumer.subscribe([topics.PARTIALS], listener=listener)
    starting = asyncio.create_task(consumer.start())
    try:
        await asyncio.wait({starting}, timeout=5.0)
        yield consumer
    finally:
        starting.cancel()
        await asyncio.wait({starting})
        await consumer.stop()
