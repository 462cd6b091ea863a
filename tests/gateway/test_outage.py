"""Kafka becomes unavailable and available again; the gateway reports it and recovers by itself."""

import asyncio
import gc
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from io import StringIO
from pathlib import Path

import pytest
from aiohttp import ClientSession
from rich.console import Console

from streams.broker.embedded import EmbeddedKafka
from streams.broker.ports import free_port
from streams.config.settings import Settings
from streams.gateway.event_producer import DEADLINE_SECONDS
from streams.kafka.topics import apply
from streams.operations.ingest import ingest
from tests.gateway.processes import process
from tests.gateway.samples import array, deal
from tests.gateway.sending import (
    TOKEN,
    Sender,
    gateway,
)
from tests.gateway.written import Written

SECONDS = 30.0
# So many that Kafka is killed while they are still being sent.
EVENTS = 150_000


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(SECONDS):
        while not await holds():  # there is no event of another process
            await asyncio.sleep(0.05)


async def test_a_gateway_recovers_by_itself_from_a_killed_kafka(
    broker: EmbeddedKafka, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(bootstrap=broker.bootstrap, token=TOKEN)
    # What other tests of this process have left behind is not of this one.
    gc.collect()
    caplog.clear()
    async with gateway(settings) as sender:
        assert (await sender.post(deal(1))).status == 202
        broker.kill()
        try:
            begun = time.monotonic()
            waiting = await asyncio.gather(*(sender.post(deal(n)) for n in range(5)))
            assert time.monotonic() - begun < DEADLINE_SECONDS + 1
            assert {answer.status for answer in waiting} == {503}
            assert all(int(answer.headers["Retry-After"]) > 0 for answer in waiting)
            begun = time.monotonic()
            assert (await sender.post(deal(1))).status == 503
            assert time.monotonic() - begun < 1
            assert (await sender.get("/readyz"))[0] == 503
            assert (await sender.get("/healthz"))[0] == 200
        finally:
            await asyncio.to_thread(broker.start)

        async def is_ready() -> bool:
            return (await sender.get("/readyz"))[0] == 200

        await until(is_ready)
        async with Written.from_now_on(settings) as written:
            assert (await sender.post(array(deal(1), deal(2)))).status == 202
            assert await written.count() == 2
        refusals = 'sales_kpis_gateway_refusals_total{kind="kafka_away"}'
        assert await sender.metric(refusals) >= 6
    gc.collect()
    assert [record for record in caplog.records if record.name == "asyncio"] == []


async def test_a_killed_kafka_costs_an_ingest_nothing(
    broker: EmbeddedKafka, settings: Settings, written: Written, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(deal(n, f"lead-{n % 500}") + b"\n" for n in range(EVENTS)))
    ingesting = asyncio.create_task(
        asyncio.to_thread(ingest, path, settings, Console(file=StringIO()))
    )

    async def has_begun() -> bool:
        return await written.count() > 0

    await until(has_begun)
    broker.kill()
    assert not ingesting.done()
    await asyncio.to_thread(broker.start)
    assert (await ingesting).sent == EVENTS
    async with Written.since(settings, written) as after:
        assert await after.count() == EVENTS


async def test_a_gateway_may_be_there_before_kafka_and_before_its_topics() -> None:
    broker = EmbeddedKafka(port=free_port("127.0.0.1"))
    settings = Settings(bootstrap=broker.bootstrap, token=TOKEN)
    async with gateway(settings) as sender:
        answer = await sender.post(deal(1))
        assert answer.status == 503
        assert settings.bootstrap not in answer.body["error"]
        assert (await sender.get("/readyz"))[0] == 503
        try:
            await asyncio.to_thread(broker.start)

            async def misses_topics() -> bool:
                status, text = await sender.get("/readyz")
                return status == 503 and "sales-kpis topics apply" in text

            await until(misses_topics)
            assert (await sender.post(deal(1))).status == 503
            await apply(settings)

            async def accepts_events() -> bool:
                return (await sender.post(deal(1))).status == 202

            await until(accepts_events)
        finally:
            await asyncio.to_thread(broker.stop)


async def test_a_request_that_breaks_off_releases_its_memory(sender: Sender) -> None:
    host, port = sender.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\n\r\n[1,"
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    async def is_counted() -> bool:
        name = 'sales_kpis_gateway_requests_total{path="/events",status="400"}'
        return await sender.metric(name) == 1

    await until(is_counted)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_once_the_request_in_flight_is_answered(
    settings: Settings, number: signal.Signals
) -> None:
    async with process(settings) as (child, url), ClientSession() as session:
        go_on, begun = asyncio.Event(), asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield deal(1)[:20]
            begun.set()
            await go_on.wait()
            yield deal(1)[20:]

        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        # The gateway asks for the body: the request is in flight before the signal comes.
        request = asyncio.create_task(
            session.post(f"{url}/events", data=body(), headers=headers, expect100=True)
        )
        await begun.wait()
        child.send_signal(number)

        async def is_closed() -> bool:
            host, port = url.removeprefix("http://").split(":")
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except ConnectionError:
                return True
            writer.close()
            return False

        await until(is_closed)
        go_on.set()
        assert (await request).status == 202
        async with asyncio.timeout(SECONDS):
            assert await child.wait() == 0
