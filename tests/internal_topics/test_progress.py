"""Knowing that everything is published: never too early, and in the end."""

import asyncio

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.events import REFERENCE_TOPICS, SOURCE_TOPICS
from streams.internal_topics.progress import (
    SettlementCheck,
    await_settled,
    behind,
)
from streams.kafka import topics
from streams.kafka.topics import MERGE_PARTITIONS
from streams.tasks.aggregate.task import AggregateTask
from streams.tasks.merge.task import MergeTask
from tests.installation.installed import (
    event,
    eventually,
    output,
    produce,
)
from tests.installation.tasks import Hands, hands

REFERENCES = [TopicPartition(topic, 0) for topic in REFERENCE_TOPICS]


async def test_fresh_owners_with_nothing_to_do_are_settled(settings: Settings) -> None:
    assert not (await behind(settings)).is_settled
    async with hands(settings) as own:
        await own.read_all()
        assert (await behind(settings)).is_settled


async def test_unread_events_are_counted_by_partition(settings: Settings) -> None:
    async with hands(settings) as own:
        await own.read_all()
        await produce(settings, [event(number) for number in range(100)])
        found = await behind(settings)
    assert set(found.events) == {"crm.lead/0", "crm.lead/1"}
    assert sum(found.events.values()) == 100


async def test_folded_but_unpublished_is_not_settled(settings: Settings) -> None:
    async with hands(settings) as own:
        await own.read_all()
        await produce(settings, [event(number) for number in range(100)])
        for number in range(settings.partitions):
            await _until_reported(await own.shard(number), own)
        found = await behind(settings)
        assert found.events == {}
        assert len(found.partials) == 1
        for number in range(MERGE_PARTITIONS):
            await own.board(number)
        assert (await behind(settings)).is_settled


async def test_next_owner_answers_for_what_the_one_before_wrote(settings: Settings) -> None:
    async with hands(settings) as own:
        await own.read_all()
        await produce(settings, [event(number) for number in range(100)])
        for number in range(settings.partitions):
            await own.read(await own.shard(number))
    async with hands(settings) as own:
        for number in range(settings.partitions):
            await own.shard(number)
    assert len((await behind(settings)).partials) == 1


async def test_reference_record_must_have_been_applied_by_all(settings: Settings) -> None:
    async with hands(settings) as own:
        await own.read_all()
        at = "2026-05-01T00:00:00Z"
        await produce(settings, [{"type": "rep.set", "id": "1", "at": at, "rep": "ann"}])
        found = await behind(settings)
    assert found.reference == (
        *(f"aggregate/{number}" for number in range(settings.partitions)),
        *(f"merge/{number}" for number in range(MERGE_PARTITIONS)),
    )


async def test_whoever_waits_finds_everything_produced_before(settings: Settings) -> None:
    async with hands(settings) as own:
        shards = [await own.shard(number) for number in range(settings.partitions)]
        boards = [await own.board(number) for number in range(MERGE_PARTITIONS)]
        working = asyncio.create_task(_work_on(own, [*shards, *boards]))
        try:
            for number in range(1, 4):
                first = 100 * number
                await produce(settings, [event(first + n, "call.ended") for n in range(100)])
                assert (await await_settled(settings, 60)).is_settled
                found = await output(settings, at_once=True)
                assert found["crm.call"]["value"] == 100 * number
        finally:
            # Whoever still works cannot be closed.
            working.cancel()
            await asyncio.wait([working])


def test_what_comes_later_is_not_waited_for() -> None:
    settings = Settings(partitions=1)
    crm = dict.fromkeys((TopicPartition(topic, 0) for topic in SOURCE_TOPICS), 3)
    awaited = SettlementCheck(settings, crm | dict.fromkeys(REFERENCES, 0))

    def is_settled(read: int, written: int, published: int) -> bool:
        boards = {f"merge/{number}": {"partials": published} for number in range(MERGE_PARTITIONS)}
        source = {**dict.fromkeys(SOURCE_TOPICS, read), topics.reroutes(settings): 0}
        shard = {"source": source, "partials": {"0": written}}
        return awaited.behind({"aggregate/0": shard, **boards}).is_settled

    assert not is_settled(read=2, written=7, published=8)
    assert not is_settled(read=3, written=9, published=8)
    assert not is_settled(read=30, written=99, published=9)
    assert is_settled(read=40, written=120, published=10)


async def test_waiting_too_long_ends_with_what_is_missing(settings: Settings) -> None:
    await produce(settings, [event(1)])
    found = await await_settled(settings, 0.2)
    assert not found.is_settled
    assert sum(found.events.values()) == 1


async def _until_reported(shard: AggregateTask, own: Hands) -> None:
    await own.read(shard)

    async def is_reported() -> bool:
        await shard.tick()
        missing = await behind(own.settings)
        return not any(place.endswith(f"/{shard.number}") for place in missing.events)

    await eventually(is_reported)


async def _work_on(own: Hands, owners: list[AggregateTask | MergeTask]) -> None:
    while True:
        for owner in owners:
            await own.read(owner)
