"""A task that takes over the output: ready first, and then compared with what is published."""

from dataclasses import replace

import pytest

from streams.config.settings import Settings
from streams.engine.catalogue.publish_priority import Priority
from streams.internal_topics.progress import behind
from streams.kafka import topics
from streams.tasks.load_control import Load
from streams.tasks.merge import publish_schedule
from tests.installation.counting import Counting
from tests.installation.counting_merger import GONE, SLOW
from tests.installation.installed import event, produce, sizes, values
from tests.installation.tasks import hands
from tests.tasks.merge.partials import REPS, publish_partials, write_output

BODY = b'{"kpi":"rep=zed","value":1,"revision":4,"as_of":"x","updated_at":"y"}'
SOON, LONG = 0.2, 3600.0


async def test_restored_task_is_ready_before_it_has_compared_the_output(settings: Settings) -> None:
    await publish_partials(settings, {"0|rep=ann": 1, "0|rep=bob": 1})
    await write_output(settings, (b"rep=zed", BODY))
    async with hands(settings) as own:
        before = await sizes(settings, topics.KPIS)
        merger = await own.restored_board(REPS)
        assert merger.uncompared == 1
        assert await sizes(settings, topics.KPIS) == before
        await own.compare(merger)
        assert merger.uncompared == 0
    assert await values(settings) == {"rep=ann": 1, "rep=bob": 1}


async def test_nothing_is_settled_before_the_output_is_compared(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for interval in ("BUSY_PROGRESS_SECONDS", "PROGRESS_SECONDS"):
        monkeypatch.setattr(f"streams.tasks.aggregate.task.{interval}", -1.0)
    await produce(settings, [event(number, "call.ended") for number in range(20)])
    async with hands(settings) as own:
        await own.settle(Counting())
        assert (await behind(settings)).is_settled
        merger = await own.restored_board(REPS, Counting(weight=2))
        found = await behind(settings)
        assert (found.partials, found.reference) == ((REPS,), ())
        await own.compare(merger)
        assert (await behind(settings)).is_settled


async def test_key_without_facts_is_removed_however_busy_its_owner_is(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rare = publish_schedule.ByLoad(LONG, LONG, LONG, LONG)
    total = publish_schedule.TOTAL_POLICY
    later = replace(total.later, min_s=rare, max_s=SOON)
    monkeypatch.setattr(publish_schedule, "TOTAL_POLICY", replace(total, later=later))
    await publish_partials(settings, {"0|rep=ann": 1, f"0|{SLOW}": 1})
    await write_output(settings, (b"rep=zed", BODY), (GONE.encode(), BODY))
    async with hands(settings) as own:
        own.demand = Load.HEAVY
        merger = await own.restored_board(REPS)
        count = 1
        while merger.uncompared:
            count += 1
            await publish_partials(settings, {"0|rep=ann": count})
            await own.read(merger)
            # There is always something that waits, and no instant at which all is published.
            assert merger._merger.waiting(Priority.LATER)
    assert await values(settings) == {"rep=ann": count}
