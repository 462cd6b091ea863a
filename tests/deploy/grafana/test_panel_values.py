"""Every panel of a KPI shows what `dump` has, through a real Prometheus and a real Kafka.

A made-up history is published to `sales.kpis`; from there a worker's page shows it to Prometheus,
and `dump` prints it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings, instant
from streams.kafka.topics import apply
from streams.output.dump import dump
from streams.output.prometheus.collector import KpiCollector
from streams.output.prometheus.server import serve
from streams.output.reader import read
from streams.wiring.catalogue import catalogue
from streams.worker.metrics import WorkerMetrics
from tests.deploy.grafana.dashboards import DASHBOARDS, PANELS, filled
from tests.deploy.grafana.dumped import ALL_TEAMS, Series, current, shown_series, target_series
from tests.deploy.grafana.expected_panels import EXPECTED, Shown
from tests.deploy.prometheus import BINARY, prometheus
from tests.histories import history, lines
from tests.output.records import records
from tests.output.writing import writing

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        BINARY is None,
        reason="there is no `prometheus` on the path (Debian: apt-get install prometheus): no"
        " panel was compared with `dump`",
    ),
]
NOW = "2026-06-15T12:00:00+02:00"
SECONDS = 60.0
# The dashboards as they open, and as somebody narrows them down.
CHOICES = (
    {"window": "last_30d", "team": ALL_TEAMS, "rep": "bob"},
    {"window": "month", "team": "gulf", "rep": "dan"},
    {"window": "quarter", "team": "inside", "rep": "kim"},
)
KPI_PANELS = [(name, panel) for name, panel in PANELS if panel["title"] in EXPECTED.get(name, ())]


@dataclass
class Installation:
    """A Prometheus that has scraped a worker's page, and the records that `dump` prints."""

    client: aiohttp.ClientSession
    url: str
    dumped: list[dict[str, Any]]
    windows: tuple[str, ...]
    scraped_at: str = ""

    async def ask(self, query: str) -> Series:
        """Return the series that answer a query, by their labels, as they were scraped once.

        Later scrapes may fail on a busy machine, and Prometheus then shows none of them.
        """
        params = {"query": query} | ({"time": self.scraped_at} if self.scraped_at else {})
        async with self.client.get(f"{self.url}/api/v1/query", params=params) as answer:
            if answer.status == 503:  # it listens, and is not ready yet
                return {}
            content = await answer.json()
        assert content["status"] == "success", f"{query}: {content}"
        return {
            tuple(sorted(series["metric"].items())): float(series["value"][1])
            for series in content["data"]["result"]
        }

    async def scraped(self) -> None:
        """Wait until the worker's page has been read."""
        deadline = time.monotonic() + SECONDS
        while not self.scraped_at:
            assert time.monotonic() < deadline, "nothing was scraped"
            await asyncio.sleep(0.1)
            with suppress(aiohttp.ClientConnectionError):  # until it listens
                for at in (await self.ask("timestamp(sales_kpi_records)")).values():
                    self.scraped_at = f"{at:.3f}"


def targets() -> Iterator[bytes]:
    """Targets of every KPI that a panel draws a target of, for all whom the tests choose."""
    kpis = sorted(
        {
            shown.kpi
            for panels in EXPECTED.values()
            for expected in panels.values()
            for shown in expected
            if isinstance(shown, Shown) and shown.part == "target"
        }
    )
    for kpi in kpis:
        for scope in ({}, {"team": "gulf"}, {"rep": "dan"}, {"rep": "bob"}):
            target = {
                "id": f"{kpi} {scope}",
                "type": "target.set",
                "at": "2026-05-01T00:00:00+00:00",
                "kpi": kpi,
                "scope": scope,
                "window": "month",
                "value": "0.5",
            }
            yield orjson.dumps(target)


def spends() -> Iterator[bytes]:
    """What two channels cost, of which the made-up history knows nothing."""
    for channel, amount in (("phone", "1000.00"), ("web", "250.50")):
        spend = {
            "id": channel,
            "type": "spend.recorded",
            "at": "2026-06-03T09:00:00+00:00",
            "channel": channel,
            "amount": amount,
            "currency": "EUR",
        }
        yield orjson.dumps(spend)


async def publish(settings: Settings) -> None:
    """Write the records of the known history to `sales.kpis`."""
    events = lines(history(3, 1_500, start=date(2026, 4, 1), days=70)).splitlines()
    await apply(settings)
    async with writing(settings) as writer, writer.producer.transaction():
        for key, record in records([*events, *targets(), *spends()], settings):
            partition = sum(key.encode()) % 7
            await writer.producer.send("sales.kpis", record, key.encode(), partition=partition)


