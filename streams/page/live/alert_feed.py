"""The reader of `sales.alerts`, which knows when each record was written."""

import asyncio
from contextlib import aclosing

from streams.config.settings import Settings
from streams.kafka.topics import ALERTS
from streams.output.reader import read_from
from streams.page.live.topics import AlertView


class AlertFeed:
    """Updates a view of alerts; `caught_up` is set once it has all that were there at the start."""

    def __init__(self, settings: Settings, view: AlertView) -> None:
        self.caught_up = asyncio.Event()
        self._settings = settings
        self._view = view

    async def run(self) -> None:
        """Read until cancelled. Raises Fatal if Kafka cannot be read."""
        async with aclosing(read_from(self._settings, ALERTS)) as batches:
            async for batch in batches:
                for entry in batch.entries:
                    self._view.update(entry.key, entry.record, entry.written_ms)
                if batch.is_caught_up:
                    self.caught_up.set()
