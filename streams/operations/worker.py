"""A worker process with its `/metrics` endpoint: health of the worker, KPIs and alerts."""

import asyncio
from collections.abc import Callable

from streams.agents.main import run_worker as run_agents
from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.kafka.topics import ALERTS
from streams.output.alerts import AlertCollector
from streams.output.prometheus.collector import KpiCollector
from streams.output.prometheus.metrics_server import metrics_server
from streams.output.reader import Feed
from streams.wiring.core import build_core
from streams.worker.metrics import WorkerMetrics

# So many changed records are decoded within the time of a scrape; more are decoded before it.
UNDECODED_RECORDS = 1_000
DECODE_SECONDS = 5.0


def run_worker(settings: Settings, rules: Rules, host: str) -> None:
    """Run one worker in this process until it is stopped by a signal.

    With a port for metrics it serves `/metrics`, `/livez` and `/readyz`. One reader per output
    topic feeds the KPIs and the alerts, so that every worker exposes all of them.
    """
    core = build_core(settings, rules)
    collector = KpiCollector(core.catalogue, settings)

    async def serve_metrics(
        metrics: WorkerMetrics, not_ready_reason: Callable[[], str | None]
    ) -> None:
        if settings.metrics_port is None:
            return
        alerts = AlertCollector()
        metrics.registry.register(collector)
        metrics.registry.register(alerts)
        async with metrics_server(settings, metrics.registry, host, not_ready_reason):
            await asyncio.gather(
                Feed(settings, collector).run(),
                Feed(settings, alerts, topic=ALERTS).run(),
                keep_decoded(collector),
            )

    run_agents(settings, serve_metrics, core)


async def keep_decoded(collector: KpiCollector) -> None:
    """Decode changed records before they are so many that a scrape would wait for them."""
    while True:
        await asyncio.sleep(DECODE_SECONDS)
        if collector.undecoded > UNDECODED_RECORDS:
            await asyncio.to_thread(collector.decode)