async def worker(settings: Settings) -> WorkerMetrics:
    """A worker's metrics, with the KPIs that `sales.kpis` holds."""
    health = WorkerMetrics(CollectorRegistry())
    collector = KpiCollector(catalogue(settings), settings)
    async with aclosing(read(settings)) as batches:
        async for batch in batches:
            for key, record in batch.records:
                collector.update(key, record)
            if batch.is_caught_up:
                break
    health.registry.register(collector)
    return health


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    """A real Kafka for these tests alone."""
    with EmbeddedKafka() as broker:
        yield broker.bootstrap


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installation(
    kafka: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Installation]:
    """The known history, published, scraped and dumped."""
    settings = Settings(bootstrap=kafka, now=instant(NOW, "now"), timezone="Europe/Berlin")
    await publish(settings)
    server = await serve((await worker(settings)).registry, 0)
    folder: Path = tmp_path_factory.mktemp("prometheus")
    dumped = [orjson.loads(line) async for line in dump(settings)]
    timing = {"scrape_interval": "5s", "scrape_timeout": "5s"}
    try:
        with prometheus(folder, {"worker": [server.port]}, "token", **timing) as url:
            async with aiohttp.ClientSession() as client:
                made = Installation(client, url, dumped, settings.metrics_windows)
                await made.scraped()
                yield made
    finally:
        await server.close()


@pytest.mark.parametrize(
    ("name", "panel"), KPI_PANELS, ids=[f"{name}: {panel['title']}" for name, panel in KPI_PANELS]
)
async def test_panel_shows_what_dump_has(
    installation: Installation, name: str, panel: dict[str, Any]
) -> None:
    expected = EXPECTED[name][panel["title"]]
    assert len(expected) == len(panel["targets"])
    found = current(installation.dumped, NOW)
    for shown, target in zip(expected, panel["targets"], strict=True):
        was_seen = False
        for choice in CHOICES:
            if isinstance(shown, Shown):
                series = shown_series(found, shown, choice)
            else:
                series = target_series(found, shown, choice, installation.windows)
            # All reps are chosen where more than one may be.
            reps = ".*" if name == "pipeline.json" else choice["rep"]
            query = filled(target["expr"], {**choice, "rep": reps, "currency": "eur"})
            assert await installation.ask(query) == pytest.approx(series, rel=1e-9), query
            was_seen = was_seen or bool(series)
        assert was_seen, f"the history has nothing of {shown}"


async def test_chosen_reps_alone_are_shown(installation: Installation) -> None:
    (panel,) = [
        panel for panel in DASHBOARDS["pipeline.json"]["panels"] if panel["title"] == "By rep"
    ]
    query = filled(panel["targets"][0]["expr"], {"rep": "(bob|dan)", "currency": "eur"})
    assert set(await installation.ask(query)) == {(("value", "bob"),), (("value", "dan"),)}


@pytest.mark.parametrize("name", EXPECTED)
async def test_every_panel_of_a_kpi_is_compared(name: str) -> None:
    shown = {panel["title"] for file, panel in PANELS if file == name}
    assert shown - {"Alerts now"} == set(EXPECTED[name])


def without(expression: str, change: tuple[str, str]) -> str:
    assert change[0] in expression
    return expression.replace(*change)


@pytest.mark.parametrize(
    "change",
    [
        ("sales_close_rate_ratio", "sales_close_rate_value_ratio"),
        ('window="$window"', 'window="day"'),
        ('dimension=~"all|team"', 'dimension=~"all|rep"'),
        ('value=~"$team"', 'value=~".*"'),
        ("max by (dimension, value)", "max by (window)"),
    ],
    ids=["KPI", "window", "dimension", "value", "labels"],
)
async def test_wrong_name_in_a_query_is_noticed(
    installation: Installation, change: tuple[str, str]
) -> None:
    (panel,) = [
        panel for panel in DASHBOARDS["overview.json"]["panels"] if panel["title"] == "Close rate"
    ]
    target = {**panel["targets"][0], "expr": without(panel["targets"][0]["expr"], change)}
    wrong = {**panel, "targets": [target, *panel["targets"][1:]]}
    with pytest.raises(AssertionError):
        await test_panel_shows_what_dump_has(installation, "overview.json", wrong)
