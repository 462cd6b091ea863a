"""When a merge task publishes what: rounds, pauses and transactions."""

from dataclasses import replace

import pytest

from streams.config.settings import Settings
from streams.kafka import topics
from streams.tasks.load_control import Load
from streams.tasks.merge import publish_schedule
from tests.installation.counting_merger import SLOW, WIDE
from tests.installation.installed import (
    sizes,
    values,
)
from tests.installation.tasks import hands
from tests.tasks.merge.partials import (
    OTHERS,
    REPS,
    publish_partials,
    read_until_idle,
    tick_while_due_before,
)

LONG = 3600.0


async def test_first_change_goes_out_at_once_and_the_next_ones_together(
    settings: Settings,
) -> None:
    slow = replace(settings, publish_interval_ms=60_000)
    async with hands(slow) as own:
        merger = await own.board(REPS)
        for number in (1, 2, 3):
            await publish_partials(settings, {"0|rep=ann": number})
            await own.read(merger)
        assert await values(settings) == {"rep=ann": 1}
        assert 50 < merger.next_tick_in_s <= 60


@pytest.mark.parametrize(("records", "most"), [(25, 5), (90, 15)])
async def test_round_goes_out_in_small_transactions_a_long_one_in_longer_ones(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, records: int, most: int
) -> None:
    monkeypatch.setattr("streams.tasks.merge.output_writer.RECORDS_PER_BATCH", 5)
    monkeypatch.setattr("streams.tasks.merge.task.RECORDS_PER_TRANSACTION", 5)
    members = publish_schedule.MEMBERS_POLICY
    in_batches = replace(members, first=replace(members.first, slice_s=0.0))
    monkeypatch.setattr(publish_schedule, "MEMBERS_POLICY", in_batches)
    partials = {f"channel=c{number}": 1 for number in range(records)}
    async with hands(settings) as own:
        merger = await own.board(OTHERS)
        await publish_partials(settings, {f"0|{scope}": 1 for scope in partials}, OTHERS)
        await own.read(merger)
        assert (own.noted.records, own.noted.most_records) == (records, most)
    assert await values(settings) == partials


async def test_values_wait_less_under_light_load(settings: Settings) -> None:
    slow = replace(settings, publish_interval_ms=60_000)
    async with hands(slow) as own:
        merger = await own.board(OTHERS)
        for number in (1, 2):
            await publish_partials(settings, {"0|channel=web": number}, OTHERS)
            await own.read(merger)
        assert await values(settings) == {"channel=web": 1}
        assert 110 < merger.next_tick_in_s <= 120
        own.demand = Load.LIGHT
        assert 50 < merger.next_tick_in_s <= 60


async def test_last_change_always_goes_out(settings: Settings) -> None:
    async with hands(settings) as own:
        merger = await own.board(REPS)
        for number in (1, 2, 3):
            await publish_partials(settings, {"0|rep=ann": number})
            await own.read(merger)
        await read_until_idle(own, merger)
        assert await values(settings) == {"rep=ann": 3}


@pytest.fixture
def other_rounds_are_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pauses between all rounds but first ones be long under load."""
    total = publish_schedule.TOTAL_POLICY
    seldom = publish_schedule.ByLoad(0, LONG, LONG, LONG)
    rare = replace(
        total,
        following=replace(total.following, min_s=seldom),
        later=replace(total.later, min_s=seldom),
    )
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


@pytest.mark.parametrize("key", [WIDE, SLOW])
@pytest.mark.usefixtures("other_rounds_are_rare")
async def test_key_that_comes_later_goes_out_at_once_and_then_after_its_pause(
    settings: Settings, key: str
) -> None:
    async with hands(settings) as own:
        merger = await own.board(REPS)
        for number in (1, 2, 3):
            await publish_partials(settings, {f"0|{key}": number, "0|rep=ann": number})
            await own.read(merger)
            await tick_while_due_before(merger, LONG / 2)
        assert await values(settings) == {key: 1, "rep=ann": 3}
        assert LONG / 2 < merger.next_tick_in_s <= LONG


@pytest.mark.parametrize("key", [WIDE, SLOW])
@pytest.mark.usefixtures("other_rounds_are_rare")
async def test_key_that_comes_later_waits_for_nothing_without_load(
    settings: Settings, key: str
) -> None:
    async with hands(settings) as own:
        merger = await own.board(REPS)
        for number in (1, 2):
            await publish_partials(settings, {f"0|{key}": number})
            await own.read(merger)
        assert await values(settings) == {key: 1}
        own.demand = Load.IDLE
        await read_until_idle(own, merger)
        assert await values(settings) == {key: 2}


async def test_change_that_is_reverted_in_time_is_not_published(settings: Settings) -> None:
    await publish_partials(settings, {"0|rep=ann": 1})
    async with hands(settings) as own:
        merger = await own.board(REPS)
        before = await sizes(settings, topics.KPIS)
        await publish_partials(settings, {"0|rep=ann": 2})
        await publish_partials(settings, {"0|rep=ann": 1})
        await read_until_idle(own, merger)
    assert await sizes(settings, topics.KPIS) == before
