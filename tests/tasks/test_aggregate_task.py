"""Stage 1: what a transaction holds, and what a new owner makes of it."""

import asyncio
import base64
from collections import Counter
from dataclasses import replace

import orjson
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from streams.config.settings import Settings
from streams.internal_topics.progress import SourceOffsets, behind
from streams.kafka import topics
from streams.kafka.errors import Fatal, Fenced
from streams.kafka.transactional_producer import TransactionalProducer
from streams.tasks.aggregate.task import AggregateTask
from streams.tasks.load_control import Load
from streams.wiring.core import build_core
from tests.installation.counting import Counting
from tests.installation.installed import (
    event,
    eventually,
    later,
    lists,
    partials,
    produce,
    produce_bytes,
    records,
    sizes,
    transaction,
)
from tests.installation.tasks import Hands, hands


async def test_goal_comes_first_and_position_last(settings: Settings) -> None:
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


async def test_event_read_twice_counts_once(settings: Settings) -> None:
    await produce(settings, [event(number) for number in range(30)] * 2)
    async with hands(settings) as own:
        shard = await own.shard()
        again = await lists(settings, shard.resume_offsets())
        await shard.process(again)
        await shard.process(again)
        await own.read(await own.shard(1))
    assert sum((await partials(settings)).values()) == 30


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
        fetched = await lists(settings, zombie.resume_offsets())
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


async def test_owner_short_of_the_goal_publishes_nothing_until_it_gets_there(
    settings: Settings,
) -> None:
    await produce(settings, [event(number, subject="lead-1") for number in range(40)])
    shard_number = await _shard_of_lead_1(settings)
    async with hands(settings) as own:
        torn = TransactionalProducer(settings, "aggregate", shard_number)
        await torn.fence()
        await torn.begin()
        state = TopicPartition(topics.state(settings), shard_number)
        await torn.send({state: [(b"g", SourceOffsets({"crm.lead": 30}).encode())]})
        await torn.commit()
        await torn.close()
        shard = await own.shard(shard_number)
        (fetched,) = await lists(settings, shard.resume_offsets())
        await shard.process([fetched[:29]])
        assert await partials(settings) == {}
        await shard.process([fetched[29:30]])
        assert await partials(settings) == {f"{shard_number}|crm.lead": 30}
        await shard.process([fetched[30:]])
    assert await partials(settings) == {f"{shard_number}|crm.lead": 40}


async def test_what_cannot_be_read_is_kept_with_its_reason(settings: Settings) -> None:
    await produce_bytes(settings, "crm.lead", b'{"type":"lead.created"')
    await produce_bytes(settings, "crm.lead", None)
    await produce(settings, [event(1)])
    await produce_bytes(settings, "crm.call", orjson.dumps(_rate("1")))
    async with hands(settings) as own:
        for number in range(settings.partitions):
            await own.read(await own.shard(number))
        assert len(own.noted.rejections) == 3
        await own.read(await own.shard())
    dead_letters = [orjson.loads(r.value) for r in await records(settings, topics.DEAD_LETTERS)]
    assert Counter(letter["topic"] for letter in dead_letters) == {"crm.lead": 2, "crm.call": 1}
    broken = next(letter for letter in dead_letters if letter["value"] and letter["offset"] == 0)
    assert base64.b64decode(dead_letters[0]["key"]) == b"k"
    assert broken["reason"]
    assert broken["at"] == "2026-06-01T12:00:00.000Z"
    assert sum((await partials(settings)).values()) == 1


async def test_event_under_another_key_than_its_subject_is_kept_with_its_reason(
    settings: Settings,
) -> None:
    await produce_bytes(settings, "crm.lead", orjson.dumps(event(1, subject="lead-1")))
    async with hands(settings) as own:
        await own.read(await own.shard())
    (letter,) = (orjson.loads(r.value) for r in await records(settings, topics.DEAD_LETTERS))
    assert (letter["field"], letter["topic"], letter["offset"]) == ("subject", "crm.lead", 0)
    assert await partials(settings) == {}


async def test_bad_reference_record_is_kept_once_however_often_it_is_read(
    settings: Settings,
) -> None:
    await produce_bytes(settings, "crm.rate", b"no rate")
    for _ in range(2):
        async with hands(settings) as own:
            for number in range(settings.partitions):
                await own.shard(number)
    (letter,) = await records(settings, topics.DEAD_LETTERS)
    assert orjson.loads(letter.value)["topic"] == "crm.rate"


async def test_rate_changes_what_is_already_counted(settings: Settings) -> None:
    await produce(settings, [event(number) for number in range(50)])
    async with hands(settings) as own:
        shards = [await own.shard(number) for number in range(settings.partitions)]
        for shard in shards:
            await own.read(shard)
        await produce(settings, [_rate("3")])

        async def is_heard() -> bool:
            return bool(own.reference.records)

        await eventually(is_heard)
        for shard in shards:
            await shard.tick()
        assert sum((await partials(settings)).values()) == 150
        before = await sizes(settings)
    async with hands(settings) as own:
        for number in range(settings.partitions):
            await own.shard(number)
    assert await sizes(settings) == before


