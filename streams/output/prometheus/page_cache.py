"""The metrics page: built on another thread than the event loop, and ahead if that takes long."""

import asyncio
import contextlib
import time

from prometheus_client.registry import Collector

from streams.output.prometheus.exposition import Form, Snapshot

# Two scrapes of one Prometheus are further apart; several of them share what was built.
FRESH_SECONDS = 1.0
# A page that takes longer is built ahead of the next scrape, which would have to wait for it.
LONG_BUILD_SECONDS = 0.1
# Building ahead takes one part in so many of the time of a thread, or more if the page would be
# older than this.
SHARE_OF_TIME, LONGEST_PAUSE_SECONDS = 15, 5.0
# Nothing is built ahead if nobody has asked for so long, from the start on; Prometheus asks every
# 15 s to a minute.
IDLE_SECONDS = 150.0


class PageCache:
    """The metrics of a registry, as of at most FRESH_SECONDS ago; for one event loop.

    A page that takes longer than LONG_BUILD_SECONDS may be older by LONGEST_PAUSE_SECONDS and the
    time of two builds, if `build_ahead` runs. The registry's collectors must allow to be called
    from another thread.
    """

    def __init__(self, registry: Collector) -> None:
        self._registry = registry
        self._snapshot: Snapshot | None = None
        self._forms: set[Form] = set()
        self._building = asyncio.Lock()
        self._asked_at = time.monotonic()
        self._built_at = 0.0
        self._took_s = 0.0

    async def page(self, form: Form) -> bytes:
        """Return the metrics in a form. Requests at the same time wait for one build."""
        self._asked_at = time.monotonic()
        self._forms.add(form)
        snapshot = self._snapshot
        if snapshot is None or self._asked_at - self._built_at >= self._longest_age_s():
            snapshot = await self._built_after(self._asked_at - FRESH_SECONDS)
        return await asyncio.to_thread(snapshot.written, form)

    async def build_ahead(self) -> None:
        """Build pages that take long before they are asked for, until this is cancelled."""
        while True:
            await asyncio.sleep(self._pause_s())
            if self._is_wanted_ahead():
                # What cannot be built fails the next request, which tries it again.
                with contextlib.suppress(Exception):
                    snapshot = await self._built_after(time.monotonic())
                    for form in self._forms:
                        await asyncio.to_thread(snapshot.written, form)

    async def _built_after(self, earliest: float) -> Snapshot:
        async with self._building:
            snapshot = self._snapshot
            if snapshot is None or self._built_at <= earliest:
                began = time.monotonic()
                try:
                    snapshot = await asyncio.to_thread(Snapshot, self._registry)
                except BaseException:
                    self._snapshot = None  # the next request has to fail as well
                    raise
                self._snapshot, self._built_at = snapshot, time.monotonic()
                self._took_s = self._built_at - began
            return snapshot

    def _is_wanted_ahead(self) -> bool:
        is_asked_for = time.monotonic() - self._asked_at < IDLE_SECONDS
        # How long the first scrape would wait is not known before a page has been built.
        return is_asked_for and (self._took_s > LONG_BUILD_SECONDS or not self._forms)

    def _pause_s(self) -> float:
        return min(max(FRESH_SECONDS, SHARE_OF_TIME * self._took_s), LONGEST_PAUSE_SECONDS)

    def _longest_age_s(self) -> float:
        """Return how old a page may be: until the next one is there, if that is built ahead."""
        if self._took_s <= LONG_BUILD_SECONDS:
            return FRESH_SECONDS
        return self._pause_s() + 3 * self._took_s
