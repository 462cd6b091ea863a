"""The routes `/webhooks/<source>` and `/webhooks/<source>/<label>`.

The label tells accounts of one CRM apart. Which methods, codes and deadlines hold is the mapping
file's; 2xx to a delivery always means that Kafka has acknowledged it.
"""

import asyncio

from aiohttp import web
from prometheus_client import CollectorRegistry

from streams.config.settings import Settings
from streams.gateway.bodies import read_body
from streams.gateway.errors import RequestRejected
from streams.gateway.event_producer import EventProducer
from streams.gateway.in_flight import InFlightRequests
from streams.gateway.limits import MemoryBudget
from streams.gateway.webhooks import requests
from streams.gateway.webhooks.endpoints import endpoints
from streams.gateway.webhooks.inbox_writer import InboxWriter
from streams.gateway.webhooks.metrics import WebhookMetrics
from streams.gateway.webhooks.replay_memory import ReplayMemory
from streams.gateway.webhooks.service import Webhooks
from streams.internal_topics.inbox import InboxKeys
from streams.kafka.topics import INBOX

PREFIX = "/webhooks/"


class WebhookHandler:
    """Reads requests within the limits of all requests in flight, and has them answered.

    Raises BadSetting as `endpoints` does. Before the first request it is to be connected.
    """

    def __init__(
        self, settings: Settings, registry: CollectorRegistry, budget: MemoryBudget
    ) -> None:
        configured = endpoints(settings)
        self.topics = frozenset({INBOX} if configured else ())
        metrics = WebhookMetrics(registry, configured)
        self._webhooks = Webhooks(settings, configured, metrics, ReplayMemory())
        self._keys = InboxKeys(settings.inbox_key)
        self._budget = budget
        self._writer: InboxWriter

    def connect(self, producer: EventProducer, in_flight: InFlightRequests) -> None:
        """Write with this producer from now on."""
        self._writer = InboxWriter(producer, self._keys, in_flight)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes; every method is the mapping file's to allow."""
        paths = (f"{PREFIX}{{source}}", f"{PREFIX}{{source}}/{{label}}")
        return [web.route("*", path, self.receive) for path in paths]

    async def receive(self, request: web.Request) -> web.Response:
        """Answer a request; 404 for a source that is not set up."""
        name, label = request.match_info["source"], request.match_info.get("label", "")
        endpoint = self._webhooks.endpoint(name, label)
        if endpoint is None:
            raise web.HTTPNotFound
        clock, received = asyncio.get_running_loop().time, self._webhooks.now()
        begun = clock()
        deadline = begun + endpoint.source.delivery.deadline_ms / 1_000
        try:
            body = await read_body(request, self._budget)
        except RequestRejected as error:
            return self._webhooks.unread(endpoint, error, received)
        try:
            found = requests.webhook(request, name, label, bytes(body), received)
            return await self._webhooks.answer(endpoint, found, self._writer, deadline)
        finally:
            self._budget.release(len(body))
            self._webhooks.metrics.seconds.observe(clock() - begun)
