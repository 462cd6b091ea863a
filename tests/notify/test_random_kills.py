"""Alerts that come and go while `notify` is killed at random and answers are lost at random."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from streams.broker.ports import free_port
from streams.config.settings import Settings
from tests.notify.alerting import AlertWriter, alert_writer
from tests.notify.receiving import HttpReceiver, http_receiver
from tests.notify.test_kills import process

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of this test
SEED, KILLS, SUBJECTS = 17, 12, 40
SETTLED_SECONDS = 60.0


def known(server: HttpReceiver) -> set[str]:
    """Replay what a receiver got, each message once by its key: which alerts it knows of.

    Fails where one key has two contents, or where an alert is raised or withdrawn twice.
    """
    bodies: dict[str, bytes] = {}
    found: set[str] = set()
    for request in server.requests:
        if request.id in bodies:
            assert bodies[request.id] == request.body
            continue
        bodies[request.id] = request.body
        for change in request.json["data"]["changes"]:
            if change["action"] == "raised":
                assert change["key"] not in found
                found.add(change["key"])
            else:
                found.remove(change["key"])
    return found


def ids(server: HttpReceiver) -> set[str]:
    return {request.id for request in server.requests}


async def new_message(server: HttpReceiver) -> None:
    """Wait for a message that has not come before."""
    count = len(ids(server))
    async with asyncio.timeout(SETTLED_SECONDS):
        while len(ids(server)) == count:
            await asyncio.sleep(0.005)


async def changing(writer: AlertWriter, chance: random.Random, over: asyncio.Event) -> set[str]:
    """Raise and end alerts until it is over, with no transaction left open; those that stand."""
    current = set[str]()
    while not over.is_set():
        names = chance.sample(range(SUBJECTS), 5)
        for name in (f"lead-{number}" for number in names):
            if name in current:
                await writer.end_alerts(name)
                current.discard(name)
            else:
                await writer.raise_alerts(name)
                current.add(name)
        await asyncio.sleep(chance.uniform(0.1, 4))
    return current


async def losing(server: HttpReceiver, chance: random.Random) -> None:
    """Let an answer be lost, or the receiver be busy, now and then.

    One at a time: each makes the next attempt come later, so that they would pile up.
    """
    while True:
        await asyncio.sleep(chance.uniform(2, 5))
        if server.closes or server.answers:
            continue
        if chance.random() < 0.5:
            server.closes = 1
        else:
            server.answers.append((chance.choice((429, 500, 503)), {"Retry-After": "1"}))


@pytest.mark.soak
async def test_receiver_ends_up_knowing_what_holds(settings: Settings, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    async with alert_writer(settings) as writer, http_receiver() as server:
        rules, secret = tmp_path / "rules.toml", tmp_path / "secret"
        secret.write_text(SECRET)
        rules.write_text(
            f'[[notify.route]]\nname = "desk"\nurl = "{server.url}"\n'
            f'secret_file = "{secret}"\ndigest = "1s"\n'
        )
        used = replace(settings, rules=rules)
        over = asyncio.Event()
        change = asyncio.create_task(changing(writer, chance, over))
        lose = asyncio.create_task(losing(server, chance))
        for _ in range(KILLS):
            async with process(used) as child:
                await new_message(server)
                await asyncio.sleep(chance.choice((0, 0.005, 0.02, 0.1, 1)))
                child.kill()
        over.set()
        lose.cancel()
        for name in await change:
            await writer.end_alerts(name)
        await writer.raise_alerts("lead-1", "lead-2")
        async with process(used), asyncio.timeout(SETTLED_SECONDS):
            while known(server) != {"lead_unanswered|lead-1", "lead_unanswered|lead-2"}:
                await asyncio.sleep(0.2)
        assert len(server.requests) > len(ids(server)) > KILLS


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
async def test_process_serves_health_and_metrics(
    settings: Settings, tmp_path: Path, path: str
) -> None:
    rules = tmp_path / "rules.toml"
    (tmp_path / "url").write_text("http://127.0.0.1:1/")
    rules.write_text(f'[[notify.route]]\nname = "chat"\nslack_url_file = "{tmp_path / "url"}"\n')
    port = free_port("127.0.0.1")
    async with (
        process(replace(settings, rules=rules), "--metrics-port", str(port)),
        aiohttp.ClientSession() as session,
        asyncio.timeout(SETTLED_SECONDS),
    ):
        while True:
            await asyncio.sleep(0.2)
            try:
                async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                    if answer.status == 200:
                        break
            except aiohttp.ClientConnectorError:
                pass
        async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
            text = await answer.text()
    assert ("ok" if path == "/readyz" else 'sales_kpis_notify_pending{route="chat"} 0.0') in text
