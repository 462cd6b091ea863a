"""Stage 2: what is published, when, and under which revision."""

import asyncio
from dataclasses import replace

import pytest
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.events.key_value import KeyValue
from streams.internal_topics.partials import encode
from streams.kafka import topics
from streams.kafka.errors import Fenced
from streams.kafka.transactional_producer import Tombstone, TransactionalProducer
from streams.tasks.load_control import Load
from streams.tasks.merge import publish_schedule
from streams.tasks.merge.task import MergeTask
from tests.installation.counting import (
    SLOW,
    WIDE,
    Counting,
    counted,
)
from tests.installation.installed import (
    event,
    output,
    produce,
    records,
    sizes,
    values,
)
from tests.installation.tasks import Hands, hands

REPS, OTHERS = 0, 1  # the partitions of the reps' dimension group and of another one
LONG = 3600.0
NEARLY_NO_TIME = 1e-9


async def test_counts_of_all_partitions_come_out_as_one(settings: Settings) -> None:
    await produce(settings, [event(number, "call.ended") for number in range(200)])
    async with hands(settings) as own:
        await own.read_all()
    reps = {f"rep=r{number}": 40 for number in range(5)}
    assert await values(settings) == {"crm.call": 200, **reps}


async def test_record_carries_revision_and_both_times(settings: Settings) -> None:
    await _publish_partials(settings, {"0|rep=ann": 3})
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
        await _publish_partials(settings, {"0|rep=ann": number})
        async with hands(settings) as own:
            await own.board(REPS)
    found = (await output(settings))["rep=ann"]
    assert (found["value"], found["revision"]) == (3, 3)


async def test_new_task_publishes_only_what_differs(settings: Settings) -> None:
    await _publish_partials(settings, {"0|rep=ann": 1, "0|rep=bob": 1})
    async with hands(settings) as own:
        await own.board(REPS)
    await _publish_partials(settings, {"0|rep=bob": 2})
    async with hands(settings) as own:
        await own.board(REPS)
    assert [r.key for r in await records(settings, topics.KPIS, REPS)].count(b"rep=ann") == 1
    assert await values(settings) == {"rep=ann": 1, "rep=bob": 2}


async def test_key_without_partials_gets_a_tombstone(settings: Settings) -> None:
    await _publish_partials(settings, {"0|rep=ann": 1, "1|rep=ann": 1, "0|rep=bob": 1})
    async with hands(settings) as own:
        merger = await own.board(REPS)
        await _publish_partials(settings, {"0|rep=ann": 0})
        await own.read(merger)
        await _publish_partials(settings, {"1|rep=ann": 0})
        await _read_until_quiet(own, merger)
    assert await values(settings) == {"rep=bob": 1}


async def test_tombstone_has_its_revision_for_tasks_that_find_nothing_else(
    settings: Settings,
) -> None:
    await _publish_partials(settings, {"0|rep=ann": 1})
    async with hands(settings) as own:
        merger = await own.board(REPS)
        await _publish_partials(settings, {"0|rep=ann": 0})
        await _read_until_quiet(own, merger)
    *_, gone = await records(settings, topics.KPIS, REPS)
    assert (gone.key, gone.value, gone.headers) == (b"rep=ann", None, (("revision", b"2"),))
    # As compaction leaves a key that had many records and is gone.
    await _write_output(settings, (b"rep=bob", None, [("revision", b"7")]))
    await _publish_partials(settings, {"0|rep=ann": 1, "0|rep=bob": 1})
    async with hands(settings) as own:
        await own.board(REPS)
    found = await output(settings)
    assert {key: record["revision"] for key, record in found.items()} == {
        "rep=ann": 3,
        "rep=bob": 8,
    }


async def test_output_that_no_partial_explains_gets_a_tombstone(settings: Settings) -> None:
    body = b'{"kpi":"old","value":1,"revision":4,"as_of":"x","updated_at":"y"}'
    await _write_output(settings, (b"old", body))
    async with hands(settings) as own:
        await own.board(REPS)
    assert await output(settings) == {}


async def test_first_change_goes_out_at_once_and_the_next_ones_together(
    settings: Settings,
) -> None:
    slow = replace(settings, publish_interval_ms=60_000)
    async with hands(slow) as own:
        merger = await own.board(REPS)
        for number in (1, 2, 3):
            await _publish_partials(settings, {"0|rep=ann": number})
            await own.read(merger)
        assert await values(settings) == {"rep=ann": 1}
        assert 50 < merger.next_tick_in_s <= 60


@pytest.mark.parametrize(("records", "most"), [(25, 5), (90, 15)])
async def test_round_goes_out_in_small_transactions_a_long_one_in_longer_ones(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, records: int, most: int
) -> None:
    monkeypatch.setattr("streams.tasks.merge.output_writer.RECORDS_PER_BATCH", 5)
    monkeypatch.setattr("streams.tasks.merge.task.RECORDS_PER_TRANSACTION", 5)
    partials = {f"channel=c{number}": 1 for number in range(records)}
    async with hands(settings) as own:
        merger = await own.board(OTHERS)
        await _publish_partials(settings, {f"0|{scope}": 1 for scope in partials}, OTHERS)
        await own.read(merger)
        assert (own.noted.records, own.noted.most_records) == (records, most)
    assert await values(settings) == partials


