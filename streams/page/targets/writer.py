"""The way of a target to Kafka: a producer that is opened for the first one."""

import asyncio
from contextlib import AsyncExitStack

from streams.config.settings import Settings
from streams.events import TargetSet
from streams.gateway.event_producer import EventProducer
from streams.gateway.records import Record


class TargetWriter:
    """Writes targets; a page on which none is set opens no producer, and needs no right to write.

    It is closed by `close`, in any task.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._producer: EventProducer | None = None

    async def write(self, record: Record) -> None:
        """Write a record and wait until all replicas have it. Raises RequestRejected."""
        async with self._opening:
            if self._producer is None:
                opening = EventProducer.open(self._settings, [TargetSet.topic])
                self._producer = await self._opened.enter_async_context(opening)
        await self._producer.write([record])

    async def close(self) -> None:
        """Close the producer, if there is one."""
        await self._opened.aclose()
