"""A record that is larger than its topic accepts is set aside, and the others are written."""

import pytest
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.transactional_producer import TransactionalProducer
from tests.installation.installed import records
from tests.installation.limits import accept

KPIS = TopicPartition(topics.KPIS, 0)
MEGABYTE = 1_000_000


async def test_records_around_one_that_is_too_large_are_committed(settings: Settings) -> None:
    await accept(settings, topics.KPIS, 20_000)
    aside: list[str] = []
    owner = await TransactionalProducer(settings, "merge", 0, aside.append).fence()
    small = [(b"%d" % number, bytes(1_000)) for number in range(100)]
    await owner.begin()
    last = await owner.send({KPIS: [*small[:50], (b"large", bytes(20_000)), *small[50:]]})
    await owner.commit()
    # 61 bytes of the batch, and 16 of the record: lengths, attributes, deltas, its key.
    assert owner.batches.described() == ["sales.kpis: large (20077 bytes)"]
    await owner.close()
    assert last == {KPIS: 99}
    assert aside == [topics.KPIS]
    found = [(record.key, record.value) for record in await records(settings, topics.KPIS)]
    assert found == small


async def test_largest_record_that_is_accepted_is_written(settings: Settings) -> None:
    await accept(settings, topics.KPIS, 20_077)
    owner = await TransactionalProducer(settings, "merge", 0).fence()
    await owner.begin()
    await owner.send({KPIS: [(b"large", bytes(20_000))]})
    await owner.commit()
    await owner.close()
    assert len(await records(settings, topics.KPIS)) == 1


async def test_record_that_fits_again_is_written_and_no_longer_named(settings: Settings) -> None:
    await accept(settings, topics.KPIS, 20_000)
    owner = await TransactionalProducer(settings, "merge", 0).fence()
    await owner.begin()
    assert await owner.send({KPIS: [(b"k", bytes(30_000)), (b"other", bytes(30_000))]}) == {}
    await owner.send({KPIS: [(b"k", b"1")]})
    await owner.commit()
    assert [text.partition(" (")[0] for text in owner.batches.described()] == ["sales.kpis: other"]
    await owner.close()
    assert [record.key for record in await records(settings, topics.KPIS)] == [b"k"]


async def test_state_may_lack_no_record(settings: Settings) -> None:
    state = TopicPartition(topics.state(settings), 0)
    await accept(settings, state.topic, 20_000)
    owner = await TransactionalProducer(settings, "aggregate", 0).fence()
    await owner.begin()
    with pytest.raises(Fatal, match=r"it has to be written: raise max.message.bytes of counting-"):
        await owner.send({state: [(b"r1", bytes(20_000))]})
    await owner.close()


async def test_topics_of_the_product_accept_more_than_kafka_does_by_default(
    settings: Settings,
) -> None:
    owner = await TransactionalProducer(settings, "aggregate", 0).fence()
    partials = TopicPartition(topics.PARTIALS, 0)
    await owner.begin()
    await owner.send({partials: [(b"0|cell", bytes(10 * MEGABYTE))]})
    await owner.commit()
    assert owner.batches.described() == []
    await owner.close()
    (found,) = await records(settings, topics.PARTIALS)
    assert len(found.value) == 10 * MEGABYTE
