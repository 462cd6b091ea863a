"""No sender can keep the gateway's connections from others."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from streams.config.settings import Settings
from streams.gateway import connections
from streams.gateway.connections import RESERVED
from tests.gateway.sending import (
    TOKEN,
    Sender,
    gateway,
)

HALF = b"POST /events HTTP/1.1\r\nHost: gateway\r\nX-Slow: "
PROBE = b"GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n"
POST = (
    f"POST /events HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {TOKEN}\r\n"
    "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
).encode()
REFUSED = "sales_kpis_gateway_connections_refused_total"

Link = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def links(sender: Sender, count: int, begin: bytes = b"") -> AsyncIterator[list[Link]]:
    """Open connections, each with the first bytes sent."""
    host, port = sender.url.removeprefix("http://").split(":")
    opened = [await asyncio.open_connection(host, int(port)) for _ in range(count)]
    try:
        for _, writer in opened:
            writer.write(begin)
        yield opened
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def everything(link: Link, seconds: float = 5.0) -> bytes:
    """Read until the gateway closes."""
    async with asyncio.timeout(seconds):
        return await link[0].read()


async def response(link: Link) -> bytes:
    """Read the response to a probe."""
    async with asyncio.timeout(5.0):
        return await link[0].readuntil(b'{"status": "ok"}')


async def write_for_ever(link: Link) -> None:
    """Write probes without reading a response, until the gateway closes."""
    async with asyncio.timeout(20.0):
        while True:
            link[1].write(PROBE * 1000)
            await link[1].drain()


async def until_refused(sender: Sender, reason: str, count: int) -> None:
    """Wait until so many connections have been refused."""
    async with asyncio.timeout(5.0):
        while await sender.metric(f'{REFUSED}{{reason="{reason}"}}') < count:
            await asyncio.sleep(0.01)


async def test_health_is_answered_beside_600_unfinished_heads(settings: Settings) -> None:
    async with gateway(settings) as sender, links(sender, 600, HALF) as opened:
        begun = time.monotonic()
        assert (await sender.get("/readyz"))[0] == 200
        assert time.monotonic() - begun < 1.0
        assert await sender.metric("sales_kpis_gateway_connections") <= 512 + RESERVED
        answer = await everything(opened[512])
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"Retry-After: 2\r\n" in answer
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"].startswith("too many conn")


async def test_beyond_the_bound_events_are_refused_and_metrics_counted(
    settings: Settings,
) -> None:
    async with (
        gateway(replace(settings, max_connections=16)) as sender,
        links(sender, 16, HALF),
    ):
        answer = await sender.post(b"{}")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert answer.headers["Connection"] == "close"
        assert await sender.metric(f'{REFUSED}{{reason="full"}}') == 1
        assert await sender.metric("sales_kpis_gateway_connections") == 17


async def test_refused_bodies_that_never_end_do_not_fill_the_reserve(settings: Settings) -> None:
    async with (
        gateway(replace(settings, max_connections=16)) as sender,
        links(sender, 16, HALF),
        links(sender, 3 * RESERVED, POST),
    ):
        await until_refused(sender, "full", RESERVED)
        assert (await sender.get("/readyz"))[0] == 200
        assert await sender.metric("sales_kpis_gateway_connections") <= 16 + RESERVED


@pytest.mark.parametrize(("begin", "expected"), [(b"", b""), (HALF, b"HTTP/1.1 408 ")])
async def test_a_head_that_does_not_come_ends_the_connection(
    settings: Settings, begin: bytes, expected: bytes
) -> None:
    async with (
        gateway(replace(settings, header_timeout_s=1)) as sender,
        links(sender, 1, begin) as (link,),
    ):
        begun = time.monotonic()
        assert (await everything(link)).startswith(expected)
        assert 0.5 < time.monotonic() - begun < 3.0
        assert await sender.metric(f'{REFUSED}{{reason="header_timeout"}}') == 1


async def test_bytes_that_trickle_in_do_not_prolong_the_time(settings: Settings) -> None:
    async with (
        gateway(replace(settings, header_timeout_s=1)) as sender,
        links(sender, 1, PROBE) as (link,),
    ):
        await response(link)
        link[1].write(HALF)
        begun = time.monotonic()
        ended = asyncio.create_task(everything(link))
        while not ended.done():
            link[1].write(b"x")
            await asyncio.wait([ended], timeout=0.1)
        assert ended.result().startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - begun < 3.0


async def test_an_idle_connection_outlives_the_time_for_a_head(settings: Settings) -> None:
    async with (
        gateway(replace(settings, header_timeout_s=1)) as sender,
        links(sender, 1, PROBE) as (kept,),
        links(sender, 1, HALF) as (slow,),
    ):
        await response(kept)
        await everything(slow)
        kept[1].write(PROBE)
        await response(kept)


async def test_the_longest_idle_connection_makes_room(settings: Settings) -> None:
    async with (
        gateway(replace(settings, max_connections=16)) as sender,
        links(sender, 16, PROBE) as opened,
    ):
        for link in opened:
            await response(link)
        opened[0][1].write(PROBE)
        await response(opened[0])
        assert (await sender.post(b"{}")).status == 422
        assert await everything(opened[1]) == b""
        assert await sender.metric(f'{REFUSED}{{reason="idle"}}') == 1
        opened[0][1].write(PROBE)
        await response(opened[0])


@pytest.mark.skipif(sys.platform != "linux", reason="an option of Linux")
async def test_a_sender_that_does_not_read_is_closed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "WRITE_SECONDS", 1.0)
    async with gateway(settings) as sender, links(sender, 1) as (link,):
        link[1].transport.pause_reading()  # type: ignore[attr-defined]  # a transport reads
        with pytest.raises(ConnectionError):
            await write_for_ever(link)
        async with asyncio.timeout(20.0):
            while await sender.metric("sales_kpis_gateway_connections") > 1:
                await asyncio.sleep(0.05)


async def test_more_connections_than_the_system_allows_is_a_bad_setting() -> None:
    program = (
        "from streams.gateway.connections import provide_descriptors;"
        "from streams.config.settings import Settings;"
        "import resource;"
        "provide_descriptors(Settings(max_connections=100));"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE));"
        "provide_descriptors(Settings(max_connections=400))"
    )
    child = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        'ulimit -Sn 200; ulimit -Hn 300; exec "$0" -c "$1"',
        sys.executable,
        program,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await child.communicate()
    # 100 connections, 16 in reserve, 128 others.
    assert output == b"(244, 300)\n"
    assert b"SALES_KPIS_MAX_CONNECTIONS=400 needs 544 open files, and 300 are allowed" in errors
