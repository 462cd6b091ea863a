"""What a gateway has for webhooks: its sources, and what it remembers of them."""

import asyncio
from collections.abc import Mapping
from functools import partial

from aiohttp import web

from streams.config.settings import Settings
from streams.gateway.errors import RequestRejected
from streams.gateway.webhooks import answers, requests
from streams.gateway.webhooks.endpoints import LABEL, Endpoint
from streams.gateway.webhooks.inbox_writer import InboxWriter
from streams.gateway.webhooks.metrics import Outcome, WebhookMetrics
from streams.gateway.webhooks.outages import Outages
from streams.gateway.webhooks.replay_memory import ReplayMemory
from streams.sources.auth import Refused, Verified, handshake, verify
from streams.sources.delivery import Webhook

# A request that came late still has a moment for its write.
LEAST_SECONDS = 0.05


class Webhooks:
    """Answers the requests of the sources that are set up."""

    def __init__(
        self,
        settings: Settings,
        endpoints: Mapping[str, Endpoint],
        metrics: WebhookMetrics,
        memory: ReplayMemory,
    ) -> None:
        self.metrics = metrics
        self._settings = settings
        self._endpoints = endpoints
        self._memory = memory
        self._outages = Outages(metrics)

    def endpoint(self, source: str, label: str) -> Endpoint | None:
        """Return the endpoint of an address; None for a source that is not set up."""
        return self._endpoints.get(source) if not label or LABEL.fullmatch(label) else None

    def now(self) -> int:
        """Return the time in milliseconds since the epoch."""
        return self._settings.clock()

    async def answer(
        self, endpoint: Endpoint, found: Webhook, writer: InboxWriter, deadline: float
    ) -> web.Response:
        """Answer a request that was read whole; `deadline` is on the event loop's clock."""
        rules, public_url, now = endpoint.source.delivery, self._settings.public_url, found.received
        secrets = endpoint.secrets
        reply = handshake(found, endpoint.source.handshakes, secrets, public_url, now)
        if isinstance(reply, Refused):
            return self._unverified(endpoint, reply, now)
        if reply is not None:
            self.count(endpoint, "handshake")
            return answers.echoed(reply)
        if found.method not in rules.methods:
            raise web.HTTPMethodNotAllowed(found.method, rules.methods)
        verified = verify(found, endpoint.recipe, secrets, public_url, now)
        if isinstance(verified, Refused):
            return self._unverified(endpoint, verified, now)
        if verified.replay and self._memory.has(endpoint.name, verified.replay, now):
            self.count(endpoint, "repeated")
            return answers.accepted(rules)
        # To refuse one that is not repeated would lose it.
        if endpoint.is_repeated and not endpoint.limit.admits(asyncio.get_running_loop().time()):
            self.count(endpoint, "limited")
            return answers.limited()
        return await self._kept(endpoint, found, verified, writer, deadline)

    def unread(self, endpoint: Endpoint, error: RequestRejected, received: int) -> web.Response:
        """Answer a request whose body could not be read whole."""
        if error.status == 503:
            self.count(endpoint, "later")
            self._outages.not_kept(endpoint, received)
            return answers.later(endpoint.source.delivery)
        self.count(endpoint, "unreadable")
        return answers.refusal(error.status, error.error, error.headers)

    def count(self, endpoint: Endpoint, outcome: Outcome) -> None:
        """Count the outcome of a request."""
        self.metrics.requests.labels(endpoint.name, outcome).inc()

    async def _kept(
        self,
        endpoint: Endpoint,
        found: Webhook,
        verified: Verified,
        writer: InboxWriter,
        deadline: float,
    ) -> web.Response:
        source = endpoint.source
        try:
            delivery = requests.delivery(found, endpoint, verified)
        except (ValueError, RecursionError):
            # Its tokens are alive, and cannot be found.
            self.count(endpoint, "unreadable")
            return answers.refusal(source.delivery.broken, "the body cannot be read")
        seconds = max(deadline - asyncio.get_running_loop().time(), LEAST_SECONDS)
        on_end = partial(self._ended, endpoint, found.received, verified.replay)
        if await writer.write(delivery, source.digest, seconds, on_end):
            self.count(endpoint, "accepted")
            return answers.accepted(source.delivery)
        self.count(endpoint, "later")
        return answers.later(source.delivery)

    def _ended(
        self, endpoint: Endpoint, received: int, replay: str | None, is_written: bool
    ) -> None:
        """Note how a write has ended, in time or not."""
        if not is_written:
            self._outages.not_kept(endpoint, received)
            return
        self._outages.kept(endpoint)
        self.metrics.last.labels(endpoint.name).set(received / 1_000)
        if replay is not None:
            self._memory.remember(endpoint.name, replay, received)

    def _unverified(self, endpoint: Endpoint, refused: Refused, now: int) -> web.Response:
        rules = endpoint.source.delivery
        self.count(endpoint, "unverified")
        self.metrics.unverified.labels(endpoint.name, refused.kind).inc()
        self._outages.unverified(endpoint, f"{refused.kind}: {refused.reason}", now)
        status = rules.broken if refused.kind == "body" else rules.refused
        return answers.refusal(status, f"not verified: {refused.reason}")
