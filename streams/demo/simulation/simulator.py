"""The simulated CRM: posts its events to the gateway, again where that failed."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice

import aiohttp
import orjson

from streams.demo.simulation.company import EventData
from streams.demo.simulation.retries import POST_TIMEOUT, RETRIED, RequestRefused, pause_s
from streams.demo.simulation.traffic import ScheduledRequest, Traffic
from streams.demo.simulation.webhook_sender import WebhookSender
from streams.demo.simulation.wire import hubspot
from streams.demo.simulation.wire.request import WebhookBody
from streams.demo.simulation.wire.routing import Routing

HISTORY_BATCH = 500
LIVE_BATCH = 50
LIVE_SECONDS = 0.1
# Between two webhooks that nobody can translate; the first comes soon, to be seen.
MISTAKE_MS, FIRST_MISTAKE_MS = 60_000, 5_000


@dataclass(slots=True)
class Counts:
    """Numbers of events accepted by the gateway, and of `webhooks` among the requests.

    `retries` are posts that had to be repeated, `mistakes` webhooks that nobody can translate.
    """

    posted: int = 0
    duplicates: int = 0
    corrections: int = 0
    late: int = 0
    retries: int = 0
    webhooks: int = 0
    mistakes: int = 0


class Simulator:
    """Posts batches one after the other; each is repeated until the gateway has accepted it.

    Once `connect` was called, stories that begin then come by webhooks of CRMs. `on_post` is called
    with each event as it is first posted and the instant, on the clock of `time.monotonic`; None
    for events of the history.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        on_post: Callable[[EventData, float | None], None],
    ) -> None:
        self.counts = Counts()
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._on_post = on_post
        self._webhooks: WebhookSender | None = None
        self._routing = Routing(None)
        self._mistake_at: int | None = None

    def connect(self, webhooks: WebhookSender, routing: Routing) -> None:
        """Send by webhooks from now on what is routed so."""
        self._webhooks = webhooks
        self._routing = routing

    async def post_history(self, traffic: Traffic) -> None:
        """Post reference data, then the last weeks. Raises RequestRefused."""
        reference = [ScheduledRequest(event, "new") for event in traffic.reference()]
        for batch in (reference, *batched(traffic.history(), HISTORY_BATCH)):
            for request in batch:
                self._on_post(request.event, None)
            await self._post(batch)

    async def post_live(self, traffic: Traffic, clock: Callable[[], int]) -> None:
        """Post events as they happen, until cancelled. Raises RequestRefused."""
        while True:
            for batch in batched(traffic.due(clock()), LIVE_BATCH):
                at = time.monotonic()
                for request in batch:
                    self._on_post(request.event, at)
                await self._post(batch)
            await self._make_mistake(clock())
            await asyncio.sleep(LIVE_SECONDS)

    async def _post(self, batch: Sequence[ScheduledRequest]) -> None:
        webhooks: list[WebhookBody] = []
        events: list[EventData] = []
        for request in batch:
            routed = self._routing.route(request.event, int(request.kind == "duplicate"))
            webhooks += routed.webhooks
            events += [] if routed.webhooks else [routed.event]
        # Senders know nothing of each other: in any order.
        await asyncio.gather(self._post_events(events), *map(self._send, webhooks))
        self.counts.posted += len(batch)
        self.counts.duplicates += sum(request.kind == "duplicate" for request in batch)
        self.counts.corrections += sum(request.kind == "correction" for request in batch)
        self.counts.late += sum(request.is_late for request in batch)

    async def _send(self, webhook: WebhookBody) -> None:
        if self._webhooks is not None:
            self.counts.retries += await self._webhooks.send(webhook)
            self.counts.webhooks += 1

    async def _make_mistake(self, now: int) -> None:
        """Send a webhook that cannot be translated, now and then."""
        if self._webhooks is None:
            return
        if self._mistake_at is None:
            self._mistake_at = now + FIRST_MISTAKE_MS
        if now >= self._mistake_at:
            self._mistake_at += MISTAKE_MS
            self.counts.mistakes += 1
            await self._send(hubspot.mistake(now, self.counts.mistakes))

    async def _post_events(self, events: Sequence[EventData]) -> None:
        body = orjson.dumps(events)
        failed = 0
        while events and not await self._is_accepted(body):
            failed += 1
            self.counts.retries += 1
            await asyncio.sleep(pause_s(failed))

    async def _is_accepted(self, body: bytes) -> bool:
        """Post once; False where the same may be accepted later."""
        try:
            async with self._session.post(
                self._url, data=body, headers=self._headers, timeout=POST_TIMEOUT
            ) as answer:
                if answer.status == HTTPStatus.ACCEPTED:
                    return True
                if answer.status in RETRIED:
                    return False
                text = (await answer.text())[:500]
                raise RequestRefused(f"the gateway answered {answer.status}: {text}")
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
            # It is being restarted or is overloaded; the ids make a second post harmless.
            return False


def batched(
    requests: Iterable[ScheduledRequest], size: int
) -> Iterator[tuple[ScheduledRequest, ...]]:
    """Cut into batches of at most `size`."""
    rest = iter(requests)
    while batch := tuple(islice(rest, size)):
        yield batch
