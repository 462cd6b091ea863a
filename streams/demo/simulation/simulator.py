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
from streams.demo.simulation.traffic import ScheduledRequest, Traffic

HISTORY_BATCH = 500
LIVE_BATCH = 50
LIVE_SECONDS = 0.1
POST_TIMEOUT = aiohttp.ClientTimeout(total=15)
FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 5.0
RETRIED = frozenset(
    (
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    )
)


class RequestRefused(Exception):
    """The gateway refuses an event for good; the message holds its answer."""


@dataclass(slots=True)
class Counts:
    """Numbers of events accepted by the gateway; `retries` are posts that had to be repeated."""

    posted: int = 0
    duplicates: int = 0
    corrections: int = 0
    late: int = 0
    retries: int = 0


class Simulator:
    """Posts batches one after the other; each is repeated until the gateway has accepted it.

    `on_post` is called with each event as it is first posted and the instant, on the clock of
    `time.monotonic`; None for events of the history.
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
            await asyncio.sleep(LIVE_SECONDS)

    async def _post(self, batch: Sequence[ScheduledRequest]) -> None:
        body = orjson.dumps([request.event for request in batch])
        wait_s = FIRST_WAIT_SECONDS
        while not await self._is_accepted(body):
            self.counts.retries += 1
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_SECONDS)
        self.counts.posted += len(batch)
        self.counts.duplicates += sum(request.kind == "duplicate" for request in batch)
        self.counts.corrections += sum(request.kind == "correction" for request in batch)
        self.counts.late += sum(request.is_late for request in batch)

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
