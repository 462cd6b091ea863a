"""A real Prometheus with the committed configuration: it scrapes, and every query answers."""

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry

from streams.config.settings import Settings, instant
from streams.gateway.metrics import Metrics
from streams.gateway.webhooks.metrics import WebhookMetrics
from streams.output.prometheus.collector import KpiCollector
from streams.output.prometheus.exposition import text
from streams.output.prometheus.server import serve
from streams.wiring.catalogue import catalogue
from streams.worker.metrics import WorkerMetrics
from tests.deploy.prometheus import BINARY, DEPLOY, prometheus
from tests.histories import history, lines
from tests.output.records import records

DASHBOARD: dict[str, Any] = orjson.loads((DEPLOY / "grafana/dashboards/sales.json").read_bytes())
PROMTOOL = shutil.which("promtool")
SECONDS = 60.0
# What Grafana puts in as the dashboard opens.
OPENED = {
    "window": "last_30d",
    "dimension": "all",
    "value": ".*",
    "currency": "eur",
    "__rate_interval": "5s",
}
pytestmark = pytest.mark.skipif(
    BINARY is None or PROMTOOL is None,
    reason="there is no `prometheus` on the path (Debian: apt-get install prometheus): the"
    " dashboard's queries were checked by name only",
)


def worker() -> tuple[WorkerMetrics, dict[str, bytes]]:
    """A worker's metrics, KPIs of a made-up history among them, and those KPIs' records."""
    now = instant("2026-06-15T12:00:00+02:00", "now")
    settings = Settings(now=now, timezone="Europe/Berlin", metrics_values=3, metrics_labels=2)
    health = WorkerMetrics(CollectorRegistry())
    collector = KpiCollector(catalogue(settings), settings)
    events = lines(history(3, 1_500, start=date(2026, 4, 1), days=70)).splitlines()
    published = dict(records(events, settings))
    for key, record in published.items():
        collector.update(key, record)
    health.registry.register(collector)
    return health, published


class Gateway(Metrics):
    """A gateway's metrics, with those of the webhooks of one source."""

    def __init__(self) -> None:
        super().__init__()
        self.webhooks = WebhookMetrics(self.registry, ["hubspot"])


def work(health: WorkerMetrics, gateway: Gateway) -> None:
    """Let every counter move."""
    gateway.webhooks.requests.labels("hubspot", "accepted").inc()
    gateway.webhooks.at_risk.labels("hubspot").inc()
    gateway.webhooks.last.labels("hubspot").set_to_current_time()
    gateway.accepted.labels("crm.lead").inc()
    gateway.rejected.labels("token").inc()
    gateway.connections_refused.labels("full").inc()
    health.processed("crm.lead", 5, 1)
    health.rejected("crm.lead", "not JSON")
    health.gap("crm.lead", 0, 1)
    health.committed("aggregate", 5, 0.02)
    health.published(7)
    health.assigned(["aggregate", "merge"])
    health.lags({TopicPartition("crm.lead", 0): 3})


class Asking:
    """Queries Prometheus repeatedly until there is an answer."""

    def __init__(
        self, client: aiohttp.ClientSession, url: str, health: WorkerMetrics, gateway: Gateway
    ) -> None:
        self.client = client
        self.url = url
        self.health = health
        self.gateway = gateway

    async def ask(self, query: str) -> list[dict[str, Any]]:
        """Give the series there are now; a query that Prometheus refuses fails."""
        try:
            async with self.client.get(
                f"{self.url}/api/v1/query", params={"query": query}
            ) as answer:
                if answer.status == 503:
                    return []
                content = await answer.json()
        except aiohttp.ClientConnectionError:
            return []
        assert content["status"] == "success", f"{query}: {content}"
        found: list[dict[str, Any]] = content["data"]["result"]
        return found

    async def until(self, query: str) -> list[dict[str, Any]]:
        """Give the series as soon as there is one."""
        deadline = time.monotonic() + SECONDS
        while not (found := await self.ask(query)):
            work(self.health, self.gateway)
            assert time.monotonic() < deadline, f"nothing for {query}"
            await asyncio.sleep(0.05)
        return found


@asynccontextmanager
async def asking(folder: Path, health: WorkerMetrics) -> AsyncIterator[Asking]:
    """Prometheus over one worker's metrics and one gateway's."""
    gateway = Gateway()
    work(health, gateway)
    servers = {
        "worker": await serve(health.registry, 0),
        "gateway": await serve(gateway.registry, 0),
    }
    try:
        ports = {job: [server.port] for job, server in servers.items()}
        timing = {"scrape_interval": "1s", "scrape_timeout": "1s"}
        with prometheus(folder, ports, "a-token-of-the-test-alone", **timing) as url:
            async with aiohttp.ClientSession() as client:
                asked = Asking(client, url, health, gateway)
                for job in servers:
                    await asked.until(f'up{{job="{job}"}} == 1')
                yield asked
    finally:
        for server in servers.values():
            await server.close()


def queries(variables: dict[str, str]) -> Iterator[str]:
    """Every query of the dashboard with Grafana's variables filled in."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield re.sub(r"\$\{?(\w+)\}?", lambda found: variables[found[1]], target["expr"])


def test_metrics_are_named_as_prometheus_wants_them() -> None:
    health, _ = worker()
    gateway = Gateway()
    work(health, gateway)
    checked = subprocess.run(
        [str(PROMTOOL), "check", "metrics"],
        input=text(health.registry) + text(gateway.registry),
        capture_output=True,
        check=False,
        timeout=60,
    )
    complaints = (checked.stdout + checked.stderr).decode().splitlines()
    # The names of KPIs are the catalogue's: `deal_count`, `days_to_pay`.
    assert [line for line in complaints if line.startswith("sales_kpi")] == []
    assert all(line.startswith("sales_") for line in complaints)


def test_committed_configuration_is_valid() -> None:
    subprocess.run(
        [str(PROMTOOL), "check", "config", "--syntax-only", "prometheus.yml"],
        cwd=DEPLOY / "prometheus",
        check=True,
        capture_output=True,
        timeout=60,
    )


async def test_every_query_of_the_dashboard_is_answered(tmp_path: Path) -> None:
    health, published = worker()
    async with asking(tmp_path, health) as prometheus:
        for query in (*queries(OPENED), *queries(OPENED | {"dimension": "rep"})):
            await prometheus.until(query)
        (key,) = (key for key in published if key.startswith("revenue_won|all|last_30d|"))
        won = 'max by (value) (sales_revenue_won_eur{window="last_30d",dimension="all"})'
        (series,) = await prometheus.until(won)
        assert float(series["value"][1]) == float(orjson.loads(published[key])["value"])
