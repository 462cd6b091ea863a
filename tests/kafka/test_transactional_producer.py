"""Fenced transactions: all or nothing, and only from the last owner."""

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.errors import Fatal, Fenced
from streams.kafka.transactional_producer import TransactionalProducer
from tests.installation.installed import eventually, records


async def test_nothing_is_visible_before_the_commit_and_then_all_at_once(
    settings: Settings,
) -> None:
    owner = await TransactionalProducer(settings, "aggregate", 0).fence()
    await owner.begin()
    await owner.send({_state(settings): [(b"a", b"1"), (b"b", None)]})
    assert await records(settings, topics.state(settings), at_once=True) == []
    await owner.commit()
    await owner.close()
    found = await records(settings, topics.state(settings))
    assert [(r.key, r.value) for r in found] == [(b"a", b"1"), (b"b", None)]


async def test_offset_of_the_last_record_is_returned_for_each_partition(settings: Settings) -> None:
    owner = await TransactionalProducer(settings, "aggregate", 0).fence()
    partials = TopicPartition(topics.PARTIALS, 3)
    await owner.begin()
    pairs = [(b"%d" % number, bytes(2_000)) for number in range(1_000)]
    last = await owner.send({_state(settings): pairs, partials: [(b"x", b"y")]})
    assert last == {_state(settings): 999, partials: 0}
    await owner.commit()
    await owner.close()
    assert len(await records(settings, topics.state(settings))) == 1_000


async def test_fencing_ends_the_open_transaction_of_the_owner_before(settings: Settings) -> None:
    zombie = await TransactionalProducer(settings, "aggregate", 0).fence()
    await zombie.begin()
    await zombie.send({_state(settings): [(b"a", b"1")]})
    owner = await TransactionalProducer(settings, "aggregate", 0).fence()
    with pytest.raises(Fenced, match="aggregate-0: another worker has taken over"):
        await zombie.commit()
    await zombie.close()
    await owner.close()
    assert await records(settings, topics.state(settings)) == []


async def test_partitions_and_stages_do_not_fence_each_other(settings: Settings) -> None:
    owners = [
        await TransactionalProducer(settings, stage, number).fence()
        for stage in ("aggregate", "merge")
        for number in (0, 1)
    ]
    for owner in owners:
        await owner.begin()
        await owner.send({_state(settings): [(owner.name.encode(), b"")]})
        await owner.commit()
        await owner.close()
    assert len(await records(settings, topics.state(settings))) == 4


async def test_fence_that_is_noticed_between_two_calls_is_reported_as_such(
    settings: Settings,
) -> None:
    zombie = await TransactionalProducer(settings, "aggregate", 0).fence()
    owner = await TransactionalProducer(settings, "aggregate", 0).fence()
    await zombie.begin([_state(settings)])

    async def is_refused() -> bool:
        assert zombie._producer is not None
        return bool(zombie._producer._txn_manager.is_fatal_error())

    await eventually(is_refused)
    with pytest.raises(Fenced):
        await zombie.send({_state(settings): [(b"a", b"1")]})
    await zombie.close()
    await owner.close()


async def test_producer_that_was_never_fenced_cannot_begin(settings: Settings) -> None:
    with pytest.raises(Fatal, match="is closed or was never fenced"):
        await TransactionalProducer(settings, "aggregate", 0).begin()


async def test_batch_that_fails_before_it_is_sent_again_logs_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    producer = await TransactionalProducer(settings, "aggregate", 0).fence()
    try:
        await producer.begin()
        assert producer._producer is not None
        accumulator = producer._producer._message_accumulator
        sent = await accumulator.add_message(_state(settings), b"k", b"v", 1)
        batch = accumulator._pop_batch(_state(settings))
        accumulator.reenqueue(batch)
        batch.failure(KafkaError("no Kafka"))
        with pytest.raises(KafkaError, match="no Kafka"):
            await sent
    finally:
        await producer.close()
    assert [record for record in caplog.records if record.name == "asyncio"] == []


def _state(settings: Settings) -> TopicPartition:
    return TopicPartition(topics.state(settings), 0)
