"""Posting to a gateway that is unavailable for a while, or that refuses."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from streams.demo.simulation.company import EventData
from streams.demo.simulation.retries import RequestRefused
from streams.demo.simulation.simulator import HISTORY_BATCH, Simulator
from streams.demo.simulation.traffic import Traffic
from tests.demo.sample import CALENDAR, START

TOKEN = "abcdefghijklmnopqrstuvwx"  # noqa: S105  # opens nothing


class Gateway:
    """A server that records requests and answers with these statuses in order, then with 202."""

    def __init__(self, answers: Sequence[int]) -> None:
        self.answers = list(answers)
        self.bodies: list[list[EventData]] = []
        self.tokens: set[str] = set()

    async def receive(self, request: web.Request) -> web.Response:
        status = self.answers.pop(0) if self.answers else 202
        self.tokens.add(request.headers["Authorization"])
        self.bodies.append(await request.json())
        return web.Response(status=status, text="no such token")


@asynccontextmanager
async def posting(gateway: Gateway) -> AsyncIterator[tuple[Simulator, list[float | None]]]:
    """Yield a simulator that posts to `gateway`, and the instants that it reports."""
    app = web.Application(client_max_size=2**22)
    app.add_routes([web.post("/events", gateway.receive)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
    instants: list[float | None] = []
    try:
        async with aiohttp.ClientSession() as session:
            yield Simulator(session, url, TOKEN, lambda _, at: instants.append(at)), instants
    finally:
        await runner.cleanup()


def company() -> Traffic:
    return Traffic(1, START, CALENDAR, "EUR")


async def test_history_is_posted_whole_in_batches_with_the_token() -> None:
    gateway = Gateway([])
    async with posting(gateway) as (simulator, instants):
        await simulator.post_history(company())
    expected = [*company().reference(), *(d.event for d in company().history())]
    assert [event for body in gateway.bodies for event in body] == expected
    assert max(map(len, gateway.bodies)) <= HISTORY_BATCH
    assert gateway.tokens == {f"Bearer {TOKEN}"}
    assert simulator.counts.posted == len(expected)
    assert simulator.counts.duplicates == sum(d.kind == "duplicate" for d in company().history())
    assert set(instants) == {None}


async def test_batch_is_repeated_until_it_is_accepted() -> None:
    gateway = Gateway([503, 503])
    async with posting(gateway) as (simulator, _):
        await simulator.post_history(company())
    assert gateway.bodies[0] == gateway.bodies[1] == gateway.bodies[2] != gateway.bodies[3]
    assert simulator.counts.retries == 2


async def test_refusal_is_not_repeated() -> None:
    gateway = Gateway([401])
    async with posting(gateway) as (simulator, _):
        with pytest.raises(RequestRefused, match="the gateway answered 401: no such token"):
            await simulator.post_history(company())
    assert len(gateway.bodies) == 1
