"""Webhooks of the demo arrive as each source signs them, again where that failed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from streams.config.settings import Settings
from streams.demo.simulation.company import EventData
from streams.demo.simulation.retries import RequestRefused
from streams.demo.simulation.simulator import Simulator
from streams.demo.simulation.traffic import Traffic
from streams.demo.simulation.webhook_sender import WebhookSender
from streams.demo.simulation.wire import hubspot
from streams.demo.simulation.wire.routing import SOURCES, STORIES, Routing
from streams.demo.sources import with_sources
from streams.sources.auth import Verified, verify
from streams.sources.delivery import Webhook
from streams.sources.loading import sources
from tests.demo.sample import CALENDAR, START

MINUTE_MS = 60_000
TOKEN = "abcdefghijklmnopqrstuvwx"  # noqa: S105  # opens nothing


class Gateway:
    """A server that verifies webhooks, and answers with these statuses in order, then with 200."""

    def __init__(self, settings: Settings, answers: Sequence[int]) -> None:
        self.settings = settings
        self.answers = list(answers)
        self.verified: list[str] = []
        self.events: list[EventData] = []
        self._sources = sources(settings.sources)

    async def receive(self, request: web.Request) -> web.Response:
        name, now = request.match_info["source"], self.settings.clock()
        headers = tuple((key.lower(), value) for key, value in request.headers.items())
        target, body = request.raw_path, await request.read()
        webhook = Webhook(name, "", request.method, target, headers, body, now)
        secrets = self.settings.secrets[name]
        found = verify(webhook, self._sources[name].recipe, secrets, self.settings.public_url, now)
        if not isinstance(found, Verified):
            return web.Response(status=401, text=found.reason)
        self.verified.append(name)
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def receive_events(self, request: web.Request) -> web.Response:
        self.events += await request.json()
        return web.Response(status=202)


@asynccontextmanager
async def gateway(folder: Path, answers: Sequence[int] = ()) -> AsyncIterator[Gateway]:
    found = Gateway(with_sources(Settings(data=folder)), answers)
    app = web.Application(client_max_size=2**22)
    app.add_routes([web.post("/webhooks/{source}", found.receive)])
    app.add_routes([web.post("/events", found.receive_events)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    found.settings = replace(found.settings, public_url=url)
    try:
        yield found
    finally:
        await runner.cleanup()


async def test_each_source_signs_what_its_recipe_verifies(tmp_path: Path) -> None:
    company = Traffic(1, START, CALENDAR, "EUR")
    events = [request.event for request in company.due(START + 60_000)]
    routed = [Routing(1).route(event) for event in events]
    by_source = {webhook.source: webhook for each in routed for webhook in each.webhooks}
    assert set(by_source) == set(SOURCES)
    async with gateway(tmp_path) as found, aiohttp.ClientSession() as session:
        sender = await WebhookSender.open(session, found.settings)
        for webhook in by_source.values():
            assert await sender.send(webhook) == 0
    assert set(found.verified) == set(SOURCES)


async def test_webhook_is_signed_and_sent_again_until_it_is_accepted(tmp_path: Path) -> None:
    async with gateway(tmp_path, [503, 503]) as found, aiohttp.ClientSession() as session:
        sender = await WebhookSender.open(session, found.settings)
        assert await sender.send(hubspot.mistake(START, 1)) == 2
    assert found.verified == ["hubspot"] * 3


async def test_refusal_names_the_source_and_is_not_repeated(tmp_path: Path) -> None:
    async with gateway(tmp_path, [400]) as found, aiohttp.ClientSession() as session:
        sender = await WebhookSender.open(session, found.settings)
        with pytest.raises(RequestRefused, match="answered 400 to a webhook of hubspot"):
            await sender.send(hubspot.mistake(START, 1))
    assert len(found.verified) == 1


async def test_new_stories_come_by_webhooks_and_a_mistake_among_them(tmp_path: Path) -> None:
    company = Traffic(1, START, CALENDAR, "EUR")
    first = company.next_story
    async with gateway(tmp_path) as found, aiohttp.ClientSession() as session:
        url = f"{found.settings.public_url}/events"
        simulator = Simulator(session, url, TOKEN, lambda event, at: None)  # noqa: ARG005
        simulator.connect(await WebhookSender.open(session, found.settings), Routing(first))
        instants = iter(range(START, START + MINUTE_MS, 6_000))
        done = asyncio.Event()

        def clock() -> int:
            """Give a minute in steps, the last one again and again."""
            if (now := next(instants, None)) is None:
                done.set()
            return START + MINUTE_MS if now is None else now

        live = asyncio.create_task(simulator.post_live(company, clock))
        await done.wait()
        live.cancel()
        await asyncio.gather(live, return_exceptions=True)
    assert simulator.counts.mistakes >= 1
    assert {"amocrm", "hubspot", "twilio"} <= set(found.verified)
    assert simulator.counts.webhooks <= len(found.verified)
    names = [str(event["subject"]) for event in found.events]
    numbers = [int(name[len("lead-") :]) for name in names if name.startswith("lead-")]
    assert {number % STORIES for number in numbers if number >= first} == {2, 3}
