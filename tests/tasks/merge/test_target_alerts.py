"""Alerts about targets in a real broker: raised once nobody is behind, withdrawn, never twice."""

from typing import Any

import orjson
import pytest

from streams.config.settings import Settings
from streams.kafka.topics import ALERTS
from streams.tasks.aggregate.task import AggregateTask
from streams.tasks.merge.task import MergeTask
from streams.wiring.core import build_core
from tests.installation.installed import (
    event,
    eventually,
    installed,
    later,
    produce,
    records,
)
from tests.installation.tasks import Hands, hands

KEY = "target_off_pace|revenue_won|all|month"
CHECKS = 4


@pytest.fixture
async def settings(kafka: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation late in June, whose mergers look at their targets all the time."""
    monkeypatch.setattr("streams.tasks.merge.target_alert_publisher.CHECK_SECONDS", 0.0)
    monkeypatch.setattr("streams.tasks.catch_up.FEW_RECORDS", 0)
    return later(await installed(kafka, partitions=1), "2026-06-20T12:00:00Z")


def target() -> dict[str, Any]:
    return {
        "type": "target.set",
        "id": "plan",
        "at": "2026-01-01T00:00:00Z",
        "kpi": "revenue_won",
        "scope": {},
        "window": "month",
        "value": "1000",
    }


def won(amount: str) -> dict[str, Any]:
    fields = {"deal": "deal-1", "status": "won", "amount": amount, "currency": "EUR"}
    return event(1, "deal.changed", at="2026-06-19T12:00:00Z", **fields)


async def alerts(settings: Settings) -> list[tuple[str, bool]]:
    """Give the key of all that was ever said, and whether it was an alert."""
    found = await records(settings, ALERTS, 0)
    return [(it.key.decode(), it.value is not None) for it in found]


async def until(
    settings: Settings, sent: list[tuple[str, bool]], *owners: MergeTask | AggregateTask
) -> None:
    """Let the owners rest until all that was ever said is this."""

    async def is_published() -> bool:
        for owner in owners:
            await owner.tick()
        return await alerts(settings) == sent

    await eventually(is_published)


async def aggregate_all(own: Hands, settings: Settings) -> AggregateTask:
    """Let the one shard there is read all there is."""
    shard = await own.shard(0, build_core(settings))
    await own.read(shard)
    return shard


async def test_target_is_off_pace_until_enough_has_come_in(settings: Settings) -> None:
    await produce(settings, [target()])
    async with hands(settings) as own:
        merger = await own.board(0, build_core(settings))
        await until(settings, [(KEY, True)], merger)
        (record,) = await records(settings, ALERTS, 0)
        assert orjson.loads(record.value)["since"] == "2026-06-08T12:00:00+00:00"
        await produce(settings, [won("900")])
        shard = await aggregate_all(own, settings)
        await own.read(merger)
        await until(settings, [(KEY, True), (KEY, False)], merger, shard)


async def test_next_task_publishes_nothing_twice_and_leaves_other_alerts_alone(
    settings: Settings,
) -> None:
    await produce(settings, [target()])
    for _ in range(2):
        async with hands(settings) as own:
            merger = await own.board(0, build_core(settings))
            await until(settings, [(KEY, True)], merger)
            for _ in range(CHECKS):
                await merger.tick()
            # The merger of reps knows nothing of the company's targets.
            await (await own.board(1, build_core(settings))).tick()
    assert await alerts(settings) == [(KEY, True)]


async def test_nothing_is_off_pace_while_a_partition_has_events_to_read(settings: Settings) -> None:
    await produce(settings, [target(), won("100")])
    async with hands(settings) as own:
        merger = await own.board(0, build_core(settings))
        for _ in range(CHECKS):
            await merger.tick()
        assert await alerts(settings) == []
        shard = await aggregate_all(own, settings)
        await own.read(merger)
        await until(settings, [(KEY, True)], merger, shard)
