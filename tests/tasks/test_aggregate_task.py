"""Stage 1: what a transaction holds, and what a new owner makes of it."""

import asyncio
from dataclasses import replace

import orjson
import pytest
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.internal_topics.progress import SourceOffsets, behind
from streams.kafka import topics
from streams.kafka.errors import Fenced
from streams.kafka.transactional_producer import TransactionalProducer
from streams.tasks.aggregate.task import AggregateTask
from streams.tasks.load_control import Load
from streams.wiring.core import build_core
from tests.installation.counting import Counting
from tests.installation.installed import (
    all_records,
    event,
    eventually,
    later,
    partials,
    produce,
    rate_set,
    records,
    shard_of_lead_1,
    sizes,
)
from tests.installation.tasks import Hands, hands


async def test_target_offsets_come_first_and_source_offsets_last(settings: Settings) -> None:
    await produce(settings, [event(number) for number in range(40)])
    async with hands(settings) as own:
        shard = await own.shard()
        before = len(await records(settings, topics.state(settings)))
        await own.read(shard)
    written = [r.key[:1] for r in (await records(settings, topics.state(settings)))[before:]]
    assert written[0] == b"g"
    assert written[-1] == b"p"
    assert set(written[1:-1]) == {b"r"}


async def test_every_cell_is_published_as_a_whole(settings: Settings) -> None:
    first, more = [[event(n) for n in numbers] for numbers in (range(300), range(300, 400))]
    async with hands(settings) as own:
        await produce(settings, first)
        shards = [await own.shard(number) for number in range(settings.partitions)]
        for shard in shards:
            await own.read(shard)
        await produce(settings, more)
        for shard in shards:
            await own.read(shard)
    assert sum((await partials(settings)).values()) == 400


async def test_new_owner_with_nothing_to_do_publishes_nothing(settings: Settings) -> None:
    await produce(settings, [event(number, "call.ended") for number in range(200)])
    async with hands(settings) as own:
        await own.read_all()
        before = await sizes(settings)
        await own.read_all()
        await own.read_all()
        assert await sizes(settings) == before


async def test_new_version_publishes_its_whole_history(settings: Settings) -> None:
    await produce(settings, [event(number, "call.ended") for number in range(100)])
    async with hands(settings) as own:
        await own.read_all(Counting(weight=1))
        old = await partials(settings)
        await own.read_all(Counting(weight=10))
    assert await partials(settings) == {cell: 10 * count for cell, count in old.items()}


async def test_cells_a_new_version_lacks_get_tombstones(settings: Settings) -> None:
    await produce(settings, [event(number) for number in range(100)])
    async with hands(settings) as own:
        await own.read_all(Counting(weight=1))
        assert await partials(settings)
        await own.read_all(Counting(weight=0))
    assert await partials(settings) == {}


async def test_former_owner_cannot_commit(settings: Settings) -> None:
    async with hands(settings) as own:
        zombie = await own.shard()
        await produce(settings, [event(number) for number in range(50)])
        fetched = await own.fetched(zombie)
        await own.shard()
        with pytest.raises(Fenced, match="another worker has taken over"):
            await zombie.process(fetched)
    assert await partials(settings) == {}


