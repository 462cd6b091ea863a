"""`/metrics` and `/healthz` over HTTP, fed from a real Kafka."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from streams.config.settings import Settings
from streams.output.prometheus.collector import KpiCollector
from streams.output.prometheus.page_cache import FRESH_SECONDS, LONG_BUILD_SECONDS
from streams.output.prometheus.server import MetricsServer, serve
from streams.output.reader import Feed
from streams.wiring.catalogue import catalogue
from tests.output.records import (
    at,
    records,
    won,
)
from tests.output.writing import Writer

Samples = dict[tuple[str, str], float]


@asynccontextmanager
async def serving(
    registry: CollectorRegistry, trouble: list[str] | None = None
) -> AsyncIterator[MetricsServer]:
    problems = trouble if trouble is not None else []
    server = await serve(registry, 0, trouble=lambda: "; ".join(problems) or None)
    try:
        yield server
    finally:
        await server.close()


async def get(server: MetricsServer, path: str) -> tuple[int, str, str]:
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{server.port}{path}") as answer,
    ):
        return answer.status, answer.headers["Content-Type"], await answer.text()


async def scraped(server: MetricsServer) -> Samples:
    status, _, body = await get(server, "/metrics")
    assert status == 200
    return {
        (sample.name, sample.labels.get("value", "")): sample.value
        for metric in text_string_to_metric_families(body)
        for sample in metric.samples
        if sample.labels.get("window", "day") == "day"
    }


async def test_published_records_are_scraped_and_deleted_ones_are_not(
    settings: Settings, writer: Writer, rep: str
) -> None:
    now = at()
    collector = KpiCollector(catalogue(now), now)
    registry = CollectorRegistry()
    registry.register(collector)
    Counter("others", "Of the same registry.", registry=registry).inc()
    feed = Feed(settings, collector)
    task = asyncio.create_task(feed.run())
    found = dict(records([won("d1", "12.50", rep=rep)], now))
    name = next(name for name in found if name.startswith(f"revenue_won|rep={rep}|day"))
    gauge = ("sales_revenue_won_eur", rep)
    try:
        async with serving(registry) as server, asyncio.timeout(30):
            await feed.caught_up.wait()
            assert gauge not in await scraped(server)
            await writer.commit(3, (name, found[name]))
            while gauge not in (samples := await scraped(server)):
                assert not task.done()
            assert samples[gauge] == 12.5
            assert samples["others_total", ""] == 1
            await writer.commit(3, (name, None))
            while gauge in await scraped(server):
                assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_health_reports_what_is_wrong() -> None:
    trouble: list[str] = []
    async with serving(CollectorRegistry(), trouble) as server:
        for path in ("/readyz", "/healthz"):
            assert (await get(server, path))[::2] == (200, "ok\n")
        trouble.append("no shard yet")
        for path in ("/readyz", "/healthz"):
            assert (await get(server, path))[::2] == (503, "no shard yet\n")


async def test_process_in_trouble_is_alive_all_the_same() -> None:
    async with serving(CollectorRegistry(), ["no shard yet"]) as server:
        assert (await get(server, "/livez"))[::2] == (200, "ok\n")


async def test_content_type_is_the_text_formats() -> None:
    async with serving(CollectorRegistry()) as server:
        assert (await get(server, "/metrics"))[1].startswith("text/plain; version=0.0.4")


async def test_a_port_in_use_is_refused_and_a_closed_one_is_free_again() -> None:
    async with serving(CollectorRegistry()) as server:
        with pytest.raises(OSError, match=str(server.port)):
            await serve(CollectorRegistry(), server.port)
    again = await serve(CollectorRegistry(), server.port)
    await again.close()


class Counting(Collector):
    """A collector that counts how often it is collected."""

    def __init__(self) -> None:
        self.builds = 0

    def collect(self) -> list[Metric]:
        """Return the number as a gauge."""
        self.builds += 1
        metric = Metric("builds", "Number of builds.", "gauge")
        metric.add_sample("builds", {}, self.builds)
        return [metric]


async def test_page_is_built_once_a_second_in_every_form() -> None:
    registry = CollectorRegistry()
    counting = Counting()
    registry.register(counting)
    before = counting.builds
    async with serving(registry) as server, aiohttp.ClientSession() as client:
        url = f"http://127.0.0.1:{server.port}/metrics"
        began = time.monotonic()
        forms = [
            {"Accept": "application/openmetrics-text"},
            {"Accept": "text/plain"},
            {"Accept-Encoding": "gzip"},
        ] * 5
        pages = await asyncio.gather(*(body_of(client, url, headers) for headers in forms))
        assert time.monotonic() - began < FRESH_SECONDS
        assert counting.builds == before + 1
        assert len(set(pages)) == 2
        while counting.builds == before + 1:
            await body_of(client, url, {})
        assert time.monotonic() - began >= FRESH_SECONDS


class Slow(Counting):
    """A collector that takes long, and fails while it is broken."""

    def __init__(self) -> None:
        super().__init__()
        self.is_broken = False

    def collect(self) -> list[Metric]:
        """Return the number as a gauge, later."""
        time.sleep(2 * LONG_BUILD_SECONDS)
        if self.is_broken:
            raise ValueError("not readable")
        return super().collect()


async def test_page_that_takes_long_is_built_ahead_of_the_next_scrape() -> None:
    registry = CollectorRegistry()
    slow = Slow()
    registry.register(slow)
    async with serving(registry) as server, aiohttp.ClientSession() as client:
        url = f"http://127.0.0.1:{server.port}/metrics"
        first = await body_of(client, url, {})
        async with asyncio.timeout(30):
            while f"builds {slow.builds - 1}.0" not in first:
                await asyncio.sleep(0.05)
        began = time.monotonic()
        assert f"builds {slow.builds}.0" in await body_of(client, url, {})
        assert time.monotonic() - began < LONG_BUILD_SECONDS


async def test_page_that_cannot_be_built_ahead_fails_the_next_scrape() -> None:
    registry = CollectorRegistry()
    slow = Slow()
    registry.register(slow)
    async with serving(registry) as server, aiohttp.ClientSession() as client:
        url = f"http://127.0.0.1:{server.port}/metrics"
        await body_of(client, url, {})
        slow.is_broken = True
        async with asyncio.timeout(30):
            while await status_of(client, url) == 200:
                await asyncio.sleep(0.05)
        slow.is_broken = False
        assert await status_of(client, url) == 200


async def status_of(client: aiohttp.ClientSession, url: str) -> int:
    async with client.get(url) as answer:
        return answer.status


async def body_of(client: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> str:
    async with client.get(url, headers=headers) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_page_is_compressed_and_in_openmetrics_when_asked_for() -> None:
    registry = CollectorRegistry()
    Counter("others", "Of the same registry.", registry=registry).inc()
    asked = {"Accept": "application/openmetrics-text; version=1.0.0", "Accept-Encoding": "gzip"}
    async with (
        serving(registry) as server,
        aiohttp.ClientSession(auto_decompress=False) as client,
        client.get(f"http://127.0.0.1:{server.port}/metrics", headers=asked) as answer,
    ):
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1")
        assert answer.headers["Vary"] == "Accept, Accept-Encoding"
        assert gzip.decompress(await answer.read()).endswith(b"# EOF\n")


async def test_head_has_the_headers_of_the_page_alone() -> None:
    async with (
        serving(CollectorRegistry()) as server,
        aiohttp.ClientSession() as client,
        client.head(f"http://127.0.0.1:{server.port}/metrics") as answer,
    ):
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert await answer.read() == b""
