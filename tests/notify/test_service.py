"""The service on a real Kafka with real receivers: what they get, and get again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from prometheus_client import generate_latest

from streams.config.rules.notify import NotifyRules
from streams.config.settings import Settings
from streams.kafka.errors import Fenced
from streams.notify.clock import now_ms
from streams.notify.metrics import NotifyMetrics
from streams.notify.service import notify_service
from streams.process.cancellation import ended
from tests.installation.installed import produce
from tests.notify.alerting import AlertWriter, route, rules_of
from tests.notify.receiving import HttpReceiver, http_receiver

DIGEST = 'digest = "1s"'


@asynccontextmanager
async def notifying(settings: Settings, rules: NotifyRules) -> AsyncIterator[NotifyMetrics]:
    """Run the service meanwhile."""
    metrics = NotifyMetrics((each.name for each in rules.routes), now_ms)
    async with notify_service(settings, rules, metrics) as service:
        task = asyncio.create_task(service.run())
        try:
            yield metrics
        finally:
            await ended(task)


def text(server: HttpReceiver, number: int) -> str:
    found = server.requests[number].json["text"]
    assert isinstance(found, str)
    return found


async def test_alert_is_sent_and_withdrawn(
    settings: Settings, writer: AlertWriter, server: HttpReceiver, tmp_path: Path
) -> None:
    async with notifying(settings, rules_of(route("chat", server.url, tmp_path, DIGEST))):
        await writer.raise_alerts("lead-1")
        await server.until(1)
        await writer.end_alerts("lead-1")
        await server.until(2)
    assert text(server, 0).startswith("No person has called or written to lead lead-1 ")
    assert text(server, 1).startswith("No longer so: No person has called or written to lead")


async def test_flood_of_a_thousand_alerts_is_one_digest(
    settings: Settings, writer: AlertWriter, server: HttpReceiver, tmp_path: Path
) -> None:
    async with notifying(settings, rules_of(route("chat", server.url, tmp_path, DIGEST))):
        for first in range(0, 1_000, 50):
            await writer.raise_alerts(*(f"lead-{first + number}" for number in range(50)))
        await server.until(1)
        await asyncio.sleep(3)
    assert len(server.requests) == 1
    assert text(server, 0).startswith("*New alerts: 1,000 (Leads without an answer: 1,000)*")


async def test_nothing_is_sent_again_after_a_restart(
    settings: Settings, writer: AlertWriter, server: HttpReceiver, tmp_path: Path
) -> None:
    rules = rules_of(route("chat", server.url, tmp_path, DIGEST))
    async with notifying(settings, rules):
        await writer.raise_alerts("lead-1")
        await server.until(1)
    await writer.raise_alerts("lead-1", "lead-2")
    async with notifying(settings, rules):
        await server.until(2)
    assert "lead-2" in text(server, 1)
    assert "lead-1" not in text(server, 1)


async def test_alert_that_ended_while_nobody_notified_is_withdrawn(
    settings: Settings, writer: AlertWriter, server: HttpReceiver, tmp_path: Path
) -> None:
    rules = rules_of(route("chat", server.url, tmp_path, DIGEST))
    async with notifying(settings, rules):
        await writer.raise_alerts("lead-1")
        await server.until(1)
    await writer.end_alerts("lead-1")
    async with notifying(settings, rules):
        await server.until(2)
    assert text(server, 1).startswith("No longer so: ")


async def test_lost_answer_is_followed_by_the_same_message_under_the_same_key(
    settings: Settings, writer: AlertWriter, server: HttpReceiver, tmp_path: Path
) -> None:
    server.closes = 1
    async with notifying(settings, rules_of(route("chat", server.url, tmp_path, DIGEST))):
        await writer.raise_alerts("lead-1")
        one, two = await server.until(2)
    assert (one.id, one.body) == (two.id, two.body)


async def test_busy_receiver_is_asked_again_when_it_says(
    settings: Settings, writer: AlertWriter, server: HttpReceiver, tmp_path: Path
) -> None:
    server.answers = [(429, {"Retry-After": "2"})]
    loop = asyncio.get_running_loop()
    async with notifying(settings, rules_of(route("chat", server.url, tmp_path, DIGEST))):
        await writer.raise_alerts("lead-1")
        await server.until(1)
        began = loop.time()
        one, two = await server.until(2)
    assert loop.time() - began > 1.8
    assert one.id == two.id


async def test_receiver_that_refuses_is_set_aside_and_the_others_go_on(
    settings: Settings, writer: AlertWriter, server: HttpReceiver, tmp_path: Path
) -> None:
    async with http_receiver() as gone:
        gone.answers = [(410, {})]
        written = route("gone", gone.url, tmp_path, DIGEST)
        rules = rules_of(written + route("chat", server.url, tmp_path, DIGEST))
        async with notifying(settings, rules) as metrics:
            await writer.raise_alerts("lead-1")
            await server.until(1)
            await gone.until(1)
            await writer.raise_alerts("lead-2")
            await server.until(2)
            await asyncio.sleep(0.2)
        shown = generate_latest(metrics.registry).decode().splitlines()
        assert 'sales_kpis_notify_set_aside{route="gone"} 1.0' in shown
        assert 'sales_kpis_notify_set_aside{route="chat"} 0.0' in shown
        assert 'sales_kpis_notify_attempts_total{result="refused",route="gone"} 1.0' in shown
        assert len(gone.requests) == 1
        # Nothing is missed: once it is corrected and the process started again, all is sent.
        async with notifying(settings, rules):
            await gone.until(2)
        assert "New alerts: 2 " in gone.requests[1].json["text"]


async def test_team_gets_alerts_of_its_reps_by_their_records(
    settings: Settings, writer: AlertWriter, server: HttpReceiver, tmp_path: Path
) -> None:
    rep = {"type": "rep.set", "id": "1", "at": "2026-05-01T00:00:00Z", "rep": "ann", "team": "a"}
    await produce(settings, [rep])
    written = route("a", server.url, tmp_path, 'teams = ["a"]')
    async with http_receiver() as other:
        written += route("b", other.url, tmp_path, 'teams = ["b"]')
        async with notifying(settings, rules_of(written)):
            await writer.raise_alerts("lead-1", rep="ann")
            await server.until(1)
        assert other.requests == []


async def test_second_process_takes_over_from_the_first(
    settings: Settings, writer: AlertWriter, server: HttpReceiver, tmp_path: Path
) -> None:
    rules = rules_of(route("chat", server.url, tmp_path, DIGEST))
    metrics = NotifyMetrics(["chat"], now_ms)
    async with notify_service(settings, rules, metrics) as first:
        task = asyncio.create_task(first.run())
        async with notifying(settings, rules):
            await writer.raise_alerts("lead-1")
            with pytest.raises(Fenced):
                await task
            await server.until(1)
        assert len({request.id for request in server.requests}) == 1


async def test_unreadable_alert_leaves_the_others(
    settings: Settings, writer: AlertWriter, server: HttpReceiver, tmp_path: Path
) -> None:
    await writer.write({"lead_unanswered|x": orjson.dumps({"kind": 1})})
    async with notifying(settings, rules_of(route("chat", server.url, tmp_path))):
        await writer.raise_alerts("lead-1")
        await server.until(1)
    assert "lead-1" in text(server, 0)


async def test_route_under_another_name_begins_anew(
    settings: Settings, writer: AlertWriter, server: HttpReceiver, tmp_path: Path
) -> None:
    await writer.raise_alerts("lead-1")
    for number, name in enumerate(("chat", "talk", "chat")):
        async with notifying(settings, rules_of(route(name, server.url, tmp_path))):
            await server.until(number + 1)
    assert len({request.id for request in server.requests}) == 3
