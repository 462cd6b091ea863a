"""Pulls from a CRM what has changed, once or again and again."""

import asyncio
import logging
from typing import NoReturn

from prometheus_client import CollectorRegistry, Counter, Gauge

from streams.config.settings import Settings
from streams.operations.sources.accounts import Account
from streams.operations.sources.api_client import http_session
from streams.operations.sources.pulling.pull import (
    CannotPull,
    OnProgress,
    Pull,
    Pulled,
    client_of,
)
from streams.output.prometheus.metrics_server import metrics_server
from streams.translation.translator import Translator

log = logging.getLogger(__name__)
# Lists of CRMs lag behind changes, and clocks differ; what is pulled twice is not written twice.
OVERLAP_MS = 15 * 60_000


async def pull(
    settings: Settings,
    translator: Translator,
    account: Account,
    since: int,
    on_progress: OnProgress = lambda *_: None,
) -> Pulled:
    """Pull what changed since an instant in milliseconds, and write what the topics lack.

    Raises CannotPull if the CRM does not give it all, and Fatal if Kafka fails.
    """
    async with http_session() as session:
        api_client = client_of(settings, translator, account, session)
        return await Pull(settings, translator, account, api_client, on_progress).run(since)


class PullMetrics:
    """The metrics of a process that pulls again and again."""

    def __init__(self, registry: CollectorRegistry, source: str) -> None:
        def counter(name: str, text: str) -> Counter:
            found = Counter(f"sales_kpis_{name}", text, ("source",), registry=registry)
            found.labels(source)
            return found

        self._source = source
        self._records = counter("pulled_records", "Records of the CRM that had changed.")
        self._repaired = counter(
            "pull_repaired_events", "Events that were missing or differed, and were written."
        )
        self._unmapped = counter("pull_unmapped_records", "Records that could not be translated.")
        self._failures = counter("pull_failures", "Pulls that the CRM did not answer whole.")
        self._pulled_at = Gauge(
            "sales_kpis_pull_timestamp_seconds",
            "When a pull last succeeded, in seconds since the epoch.",
            ("source",),
            registry=registry,
        )

    def pulled(self, found: Pulled, clock: int) -> None:
        """Count a pull that succeeded, at `clock` in milliseconds."""
        self._records.labels(self._source).inc(found.records.total())
        self._repaired.labels(self._source).inc(found.repaired.total())
        self._unmapped.labels(self._source).inc(found.unmapped_count)
        self._pulled_at.labels(self._source).set(clock / 1000)

    def failed(self) -> None:
        """Count a pull that failed."""
        self._failures.labels(self._source).inc()


async def pull_repeatedly(
    settings: Settings,
    translator: Translator,
    account: Account,
    since: int,
    every_ms: int,
    host: str,
) -> NoReturn:
    """Pull in intervals until cancelled, each time from shortly before the last success.

    A pull that fails is repeated with the next one. Raises CannotPull if the account is not set
    up, and Fatal if Kafka fails.
    """
    registry = CollectorRegistry()
    metrics = PullMetrics(registry, account.source)
    async with http_session() as session, metrics_server(settings, registry, host, lambda: None):
        # It outlives a pull: it knows the rate limit and the token.
        api_client = client_of(settings, translator, account, session)
        while True:
            begun = settings.clock()
            try:
                found = await Pull(settings, translator, account, api_client).run(since)
            except CannotPull as error:
                log.error("%s; again in %d s", error, every_ms // 1000)
                metrics.failed()
            else:
                metrics.pulled(found, settings.clock())
                log.info("%s: %s", account, found)
                since = begun - OVERLAP_MS
            await asyncio.sleep(every_ms / 1000)