async def test_idle_owner_learns_that_it_is_fenced(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.progress_reporter.HEARTBEAT_SECONDS", 0.0)
    async with hands(settings) as own:
        zombie = await own.shard()
        await zombie.tick()
        await own.shard()
        with pytest.raises(Fenced):
            await zombie.tick()


async def test_owner_short_of_the_target_offsets_publishes_nothing_until_it_gets_there(
    settings: Settings,
) -> None:
    await produce(settings, [event(number, subject="lead-1") for number in range(40)])
    shard_number = await shard_of_lead_1(settings)
    async with hands(settings) as own:
        torn = TransactionalProducer(settings, "aggregate", shard_number)
        await torn.fence()
        await torn.begin()
        state = TopicPartition(topics.state(settings), shard_number)
        await torn.send({state: [(b"g", SourceOffsets({"crm.lead": 30}).encode())]})
        await torn.commit()
        await torn.close()
        shard = await own.shard(shard_number)
        (fetched,) = await own.fetched(shard)
        first, rest = fetched.split(29)
        await shard.process([first])
        assert await partials(settings) == {}
        last, beyond = rest.split(1)
        await shard.process([last])
        assert await partials(settings) == {f"{shard_number}|crm.lead": 30}
        await shard.process([beyond])
    assert await partials(settings) == {f"{shard_number}|crm.lead": 40}


async def test_rate_changes_what_is_already_counted(settings: Settings) -> None:
    await produce(settings, [event(number) for number in range(50)])
    async with hands(settings) as own:
        shards = [await own.shard(number) for number in range(settings.partitions)]
        for shard in shards:
            await own.read(shard)
        await produce(settings, [rate_set("3")])

        async def is_read() -> bool:
            return bool(own.reference.records)

        await eventually(is_read)
        for shard in shards:
            await shard.tick()
        assert sum((await partials(settings)).values()) == 150
        before = await sizes(settings)
    async with hands(settings) as own:
        for number in range(settings.partitions):
            await own.shard(number)
    assert await sizes(settings) == before


async def test_cells_of_values_follow_in_their_slot_and_are_reported_only_then(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.publishable_changes.commit_slot", lambda *_: 1)
    async with hands(settings) as own:
        shard = await _three_calls_one_by_one(own)
        # The first change is published at once, in all scopes.
        assert await _calls(settings) == {"": 3, "rep=r1": 1}
        assert (await behind(settings)).events
        monkeypatch.setattr("streams.tasks.aggregate.publishable_changes.commit_slot", lambda *_: 2)
        await shard.tick()
        assert await _calls(settings) == {"": 3, "rep=r1": 3}
        assert f"crm.call/{shard.number}" not in (await behind(settings)).events


async def test_cells_of_values_wait_for_no_slot_while_there_is_time_to_spare(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.publishable_changes.commit_slot", lambda *_: 1)
    async with hands(settings) as own:
        own.demand = Load.LIGHT
        await _three_calls_one_by_one(own)
        assert await _calls(settings) == {"": 3, "rep=r1": 3}


async def test_values_that_a_killed_owner_had_not_published_are_published_by_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.publishable_changes.commit_slot", lambda *_: 1)
    async with hands(settings) as own:
        number = (await _three_calls_one_by_one(own)).number
        assert await _calls(settings) == {"": 3, "rep=r1": 1}
    async with hands(settings) as own:
        await own.shard(number, build_core(settings))
        assert await _calls(settings) == {"": 3, "rep=r1": 3}


async def test_fact_waits_for_its_time(settings: Settings) -> None:
    await produce(settings, [event(1, at="2026-06-01T13:00:00Z")])
    async with hands(settings) as own:
        for number in range(settings.partitions):
            await own.read(await own.shard(number))
        assert await partials(settings) == {}
        for number in range(settings.partitions):
            await own.shard(number, settings=later(settings, "2026-06-01T13:00:00Z"))
    assert sum((await partials(settings)).values()) == 1


async def test_more_cells_than_fit_in_one_transaction_all_arrive(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.commit_plan.CELLS_PER_TRANSACTION", 7)
    calls = [event(n, "call.ended", rep=f"r{n % 50}") for n in range(200)]
    await produce(settings, calls)
    async with hands(settings) as own:
        await own.read_all()
    found = await partials(settings)
    assert sum(count for cell, count in found.items() if "rep=" in cell) == 200


async def test_two_shards_of_one_worker_commit_side_by_side(settings: Settings) -> None:
    await produce(settings, [event(number) for number in range(400)])
    async with hands(replace(settings)) as own:
        shards = [await own.shard(number) for number in range(settings.partitions)]
        await asyncio.gather(*(own.read(shard) for shard in shards))
    assert sum((await partials(settings)).values()) == 400


async def _three_calls_one_by_one(own: Hands) -> AggregateTask:
    at = "2026-06-01T09:00:00Z"
    calls = [event(1 + 5 * each, "call.ended", subject="lead-1", at=at) for each in range(3)]
    await produce(own.settings, calls[:1])
    number = await shard_of_lead_1(own.settings, "crm.call")
    shard = await own.shard(number, build_core(own.settings))
    await own.read(shard)
    for call in calls[1:]:
        await produce(own.settings, [call])
        await own.read(shard)
    return shard


async def _calls(settings: Settings) -> dict[str, int]:
    """Count the calls of the day that are published, by scope."""
    found = {}
    for some in (await all_records(settings, topics.PARTIALS)).values():
        for record in some:
            _, when, scope = (record.key or b"").decode().split("|")
            vectors = orjson.loads(record.value or b"{}")
            if not when.startswith("h"):
                found[scope] = vectors["call_count"]["n"]
    return found
