"""Stage 2: what is published, when, and under which revision."""

import pytest
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.internal_topics.partials import encode
from streams.kafka import topics
from streams.kafka.errors import Fenced
from streams.kafka.transactional_producer import TransactionalProducer
from tests.installation.counting import Counting, counted
from tests.installation.counting_merger import GONE
from tests.installation.installed import (
    event,
    output,
    produce,
    records,
    values,
)
from tests.installation.tasks import hands
from tests.tasks.merge.partials import (
    REPS,
    publish_partials,
    read_until_idle,
    write_output,
)


async def test_counts_of_all_partitions_come_out_as_one(settings: Settings) -> None:
    await produce(settings, [event(number, "call.ended") for number in range(200)])
    async with hands(settings) as own:
        await own.read_all()
    reps = {f"rep=r{number}": 40 for number in range(5)}
    assert await values(settings) == {"crm.call": 200, **reps}


async def test_record_carries_revision_and_both_times(settings: Settings) -> None:
    await publish_partials(settings, {"0|rep=ann": 3})
    async with hands(settings) as own:
        await own.board(REPS)
    assert (await output(settings))["rep=ann"] == {
        "kpi": "rep=ann",
        "value": 3,
        "revision": 1,
        "as_of": "now",
        "updated_at": "2026-06-01T12:00:00.000+00:00",
    }


async def test_revision_grows_across_tasks(settings: Settings) -> None:
    for number in range(1, 4):
        await publish_partials(settings, {"0|rep=ann": number})
        async with hands(settings) as own:
            await own.board(REPS)
    found = (await output(settings))["rep=ann"]
    assert (found["value"], found["revision"]) == (3, 3)


async def test_new_task_publishes_only_what_differs(settings: Settings) -> None:
    await publish_partials(settings, {"0|rep=ann": 1, "0|rep=bob": 1})
    async with hands(settings) as own:
        await own.board(REPS)
    await publish_partials(settings, {"0|rep=bob": 2})
    async with hands(settings) as own:
        await own.board(REPS)
    assert [r.key for r in await records(settings, topics.KPIS, REPS)].count(b"rep=ann") == 1
    assert await values(settings) == {"rep=ann": 1, "rep=bob": 2}


async def test_key_without_partials_gets_a_tombstone(settings: Settings) -> None:
    await publish_partials(settings, {"0|rep=ann": 1, "1|rep=ann": 1, "0|rep=bob": 1})
    async with hands(settings) as own:
        merger = await own.board(REPS)
        await publish_partials(settings, {"0|rep=ann": 0})
        await own.read(merger)
        await publish_partials(settings, {"1|rep=ann": 0})
        await read_until_idle(own, merger)
    assert await values(settings) == {"rep=bob": 1}


async def test_tombstone_has_its_revision_for_tasks_that_find_nothing_else(
    settings: Settings,
) -> None:
    await publish_partials(settings, {"0|rep=ann": 1})
    async with hands(settings) as own:
        merger = await own.board(REPS)
        await publish_partials(settings, {"0|rep=ann": 0})
        await read_until_idle(own, merger)
    *_, gone = await records(settings, topics.KPIS, REPS)
    assert (gone.key, gone.value, gone.headers) == (b"rep=ann", None, (("revision", b"2"),))
    # As compaction leaves a key that had many records and is gone.
    await write_output(settings, (b"rep=bob", None, [("revision", b"7")]))
    await publish_partials(settings, {"0|rep=ann": 1, "0|rep=bob": 1})
    async with hands(settings) as own:
        await own.board(REPS)
    found = await output(settings)
    assert {key: record["revision"] for key, record in found.items()} == {
        "rep=ann": 3,
        "rep=bob": 8,
    }


async def test_output_that_no_partial_explains_gets_a_tombstone(settings: Settings) -> None:
    body = b'{"kpi":"old","value":1,"revision":4,"as_of":"x","updated_at":"y"}'
    await write_output(settings, (b"old", body), (GONE.encode(), body))
    async with hands(settings) as own:
        await own.board(REPS)
    assert await output(settings) == {}


async def test_uncommitted_partials_are_not_published(settings: Settings) -> None:
    writer = await TransactionalProducer(settings, "somebody", 0).fence()
    await writer.begin()
    await writer.send({TopicPartition(topics.PARTIALS, REPS): [(b"0|rep=ann", encode(counted(1)))]})
    async with hands(settings) as own:
        await own.board(REPS)
    await writer.close()
    assert await values(settings) == {}


async def test_former_task_of_a_partition_cannot_publish(settings: Settings) -> None:
    async with hands(settings) as own:
        zombie = await own.board(REPS)
        await own.board(REPS)
        await publish_partials(settings, {"0|rep=ann": 1})
        with pytest.raises(Fenced):
            await own.read(zombie)
    assert await values(settings) == {}


async def test_rep_joins_a_team_with_everything_counted_so_far(settings: Settings) -> None:
    await produce(settings, [event(number, "call.ended") for number in range(100)])
    await produce(settings, [_rep("r1", "north"), _rep("r2", "north"), _rep("r3", "south")])
    async with hands(settings) as own:
        await own.read_all(Counting())
    found = await values(settings)
    assert (found["team=north"], found["team=south"]) == (40, 20)


def _rep(rep: str, team: str) -> dict[str, str]:
    at = "2026-02-01T00:00:00Z"
    return {"type": "rep.set", "id": f"set-{rep}", "at": at, "rep": rep, "team": team}
