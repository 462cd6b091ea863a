"""Alerts in a real broker: raised and withdrawn, by time and by events, and never twice."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import orjson
from aiokafka import AIOKafkaProducer

from streams.config.settings import Settings
from streams.kafka.topics import ALERTS
from streams.operations.replay import replay_alerts
from streams.tasks.aggregate.alert_publisher import OTHERS_TIMEOUT_SECONDS, AlertPublisher
from streams.tasks.aggregate.task import AggregateTask
from streams.wiring.core import build_core
from tests.histories import history, lines
from tests.installation.installed import (
    all_records,
    event,
    eventually,
    installed,
    later,
    produce,
)
from tests.installation.tasks import Hands, hands

UNANSWERED = "lead_unanswered|lead-1"


async def alerts(settings: Settings) -> list[tuple[str, dict[str, str] | None]]:
    """Give all that was ever said in `sales.alerts`, partition by partition."""
    found = (await all_records(settings, ALERTS)).values()
    sent = [record for some in found for record in some]
    return [(it.key.decode(), None if it.value is None else orjson.loads(it.value)) for it in sent]


async def current(settings: Settings) -> dict[str, dict[str, str]]:
    """Give the alerts that stand."""
    latest = dict(await alerts(settings))
    return {key: body for key, body in latest.items() if body is not None}


async def shard(own: Hands, settings: Settings) -> AggregateTask:
    """Take the one shard there is, with the product's own core."""
    return await own.shard(0, build_core(settings), settings=settings)


def lead(at: str = "2026-06-01T11:30:00Z") -> dict[str, str]:
    return event(1, at=at, rep="ann")


def call(at: str = "2026-06-01T12:00:00Z") -> dict[str, str]:
    return event(301, "call.ended", at=at)


async def test_alert_is_raised_by_time_alone(kafka: str) -> None:
    settings = replace(await installed(kafka, partitions=1), now=None)
    due = datetime.now(UTC) + timedelta(seconds=3)
    await produce(settings, [lead((due - timedelta(hours=1)).isoformat())])
    async with hands(settings) as own:
        owner = await shard(own, settings)
        await own.read(owner)
        assert await alerts(settings) == []
        assert datetime.now(UTC) < due

        async def is_raised() -> bool:
            await owner.tick()
            return bool(await alerts(settings))

        await eventually(is_raised)
    ((key, body),) = await alerts(settings)
    assert body is not None
    assert key == UNANSWERED
    assert datetime.fromisoformat(body["since"]) == due.replace(
        microsecond=due.microsecond // 1000 * 1000
    )
    assert datetime.fromisoformat(body["updated_at"]) >= due - timedelta(milliseconds=1)


async def test_event_withdraws_an_alert(kafka: str) -> None:
    settings = later(await installed(kafka, partitions=1), "2026-06-01T12:45:00Z")
    await produce(settings, [lead()])
    async with hands(settings) as own:
        owner = await shard(own, settings)
        await own.read(owner)

        async def is_raised() -> bool:
            await owner.tick()
            return (await current(settings)).keys() == {UNANSWERED}

        await eventually(is_raised)
        await produce(settings, [call()])
        await own.read(owner)

        async def is_withdrawn() -> bool:
            await owner.tick()
            return not await current(settings)

        await eventually(is_withdrawn)
    assert [(key, body is None) for key, body in await alerts(settings)] == [
        (UNANSWERED, False),
        (UNANSWERED, True),
    ]


async def test_next_owner_raises_nothing_twice(kafka: str) -> None:
    settings = later(await installed(kafka, partitions=1), "2026-06-01T12:45:00Z")
    await produce(settings, [lead()])
    async with hands(settings) as own:
        await own.read(await shard(own, settings))
    for _ in range(2):
        async with hands(settings) as own:
            await (await shard(own, settings)).tick()
    assert [key for key, _ in await alerts(settings)] == [UNANSWERED]


