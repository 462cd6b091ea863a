"""Posting to a gateway that is at times away, or that refuses."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from streams.demo.simulation.company import EventData
from streams.demo.simulation.simulator import (
    HISTORY_BATCH,
    RequestRefused,
    Simulator,
)
from streams.demo.simulation.traffic import Traffic
from tests.demo.sample import CALENDAR, START

TOKEN = "abcdefghijklmnopqrstuvwx"  # noqa: S105  # opens nothing


class Heard:
    """What arrived at a server that gives its answers in turn, then 202."""

    def __init__(self, answers: Sequence[int]) -> None:
        self.answers = list(answers)
        self.bodies: list[list[EventData]] = []
        self.tokens: set[str] = set()

    async def take(self, request: web.Request) -> web.Response:
        status = self.answers.pop(0) if self.answers else 202
        self.tokens.add(request.headers["Authorization"])
        self.bodies.append(await request.json())
        return web.Response(status=status, text="said so")


@asynccontextmanager
async def posting(heard: Heard) -> AsyncIterator[tuple[Simulator, list[float | None]]]:
    """Give a simulator that posts to `heard`, and the instants its watch is told."""
    app = web.Application(client_max_size=2**22)
    app.add_routes([web.post("/events", heard.take)])
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


async def test_the_past_is_posted_whole_in_batches_with_the_token() -> None:
    heard = Heard([])
    async with posting(heard) as (simulator, instants):
        await simulator.post_history(company())
    expected = [*company().reference(), *(d.event for d in company().history())]
    assert [event for body in heard.bodies for event in body] == expected
    assert max(map(len, heard.bodies)) <= HISTORY_BATCH
    assert heard.tokens == {f"Bearer {TOKEN}"}
    assert simulator.counts.posted == len(expected)
    assert simulator.counts.duplicates == sum(d.kind == "duplicate" for d in company().history())
    assert set(instants) == {None}


async def test_batch_is_repeated_until_it_is_taken() -> None:
    heard = Heard([503, 503])
    async with posting(heard) as (simulator, _):
        await simulator.post_history(company())
    assert heard.bodies[0] == heard.bodies[1] == heard.bodies[2] != heard.bodies[3]
    assert simulator.counts.retries == 2


async def test_refusal_is_not_repeated() -> None:
    heard = Heard([401])
    async with posting(heard) as (simulator, _):
        with pytest.raises(RequestRefused, match="the gateway answered 401: said so"):
            await simulator.post_history(company())
    assert len(heard.bodies) == 1