async def test_members_cells_follow_with_their_turn_and_are_claimed_only_then(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.publishable_changes.values_slot", lambda _: 1)
    async with hands(settings) as own:
        shard = await _three_calls_one_by_one(own)
        # The first change is told at once, and to everybody.
        assert await _calls(settings) == {"": 3, "rep=r1": 1}
        assert (await behind(settings)).events
        monkeypatch.setattr("streams.tasks.aggregate.publishable_changes.values_slot", lambda _: 2)
        await shard.tick()
        assert await _calls(settings) == {"": 3, "rep=r1": 3}
        assert f"crm.call/{shard.number}" not in (await behind(settings)).events


async def test_members_cells_wait_for_no_turn_while_there_is_time_to_spare(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.publishable_changes.values_slot", lambda _: 1)
    async with hands(settings) as own:
        own.demand = Load.LIGHT
        await _three_calls_one_by_one(own)
        assert await _calls(settings) == {"": 3, "rep=r1": 3}


async def test_what_a_killed_owner_had_not_told_of_members_the_next_one_tells(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.aggregate.publishable_changes.values_slot", lambda _: 1)
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


async def test_list_that_leaves_offsets_out_ends_the_process(settings: Settings) -> None:
    await produce(settings, [event(number, subject="lead-1") for number in range(30)])
    async with hands(settings) as own:
        shard = await own.shard(await _shard_of_lead_1(settings))
        (fetched,) = await lists(settings, shard.resume_offsets())
        await shard.process([fetched[:10]])
        with pytest.raises(Fatal, match=r"5 offsets of crm.lead/. are missing after 10"):
            await shard.process([fetched[15:]])


async def test_offsets_missing_in_the_log_are_counted_after_a_restart(settings: Settings) -> None:
    async with transaction(settings, "somebody") as producer:
        await producer.send("crm.lead", orjson.dumps(event(1)), key=b"lead-1", partition=0)
    await records(settings, "crm.lead")  # the record that ends the transaction is there
    await produce_bytes(settings, "crm.lead", orjson.dumps(event(2, subject="k")))
    async with hands(settings) as own:
        await own.read(await own.shard())
        assert own.noted.gaps == [("crm.lead", 0, 1)]
    assert await partials(settings) == {"0|crm.lead": 2}


async def test_records_deleted_unread_are_counted(settings: Settings) -> None:
    await produce(settings, [event(number, subject="lead-1") for number in range(30)])
    number = await _shard_of_lead_1(settings)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition("crm.lead", number): RecordsToDelete(20)})
    await admin.close()
    async with hands(settings) as own:
        await own.read(await own.shard(number))
        assert own.noted.gaps == [("crm.lead", number, 20)]
    assert await partials(settings) == {f"{number}|crm.lead": 10}


async def test_source_made_anew_under_an_old_state_is_refused(settings: Settings) -> None:
    state = TopicPartition(topics.state(settings), 0)
    earlier = await TransactionalProducer(settings, "aggregate", 0).fence()
    await earlier.begin()
    await earlier.send({state: [(b"p", SourceOffsets({"crm.lead": 7}).encode())]})
    await earlier.commit()
    await earlier.close()
    async with hands(settings) as own:
        with pytest.raises(Fatal, match=r"crm.lead/0 ends at 0, but 7 were read"):
            await own.shard()


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


async def test_late_events_are_noted(settings: Settings) -> None:
    recent = "2026-06-01T11:00:00Z"
    await produce(settings, [event(1), event(2, at=recent), event(3, at=recent)])
    async with hands(settings) as own:
        for number in range(settings.partitions):
            await own.read(await own.shard(number))
        assert (own.noted.events, own.noted.late_events) == (3, 1)


async def test_two_shards_of_one_worker_commit_side_by_side(settings: Settings) -> None:
    await produce(settings, [event(number) for number in range(400)])
    async with hands(replace(settings)) as own:
        shards = [await own.shard(number) for number in range(settings.partitions)]
        await asyncio.gather(*(own.read(shard) for shard in shards))
    assert sum((await partials(settings)).values()) == 400


def _rate(rate: str) -> dict[str, str]:
    return {
        "type": "rate.set",
        "id": "usd",
        "at": "2026-05-01T00:00:00Z",
        "currency": "USD",
        "date": "2026-05-01",
        "rate": rate,
    }


async def _shard_of_lead_1(settings: Settings, topic: str = "crm.lead") -> int:
    held = [
        number for number in range(settings.partitions) if await records(settings, topic, number)
    ]
    assert len(held) == 1
    return held[0]


async def _three_calls_one_by_one(own: Hands) -> AggregateTask:
    calls = [event(1 + 5 * each, "call.ended", subject="lead-1") for each in range(3)]
    await produce(own.settings, calls[:1])
    number = await _shard_of_lead_1(own.settings, "crm.call")
    shard = await own.shard(number, build_core(own.settings))
    await own.read(shard)
    for call in calls[1:]:
        await produce(own.settings, [call])
        await own.read(shard)
    return shard


async def _calls(settings: Settings) -> dict[str, int]:
    """Count the calls of the day that are published, by scope."""
    found = {}
    for partition in range(topics.MERGE_PARTITIONS):
        for record in await records(settings, topics.PARTIALS, partition):
            _, when, scope = (record.key or b"").decode().split("|")
            vectors = orjson.loads(record.value or b"{}")
            if not when.startswith("h"):
                found[scope] = vectors["call_count"]["n"]
    return found