async def test_next_owner_withdraws_what_ended_meanwhile(kafka: str) -> None:
    settings = later(await installed(kafka, partitions=1), "2026-06-01T12:45:00Z")
    await produce(settings, [lead()])
    async with hands(settings) as own:
        await own.read(await shard(own, settings))
    async with hands(settings) as own:
        # An alert about a lead is one for 30 days.
        await shard(own, later(settings, "2026-08-01T12:45:00Z"))
    assert await current(settings) == {}


async def test_restored_shard_is_silent_until_it_has_read_what_there_was(kafka: str) -> None:
    settings = later(await installed(kafka, partitions=1), "2026-06-01T12:45:00Z")
    await produce(settings, [lead()])
    async with hands(settings) as own:
        await own.read(await shard(own, replace(settings, now=settings.now - 3_600_000)))  # type: ignore[operator]  # it is set just above
    await produce(settings, [call("2026-06-01T12:44:00Z")])
    async with hands(settings) as own:
        # Its rows still say that nobody has called.
        owner = await shard(own, settings)
        await owner.tick()
        await own.read(owner)
    assert await alerts(settings) == []


async def test_alerts_of_the_boards_are_left_alone(kafka: str) -> None:
    settings = await installed(kafka, partitions=1)
    key, body = b"target_off_pace|revenue_won|all|month", b'{"kind":"target_off_pace"}'
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap) as producer:
        await producer.send_and_wait(ALERTS, body, key, partition=0)
    async with hands(settings) as own:
        await (await shard(own, settings)).tick()
    assert len(await alerts(settings)) == 1


async def test_backfill_raises_only_what_stands_at_its_end(kafka: str) -> None:
    settings = later(await installed(kafka, partitions=1), "2026-06-10T12:00:00Z")
    sent_events = [
        sent
        for sent in history(5, 4_000, start=date(2026, 3, 1), days=100)
        if not sent["type"].endswith(".set")
    ]
    async with hands(settings) as own:
        owner = await shard(own, settings)
        for first in range(0, len(sent_events), 400):
            # The shard keeps up: it never sees more than a few records ahead of it.
            await produce(settings, sent_events[first : first + 400])
            await own.read(owner)
        assert await alerts(settings) == []
        silent_since = time.monotonic()

        async def is_published() -> bool:
            await own.read(owner)  # there may be moves still, to itself
            return bool(await alerts(settings))

        await eventually(is_published)
        assert time.monotonic() - silent_since < 10
    expected = [
        orjson.loads(line) for line in replay_alerts(lines(sent_events).splitlines(), settings)
    ]
    found = await alerts(settings)
    assert len(found) == len(expected) > 20
    assert sorted(key for key, _ in found) == [f"{it['kind']}|{it['subject']}" for it in expected]


async def test_shard_that_has_caught_up_waits_until_the_others_have(kafka: str) -> None:
    settings = await installed(kafka, partitions=2)
    await produce(settings, (event(number) for number in range(settings.partitions * 600)))
    log = AlertPublisher(settings, 0)
    assert await log.may_publish({}, time.monotonic())  # it was never behind
    log.catch_up.set_targets({})
    assert not await log.may_publish({}, time.monotonic())
    async with hands(settings) as own:
        owners = [await own.shard(number) for number in range(settings.partitions)]
        for owner in owners:
            await own.read(owner)

        async def is_time() -> bool:
            for owner in owners:
                await owner.tick()  # says a moment later how far it is
            return await log.may_publish({}, time.monotonic())

        await eventually(is_time)
    assert await log.may_publish({}, time.monotonic())


async def test_waiting_for_other_partitions_has_an_end(kafka: str) -> None:
    settings = await installed(kafka, partitions=2)
    await produce(settings, (event(number) for number in range(settings.partitions * 600)))
    log = AlertPublisher(settings, 0)
    log.catch_up.set_targets({})
    assert not await log.may_publish({}, 0.0)
    assert not await log.may_publish({}, OTHERS_TIMEOUT_SECONDS - 0.1)
    assert await log.may_publish({}, OTHERS_TIMEOUT_SECONDS)