async def test_values_wait_less_under_light_load(settings: Settings) -> None:
    slow = replace(settings, publish_interval_ms=60_000)
    async with hands(slow) as own:
        merger = await own.board(OTHERS)
        for number in (1, 2):
            await _publish_partials(settings, {"0|channel=web": number}, OTHERS)
            await own.read(merger)
        assert await values(settings) == {"channel=web": 1}
        assert 590 < merger.next_tick_in_s <= 600
        own.demand = Load.LIGHT
        assert 110 < merger.next_tick_in_s <= 120


async def test_last_change_always_goes_out(settings: Settings) -> None:
    async with hands(settings) as own:
        merger = await own.board(REPS)
        for number in (1, 2, 3):
            await _publish_partials(settings, {"0|rep=ann": number})
            await own.read(merger)
        await _read_until_quiet(own, merger)
        assert await values(settings) == {"rep=ann": 3}


@pytest.fixture
def expensive_rounds_are_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pause after a round of slow keys be as long as it may be."""
    total = publish_schedule.TOTAL_POLICY
    rare = replace(total, expensive_max_s=LONG, expensive_share=NEARLY_NO_TIME)
    monkeypatch.setattr(publish_schedule, "TOTAL_POLICY", rare)


async def test_time_passes_for_a_task_that_is_never_idle(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.tasks.merge.task.ADVANCE_SECONDS", 0.0)
    later = replace(settings, now=(settings.now or 0) + 1_000)
    async with hands(settings) as own:
        merger = await own.board()
        merger._settings = later
        await merger.process([])
        assert vars(merger._merger)["clock"] == later.now


@pytest.mark.usefixtures("expensive_rounds_are_rare")
async def test_expensive_key_goes_out_at_once_and_then_after_its_pause(
    settings: Settings,
) -> None:
    async with hands(settings) as own:
        merger = await own.board(REPS)
        for number in (1, 2, 3):
            await _publish_partials(settings, {f"0|{SLOW}": number, "0|rep=ann": number})
            await own.read(merger)
            await _tick_while_due_before(merger, LONG / 2)
        assert await values(settings) == {SLOW: 1, "rep=ann": 3}
        assert LONG / 2 < merger.next_tick_in_s <= LONG


@pytest.mark.usefixtures("expensive_rounds_are_rare")
async def test_expensive_key_waits_for_nothing_without_load(
    settings: Settings,
) -> None:
    async with hands(settings) as own:
        merger = await own.board(REPS)
        for number in (1, 2):
            await _publish_partials(settings, {f"0|{SLOW}": number})
            await own.read(merger)
        assert await values(settings) == {SLOW: 1}
        own.demand = Load.IDLE
        factor = publish_schedule.VALUES_POLICY.interval_factor
        await asyncio.sleep(factor * settings.publish_interval_ms / 1000)
        await merger.tick()
        assert await values(settings) == {SLOW: 2}


async def test_long_window_waits_while_others_change_and_goes_out_when_none_does(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = publish_schedule.TOTAL_POLICY
    rare = replace(total, long_windows_max_s=LONG, long_windows_share=NEARLY_NO_TIME)
    monkeypatch.setattr(publish_schedule, "TOTAL_POLICY", rare)
    async with hands(settings) as own:
        merger = await own.board(REPS)
        for number in (1, 2, 3):
            await _publish_partials(settings, {f"0|{WIDE}": number, "0|rep=ann": number})
            await own.read(merger)
            # The next round may begin.
            await asyncio.sleep(settings.publish_interval_ms / 1000)
        assert await values(settings) == {WIDE: 1, "rep=ann": 3}
        await _read_until_quiet(own, merger)
        assert await values(settings) == {WIDE: 3, "rep=ann": 3}


async def test_change_that_is_reverted_in_time_is_not_published(settings: Settings) -> None:
    await _publish_partials(settings, {"0|rep=ann": 1})
    async with hands(settings) as own:
        merger = await own.board(REPS)
        before = await sizes(settings, topics.KPIS)
        await _publish_partials(settings, {"0|rep=ann": 2})
        await _publish_partials(settings, {"0|rep=ann": 1})
        await _read_until_quiet(own, merger)
    assert await sizes(settings, topics.KPIS) == before


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
        await _publish_partials(settings, {"0|rep=ann": 1})
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


async def test_older_reference_record_does_not_replace_a_newer_one(settings: Settings) -> None:
    await produce(settings, [event(number, "call.ended", rep="r1") for number in range(10)])
    old = {**_rep("r1", "south"), "at": "2026-01-01T00:00:00Z"}
    await produce(settings, [_rep("r1", "north"), old])
    async with hands(settings) as own:
        await own.read_all(Counting())
    found = await values(settings)
    assert found["team=north"] == 10
    assert "team=south" not in found


def _rep(rep: str, team: str) -> dict[str, str]:
    at = "2026-02-01T00:00:00Z"
    return {"type": "rep.set", "id": f"set-{rep}", "at": at, "rep": rep, "team": team}


async def _publish_partials(settings: Settings, partials: dict[str, int], to: int = REPS) -> None:
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


async def _write_output(settings: Settings, record: KeyValue | Tombstone) -> None:
    stranger = await TransactionalProducer(settings, "merge", REPS).fence()
    await stranger.begin()
    await stranger.send({TopicPartition(topics.KPIS, REPS): [record]})
    await stranger.commit()
    await stranger.close()


async def _read_until_quiet(own: Hands, merger: MergeTask) -> None:
    await own.read(merger)
    await _tick_while_due_before(merger, 60.0)


async def _tick_while_due_before(merger: MergeTask, seconds: float) -> None:
    while merger.next_tick_in_s < seconds:
        await asyncio.sleep(max(0.0, merger.next_tick_in_s))
        await merger.tick()
