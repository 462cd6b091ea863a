"""A worker process with its `/metrics` endpoint: health of the worker, KPIs and alerts."""

import asyncio
from collections.abc import Callable

from streams.agents.main import run_worker as run_agents
from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.kafka.errors import Fatal
from streams.kafka.topics import ALERTS
from streams.output.alerts import AlertCollector
from streams.output.prometheus.collector import KpiCollector
from streams.output.prometheus.server import serve
from streams.output.reader import Feed
from streams.wiring.core import build_core
from streams.worker.metrics import WorkerMetrics


def run_worker(settings: Settings, rules: Rules, host: str, metrics_port: int | None) -> None:
    """Run one worker in this process until it is stopped by a signal.

    With a port it serves `/metrics`, `/livez` and `/readyz`. One reader per output topic feeds
    the KPIs and the alerts, so that every worker exposes all of them.
    """
    core = build_core(settings, rules)

    async def serve_metrics(
        metrics: WorkerMetrics, not_ready_reason: Callable[[], str | None]
    ) -> None:
        if metrics_port is None:
            return
        collector = KpiCollector(core.catalogue, settings.clock)
        alerts = AlertCollector()
        metrics.registry.register(collector)
        metrics.registry.register(alerts)
        try:
            server = await serve(
                metrics.registry, metrics_port, host=host, trouble=not_ready_reason
            )
        except OSError as error:
            raise Fatal(f"no metrics on {host}:{metrics_port}: {error.strerror}") from error
        try:
            await asyncio.gather(
                Feed(settings, collector).run(), Feed(settings, alerts, topic=ALERTS).run()
            )
        finally:
            await server.close()

    run_agents(settings, serve_metrics, core)
