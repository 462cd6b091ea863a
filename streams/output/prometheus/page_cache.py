"""The metrics page: built at most once a second, on another thread than the event loop."""

import asyncio
import time

from prometheus_client.registry import Collector

from streams.output.prometheus.exposition import Form, Snapshot

# Two scrapes of one Prometheus are further apart; several of them share what was built.
FRESH_SECONDS = 1.0


class PageCache:
    """The metrics of a registry, as of at most FRESH_SECONDS ago; for one event loop.

    The registry's collectors must allow to be called from another thread.
    """

    def __init__(self, registry: Collector) -> None:
        self._registry = registry
        self._snapshot: Snapshot | None = None
        self._built_at = 0.0
        self._building = asyncio.Lock()

    async def page(self, form: Form) -> bytes:
        """Return the metrics in a form. Requests at the same time wait for one build."""
        async with self._building:
            now = time.monotonic()
            if self._snapshot is None or now - self._built_at >= FRESH_SECONDS:
                self._snapshot = await asyncio.to_thread(Snapshot, self._registry)
                self._built_at = time.monotonic()
            return await asyncio.to_thread(self._snapshot.written, form)
