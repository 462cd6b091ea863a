"""A gateway on a free port, and a sender of events to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, NamedTuple

from aiohttp import ClientSession

from streams.config.settings import Settings
from streams.gateway.server import listening, make_app
from streams.wiring.catalogue import catalogue, known_names

TOKEN = "a-token-that-only-the-tests-know"  # noqa: S105  # opens nothing


class Answer(NamedTuple):
    """A response of the gateway."""

    status: int
    body: Any
    headers: dict[str, str]


class Sender:
    """Sends to one gateway, with the token by default."""

    def __init__(self, session: ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def post(
        self, body: bytes, content_type: str | None = "application/json", **headers: str
    ) -> Answer:
        """Post to /events; `ce_type="x"` is the header `ce-type: x`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if content_type is not None:
            named["Content-Type"] = content_type
        skip = () if content_type else ("Content-Type",)
        async with self.session.post(
            f"{self.url}/events",
            data=BytesIO(body),
            headers={"Authorization": f"Bearer {TOKEN}"} | named,
            skip_auto_headers=skip,
        ) as response:
            return Answer(response.status, await response.json(), dict(response.headers))

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Get a path."""
        async with self.session.get(f"{self.url}{path}", headers=headers) as response:
            return response.status, await response.text()

    async def metric(self, name: str) -> float:
        """Return one sample's value, 0 if there is none."""
        _, text = await self.get("/metrics", Authorization=f"Bearer {TOKEN}")
        for line in text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.removeprefix(f"{name} "))
        return 0.0


@asynccontextmanager
async def gateway(settings: Settings) -> AsyncIterator[Sender]:
    """Run a gateway of these settings."""
    async with (
        listening(
            make_app(settings, known=known_names(catalogue(settings))), "127.0.0.1", 0
        ) as listener,
        ClientSession() as session,
    ):
        yield Sender(session, f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}")
