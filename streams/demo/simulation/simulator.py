"""The company's CRM at work: posts its events to the gateway, again where it was not heard."""

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
FIRST_WAIT = 0.2
LONGEST_WAIT = 5.0
COME_AGAIN = frozenset(
    (
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    )
)


class RequestRefused(Exception):
    """The gateway will not have an event, now or later; the message says what it said."""


@dataclass(slots=True)
class Counts:
    """What was posted and taken; `retries` are posts that had to be repeated."""

    posted: int = 0
    duplicates: int = 0
    corrections: int = 0
    late: int = 0
    retries: int = 0


class Simulator:
    """Posts batches one after the other; each is repeated until the gateway has taken it."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        token: str,
        watch: Callable[[EventData, float | None], None],
    ) -> None:
        """Say where to; `watch` hears of each live event as it first goes out, and when.

        For events of the past the instant is None. It is on the clock of `time.monotonic`.
        """
        self.counts = Counts()
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._on_response = watch

    async def post_history(self, traffic: Traffic) -> None:
        """Post reference data, then the weeks before. Raises Refused."""
        reference = [ScheduledRequest(event, "new") for event in traffic.reference()]
        for batch in (reference, *batched(traffic.history(), HISTORY_BATCH)):
            for delivery in batch:
                self._on_response(delivery.event, None)
            await self._post(batch)

    async def post_live(self, traffic: Traffic, clock: Callable[[], int]) -> None:
        """Post what happens as it happens, until cancelled. Raises Refused."""
        while True:
            for batch in batched(traffic.due(clock()), LIVE_BATCH):
                at = time.monotonic()
                for delivery in batch:
                    self._on_response(delivery.event, at)
                await self._post(batch)
            await asyncio.sleep(LIVE_SECONDS)

    async def _post(self, batch: Sequence[ScheduledRequest]) -> None:
        body = orjson.dumps([delivery.event for delivery in batch])
        wait = FIRST_WAIT
        while not await self._is_accepted(body):
            self.counts.retries += 1
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
        self.counts.posted += len(batch)
        self.counts.duplicates += sum(delivery.kind == "duplicate" for delivery in batch)
        self.counts.corrections += sum(delivery.kind == "correction" for delivery in batch)
        self.counts.late += sum(delivery.is_late for delivery in batch)

    async def _is_accepted(self, body: bytes) -> bool:
        """Post once; False where the same may be taken later."""
        try:
            async with self._session.post(
                self._url, data=body, headers=self._headers, timeout=POST_TIMEOUT
            ) as answer:
                if answer.status == HTTPStatus.ACCEPTED:
                    return True
                if answer.status in COME_AGAIN:
                    return False
                said = (await answer.text())[:500]
                raise RequestRefused(f"the gateway answered {answer.status}: {said}")
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
            # It is being restarted or is overloaded; the ids make a second telling harmless.
            return False


def batched(
    deliveries: Iterable[ScheduledRequest], size: int
) -> Iterator[tuple[ScheduledRequest, ...]]:
    """Cut into batches of at most `size`."""
    rest = iter(deliveries)
    while batch := tuple(islice(rest, size)):
        yield batch
