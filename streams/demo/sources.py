"""The sources of the demo: secrets that nobody knows, and mapping files of its own."""

import asyncio
import secrets
from dataclasses import replace
from types import MappingProxyType

import aiohttp

from streams.config.settings import Settings
from streams.demo.installation import Installation
from streams.demo.simulation.simulator import Simulator
from streams.demo.simulation.traffic import Traffic
from streams.demo.simulation.webhook_sender import WebhookSender
from streams.demo.simulation.wire.mappings import write_mappings
from streams.demo.simulation.wire.routing import SOURCES, Routing

SECRET_BYTES = 24


def with_sources(settings: Settings) -> Settings:
    """Return the settings with the demo's sources and no others; writes their mapping files."""
    folder = settings.data / "demo" / "sources"
    write_mappings(folder, settings.currency)
    made = {name: (secrets.token_urlsafe(SECRET_BYTES),) for name in SOURCES}
    return replace(
        settings,
        secrets=MappingProxyType(made),
        api_tokens=MappingProxyType({}),
        sources=folder,
    )


async def post(
    session: aiohttp.ClientSession,
    installation: Installation,
    simulator: Simulator,
    traffic: Traffic,
) -> None:
    """Post live events until cancelled, some by webhooks once these are translated.

    Raises StartError and RequestRefused.
    """
    settings = installation.settings

    async def connect() -> None:
        sender = await WebhookSender.open(session, settings)
        for translating in installation.translating:
            await translating.await_healthy(session)
        simulator.connect(sender, Routing(traffic.next_story))

    await asyncio.gather(simulator.post_live(traffic, settings.clock), connect())
