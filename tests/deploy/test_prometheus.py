"""A real Prometheus with the committed configuration: it scrapes, and every query answers."""

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry

from streams.config.settings import Settings, instant
from streams.gateway.metrics import Metrics
from streams.gateway.webhooks.metrics import WebhookMetrics
from streams.history.metrics import HistoryMetrics
from streams.kafka.topics import KPIS
from streams.notify.clock import now_ms
from streams.notify.metrics import NotifyMetrics
from streams.operations.sources.reading.metrics import ReadMetrics
from streams.output.alerts import AlertCollector
from streams.output.prometheus.collector import KpiCollector
from streams.output.prometheus.exposition import text
from streams.output.prometheus.server import serve
from streams.page.metrics import PageMetrics
from streams.sources.mapping import Unmapped
from streams.translation.metrics import TranslationMetrics
from streams.translation.translator import Translated
from streams.wiring.catalogue import catalogue
from streams.worker.metrics import WorkerMetrics
from tests.deploy.grafana.dashboards import PANELS, expressions, filled
from tests.deploy.grafana.expected_streams import EXPECTED
from tests.deploy.prometheus import BINARY, DEPLOY, prometheus
from tests.histories import history, lines
from tests.output.records import records
from tests.page.serving import page_metrics

PROMTOOL = shutil.which("promtool")
SECONDS = 60.0
INTERVAL = "5s"
NO_RULE = Unmapped(1, "", None, "no rule can fill it")
STREAMS_PANELS = [
    (panel["title"], expression, answered)
    for name, panel in PANELS
    for expression, answered in zip(
        expressions(panel), EXPECTED.get((name, panel["title"]), ()), strict=False
    )
]
pytestmark = pytest.mark.skipif(
    BINARY is None or PROMTOOL is None,
    reason="there is no `prometheus` on the path (Debian: apt-get install prometheus): the"
    " dashboard's queries were checked by name only",
)


def worker() -> WorkerMetrics:
    """A worker's metrics, with KPIs of a made-up history and the alerts."""
    now = instant("2026-06-15T12:00:00+02:00", "now")
    settings = Settings(now=now, timezone="Europe/Berlin", metrics_values=3, metrics_labels=2)
    health = WorkerMetrics(CollectorRegistry())
    collector = KpiCollector(catalogue(settings), settings)
    events = lines(history(3, 1_500, start=date(2026, 4, 1), days=70)).splitlines()
    for key, record in records(events, settings):
        collector.update(key, record)
    health.registry.register(collector)
    alerts = AlertCollector()
    alerts.update("churn_risk|account-1", b"{}")
    health.registry.register(alerts)
    return health


class Gateway(Metrics):
    """A gateway's metrics, with those of the webhooks of one source."""

    def __init__(self) -> None:
        super().__init__()
        self.webhooks = WebhookMetrics(self.registry, ["hubspot"])


@dataclass(frozen=True)
class Processes:
    """The metrics of one process of each kind."""

    worker: WorkerMetrics
    gateway: Gateway = field(default_factory=Gateway)
    translator: TranslationMetrics = field(
        default_factory=lambda: TranslationMetrics(CollectorRegistry(), ["hubspot"])
    )

    notify: NotifyMetrics = field(default_factory=lambda: NotifyMetrics(["chat"], now_ms))
    history: HistoryMetrics = field(default_factory=HistoryMetrics)
    page: PageMetrics = field(default_factory=page_metrics)

    @cached_property
    def reads(self) -> ReadMetrics:
        """The metrics of the translator's reading from CRMs."""
        return ReadMetrics(self.translator.registry)

    @property
    def pages(self) -> dict[str, CollectorRegistry]:
        """The registries by job."""
        return {
            "worker": self.worker.registry,
            "gateway": self.gateway.registry,
            "translate": self.translator.registry,
            "notify": self.notify.registry,
            "history": self.history.registry,
            "page": self.page.registry,
        }

    def work(self) -> None:
        """Let every counter move."""
        self.gateway.webhooks.requests.labels("hubspot", "accepted").inc()
        self.gateway.webhooks.at_risk.labels("hubspot").inc()
        self.gateway.webhooks.last.labels("hubspot").set_to_current_time()
        self.gateway.accepted.labels("crm.lead").inc()
        self.gateway.rejected.labels("token").inc()
        self.gateway.connections_refused.labels("full").inc()
        self.worker.processed("crm.lead", 5, 1)
        self.worker.rejected("crm.lead", "not JSON")
        self.worker.gap("crm.lead", 0, 1)
        self.worker.committed("aggregate", 5, 0.02)
        self.worker.published(7)
        self.worker.assigned(["aggregate", "merge"])
        self.worker.lags({TopicPartition("crm.lead", 0): 3})
        self.translator.translated(Translated("hubspot", "", 0, unmapped=(NO_RULE,)), 5)
        self.translator.deleted(1)
        self.translator.lags({0: 4})
        self.reads.waiting({"hubspot": 2})
        self.notify.attempted("chat", "accepted")
        self.history.written(KPIS, 1, is_caught_up=True)
        self.page.answered("/", 200)


class Asking:
    """Queries Prometheus repeatedly until there is an answer."""

    def __init__(self, client: aiohttp.ClientSession, url: str, processes: Processes) -> None:
        self.client = client
        self.url = url
        self.processes = processes

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
            self.processes.work()
            assert time.monotonic() < deadline, f"nothing for {query}"
            await asyncio.sleep(0.05)
        return found


@asynccontextmanager
async def asking(folder: Path, processes: Processes) -> AsyncIterator[Asking]:
    """Prometheus over the metrics of one process of each kind."""
    processes.work()
    servers = {job: await serve(page, 0) for job, page in processes.pages.items()}
    try:
        ports = {job: [server.port] for job, server in servers.items()}
        timing = {"scrape_interval": "1s", "scrape_timeout": "1s"}
        with prometheus(folder, ports, "a-token-of-the-test-alone", **timing) as url:
            async with aiohttp.ClientSession() as client:
                asked = Asking(client, url, processes)
                for job in servers:
                    await asked.until(f'up{{job="{job}"}} == 1')
                yield asked
    finally:
        for server in servers.values():
            await server.close()


def test_metrics_are_named_as_prometheus_wants_them() -> None:
    processes = Processes(worker())
    processes.work()
    checked = subprocess.run(
        [str(PROMTOOL), "check", "metrics"],
        input=b"".join(text(page) for page in processes.pages.values()),
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


async def test_streams_panels_find_their_series_on_the_pages_of_the_processes(
    tmp_path: Path,
) -> None:
    assert len(STREAMS_PANELS) == sum(len(answers) for answers in EXPECTED.values())
    async with asking(tmp_path, Processes(worker())) as prometheus:
        for title, expression, expected in STREAMS_PANELS:
            found = await prometheus.until(filled(expression, {"__rate_interval": INTERVAL}))
            (labels,) = {",".join(sorted(series["metric"])) for series in found}
            (known,) = expected.answer
            assert labels == re.sub('="[^"]*"|[{}]', "", known), title
