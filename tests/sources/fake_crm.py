"""A CRM's server for tests: answers as it is told to, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeCrm:
    """Answers GET and POST by path.

    Attributes:
        records: By path, what a record's address gives: JSON, bytes, the number of a status, or
            a function of the JSON that was posted.
        pages: By path with query, what a list's address gives.
        failing: Answers that come before any other, in their order.
        asked: The path with query of each request, in their order.
        times: When they came, in seconds of the loop's clock.
        tokens: What stood in the header Authorization.
        hold: What each answer waits for, if it is not set.
    """

    records: dict[str, Any] = field(default_factory=dict)
    pages: dict[str, Any] = field(default_factory=dict)
    failing: list[web.Response] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    host: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.asked.append(request.path_qs)
        self.times.append(asyncio.get_running_loop().time())
        self.tokens.append(request.headers.get("Authorization", ""))
        await self.hold.wait()
        if self.failing:
            return self.failing.pop(0)
        for known in (self.pages, self.records):
            for path, body in known.items():
                if path in (request.path_qs, request.path):
                    return _response(body(await request.json()) if callable(body) else body)
        return web.json_response({"error": "not found"}, status=404)


def _response(body: Any) -> web.Response:
    if isinstance(body, int):
        return web.Response(status=body)
    if isinstance(body, bytes):
        return web.Response(body=body)
    return web.json_response(body)


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """Serve every path on the loopback; yield host and port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def fake_crm(**fields: Any) -> AsyncIterator[FakeCrm]:
    """Yield a CRM that answers at once."""
    crm = FakeCrm(**fields)
    crm.hold.set()
    async with served(crm.answer) as host:
        crm.host = host
        yield crm


MAPPING = """
source = "crm"
title = "A CRM"
[auth]
scheme = "token"
query = "token"
[[event]]
name = "to be read"
when = "!!named"
read = "deal"
from = "named"
[[event]]
name    = "changed"
when    = "!!changed"
type    = "deal.changed"
id      = ["changed", "at"]
at      = { from = "at", time = "iso" }
subject = { from = "changed", link = "deal" }
deal    = "changed"
stage   = "stage"
amount  = { from = "amount", money = "major" }
currency = { const = "EUR" }
[[event]]
name    = "read"
when    = "_read == 'deal'"
type    = "deal.changed"
id      = ["'read'", "id", "at"]
at      = { from = "at", time = "iso" }
subject = { from = "id", link = "deal" }
deal    = "id"
stage   = "stage"
amount  = { from = "amount", money = "major" }
currency = { const = "EUR" }
[api]
base = "http://{host}/v1"
rate = "RATE"
account = { host = "HOST" }
headers = { Authorization = "Bearer {token}" }
[api.read.deal]
path = "/deals/{id}"
id = "[0-9]{1,9}"
[api.list.deal]
path = "/deals"
query = { since = "{since}", after = "{cursor}" }
items = "items"
page = { cursor = "next" }
"""


def mapping(folder: Path, crm: FakeCrm, rate: int = 1000) -> Path:
    """Write the mapping file of a source `crm` whose API is a fake one."""
    text = MAPPING.replace("HOST", crm.host).replace("RATE", str(rate))
    (folder / "crm.toml").write_text(text)
    return folder


def deal(number: int, stage: str = "new", at: str = "2026-05-01T10:00:00Z") -> dict[str, Any]:
    """A record as the CRM gives it."""
    return {"id": str(number), "stage": stage, "at": at, "amount": "10.50"}
