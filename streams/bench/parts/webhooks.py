"""Webhooks at a steady rate: from signed webhooks to the committed KPIs that count them."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator, Awaitable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import orjson
from yarl import URL

from streams.bench.bench import Bench
from streams.bench.latency import Latencies, Send, latencies
from streams.bench.options import EVERY_KPI
from streams.bench.parts.latency import EARLIER_EVENTS, SEEDS, of_all_and_of_a_rep
from streams.bench.parts.throughput import fill
from streams.bench.processes import BenchFailed, process, worker
from streams.bench.workload import Event
from streams.broker.ports import free_port
from streams.config.settings import Settings
from streams.internal_topics.progress import await_settled
from streams.process.environment import environment
from streams.sources.auth import sign
from streams.sources.delivery import Webhook
from streams.sources.loading import sources

HOST = "127.0.0.1"
# Its mapping file passes canonical events through, and its senders sign.
SOURCE = "standardwebhooks"
RATE = 50
CASE = f"{RATE} webhooks/s"
SECRET_BYTES = 32
SETTLED_SECONDS = 120.0


@dataclass(frozen=True)
class Sender:
    """A sender of signed webhooks, each with one event."""

    gateway: str
    secret: str

    @asynccontextmanager
    async def sending(self, settings: Settings) -> AsyncIterator[Send]:
        """Yield a function that posts an event; all posts run at once."""
        recipe = sources()[SOURCE].recipe
        async with aiohttp.ClientSession() as session:

            async def post(webhook: Webhook) -> None:
                url = URL(self.gateway + webhook.target, encoded=True)
                async with session.post(url, data=webhook.body, headers=webhook.headers) as answer:
                    if not answer.ok:
                        raise BenchFailed(f"{url.path} answered {answer.status}")

            async def send(event: Event) -> Awaitable[object]:
                now = settings.clock()
                plain = Webhook(
                    source=SOURCE,
                    label="",
                    method="POST",
                    target=f"/webhooks/{SOURCE}",
                    headers=(("content-type", "application/json"), ("webhook-id", event["id"])),
                    body=orjson.dumps(
                        {"type": event["type"], "timestamp": event["at"], "data": event}
                    ),
                    received=now,
                )
                return asyncio.create_task(post(sign(plain, recipe, self.secret, "", now)))

            yield send


def measure(bench: Bench) -> None:
    """Measure p50 and p99 through one gateway, one translating process and one worker."""
    options, installation = bench.options, bench.installation
    for number in range(1, options.repeats + 1):
        fill(bench, EARLIER_EVENTS, SEEDS)
        installation.renew(EVERY_KPI, keep_events=True)
        with bench.steps.step(f"webhooks, {CASE}"):
            found = latency_of_webhooks(
                installation.folder, installation.settings, SEEDS + number, options.seconds
            )
        bench.add("webhooks", CASE, of_all_and_of_a_rep(found))


def latency_of_webhooks(folder: Path, settings: Settings, seed: int, seconds: float) -> Latencies:
    """Return the latencies through processes of their own."""
    port = free_port(HOST)
    key = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    sender = Sender(f"http://{HOST}:{port}", f"whsec_{key}")
    variables = environment(replace(settings, secrets={SOURCE: (sender.secret,)}))
    with ExitStack() as running:
        running.enter_context(worker(folder / "worker.log", variables))
        for arguments, sign_of_life in (
            (("gateway", "--port", str(port)), "connected to Kafka"),
            (("translate",), "ready"),
        ):
            log = folder / f"{arguments[0]}.log"
            running.enter_context(process(arguments, log, variables, sign_of_life))
        asyncio.run(await_settled(settings, SETTLED_SECONDS))
        return asyncio.run(latencies(settings, RATE, seconds, seed, sender.sending))
