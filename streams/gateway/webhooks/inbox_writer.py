"""Writes deliveries to the inbox, whether or not their senders still wait."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from streams.gateway.errors import RequestRejected
from streams.gateway.event_producer import EventProducer
from streams.gateway.in_flight import InFlightRequests
from streams.internal_topics.inbox import Headers, InboxKeys, encode
from streams.kafka.topics import INBOX
from streams.sources.delivery import Delivery

log = logging.getLogger(__name__)

# Bodies whose writes go on after their requests were answered, together.
PENDING_BYTES = 16 * 1024 * 1024


class InboxRecord(NamedTuple):
    """One record of the inbox; it may be in any partition."""

    value: bytes
    headers: Headers
    topics: tuple[str, ...] = (INBOX,)
    key: None = None


class InboxWriter:
    """Writes one record for each delivery; a write goes on when its deadline has passed.

    A shutdown waits for writes, as it does for requests.
    """

    def __init__(self, producer: EventProducer, keys: InboxKeys, in_flight: InFlightRequests):
        self._producer = producer
        self._keys = keys
        self._in_flight = in_flight
        # The event loop alone keeps no reference to them.
        self._writing: set[asyncio.Task[bool]] = set()
        self._pending = 0

    async def write(
        self,
        delivery: Delivery,
        mapping: str,
        seconds: float,
        on_end: Callable[[bool], None],
    ) -> bool:
        """Write a delivery and return whether Kafka has acknowledged it within these seconds.

        `on_end` is called with whether it is in the inbox, which may be known later only.
        """
        task = asyncio.create_task(self._write(delivery, mapping, on_end), name="inbox")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        # Not awaited itself: a request that is cancelled leaves it alone.
        done, _ = await asyncio.wait({task}, timeout=seconds)
        return bool(done) and task.result()

    async def _write(
        self, delivery: Delivery, mapping: str, on_end: Callable[[bool], None]
    ) -> bool:
        is_written = False
        try:
            with self._in_flight.request(), self._reserved(len(delivery.body)):
                record = InboxRecord(*encode(delivery, mapping, self._keys))
                await self._producer.write([record])
            is_written = True
        except RequestRejected as error:
            log.debug("a webhook of %s was not kept: %s", delivery.source, error.error)
        finally:
            on_end(is_written)
        return is_written

    @contextmanager
    def _reserved(self, size: int) -> Iterator[None]:
        """Count the bytes of a write for the block. Raises RequestRejected for too many."""
        if self._pending + size > PENDING_BYTES:
            raise RequestRejected("busy", "too many webhooks wait for Kafka")
        self._pending += size
        try:
            yield
        finally:
            self._pending -= size
