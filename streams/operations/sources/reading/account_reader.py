"""Reads what waits of one account of a source, within its rate limit."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from aiokafka import ConsumerRecord

from streams.internal_topics.reads import ReadKey
from streams.operations.sources.accounts import Account, token_variable
from streams.operations.sources.api_client import ApiClient, Refused, Unavailable
from streams.operations.sources.reading.metrics import ReadMetrics
from streams.operations.sources.reading.outbox import ReadOutbox
from streams.operations.sources.reading.queue import ReadQueue, Waiting
from streams.sources.api import Api, ReadCall
from streams.sources.api.pacing import LONGEST_PAUSE_MS, pause
from streams.sources.api.pages import BadAnswer, delivered, records
from streams.sources.api.requests import NoRequest, refusal

log = logging.getLogger(__name__)
# Of a record that the CRM refuses to give: a few minutes; then it is a dead letter.
MOST_TRIES = 8
# The client sends no larger record, with its headers.
LARGEST_BYTES = 1_000_000
Pauses = Callable[[int, int | None], int]
Group = Mapping[ReadKey, Waiting]


class AccountReader:
    """Reads one account until nothing waits any more.

    A record that the CRM refuses to give becomes a dead letter after MOST_TRIES; while the CRM is
    away or refuses the token, and while there is no token, everything waits.
    """

    def __init__(
        self,
        account: Account,
        api: Api | None,
        client: ApiClient | None,
        queue: ReadQueue,
        outbox: ReadOutbox,
        metrics: ReadMetrics,
        pauses: Pauses = pause,
    ) -> None:
        self._account, self._api, self._client = account, api, client
        self._queue, self._outbox, self._metrics = queue, outbox, metrics
        self._pauses = pauses
        # Failures in a row that are not one record's.
        self._failures = 0

    async def run(self) -> None:
        """Read until nothing waits. Raises Fatal if Kafka fails."""
        while (due := self._queue.next_due(self._account)) is not None:
            await asyncio.sleep(max(due - now_ms(), 0) / 1000)
            if self._api is not None and self._client is None:
                variable = f"SALES_KPIS_{token_variable(self._account)}"
                log.warning("%s: records wait to be read: set %s", self._account, variable)
                await asyncio.sleep(LONGEST_PAUSE_MS / 1000)
                continue
            most = {kind: call.most for kind, call in self._api.reads.items()} if self._api else {}
            group = self._queue.due(self._account, now_ms(), most)
            readable = await self._readable(group)
            if readable and self._client is not None:
                await self._read(self._client, readable)

    async def _readable(self, group: Group) -> Group:
        """Return what can be asked for; the rest becomes dead letters."""
        found = {}
        for key, waiting in group.items():
            reason = refusal(self._api, key.kind, key.id)
            if reason is None:
                found[key] = waiting
            else:
                await self._give_up(key, waiting.request, reason)
        return found

    async def _read(self, client: ApiClient, group: Group) -> None:
        requests = {key: waiting.request for key, waiting in group.items()}
        kind = next(iter(group)).kind
        call: ReadCall = client.api.reads[kind]
        try:
            answer = await client.read(kind, [key.id for key in group])
            found = records(call, [key.id for key in group], answer)
        except (Refused, BadAnswer) as error:
            await self._refuse(group, str(error))
            return
        except (Unavailable, NoRequest) as error:
            await self._hold(group, error)
            return
        self._failures = 0
        for key, request in requests.items():
            item = found[key.id]
            body = b"" if item is None else delivered(kind, item)
            if len(body) > LARGEST_BYTES:
                reason = f"a record of {len(body)} bytes, more than {LARGEST_BYTES}"
                await self._give_up(key, request, reason)
                continue
            if item is not None:
                await self._outbox.deliver(key, body)
            self._metrics.read(self._account.source, "gone" if item is None else "read")
            await self._answer(key, request)

    async def _answer(self, key: ReadKey, request: ConsumerRecord) -> None:
        # A later request that is known already has its own answer, after another read.
        if self._queue.answered(key, request.offset):
            await self._outbox.answer(key, request)

    async def _refuse(self, group: Group, reason: str) -> None:
        """Try the records later, one by one; give up those that were tried often enough."""
        for key, waiting in group.items():
            if waiting.tries + 1 >= MOST_TRIES:
                await self._give_up(key, waiting.request, reason)
            else:
                wait_ms = self._pauses(waiting.tries + 1, None)
                self._queue.fail(key, now_ms() + wait_ms)
        self._metrics.read(self._account.source, "refused")

    async def _hold(self, group: Group, error: Unavailable | NoRequest) -> None:
        """Leave the account alone for a while, and these records for longer."""
        self._failures += 1
        asked_ms = error.retry_ms if isinstance(error, Unavailable) else None
        wait_ms = self._pauses(self._failures, asked_ms)
        if self._failures == 1:
            log.warning("%s: records cannot be read now: %s", self._account.source, error)
        self._metrics.read(self._account.source, "later")
        for key in group:
            self._queue.fail(key, now_ms() + wait_ms)
        await asyncio.sleep(wait_ms / 1000)

    async def _give_up(self, key: ReadKey, request: ConsumerRecord, reason: str) -> None:
        log.error("%s: a %s cannot be read: %s: dead letter", key.source, key.kind, reason)
        await self._outbox.give_up(key, request, reason)
        await self._answer(key, request)
        self._metrics.read(key.source, "dead letter")


def now_ms() -> int:
    """Return the monotonic clock in milliseconds."""
    return time.monotonic_ns() // 1_000_000
