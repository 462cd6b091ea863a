"""The stream over HTTP: complete, resumable, and of bounded size however slow a reader is."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest

from streams.page.context import SERVER
from tests.page.serving import (
    Page,
    alert_record,
    kpi_key,
    reading,
    serving,
    three_roles,
)

LARGE = "9" * 10_000


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page that everybody on this machine may see."""
    async with serving() as made:
        yield made


async def test_all_that_is_there_comes_first_and_then_each_change(page: Page) -> None:
    first = page.publish("rep=ann")
    page.alerts.update("k|lead-1", alert_record("lead-1", "ann"))
    async with reading(page) as reader:
        found = await reader.until("ready")
        assert [event.kind for event in found] == ["reset", "record", "alert", "ready"]
        assert found[1].data["key"] == first
        assert found[2].data == {
            "key": "k|lead-1",
            "record": orjson.loads(alert_record("lead-1", "ann")),
        }
        page.publish("rep=ann", "300.00")
        assert (await reader.next()).data["record"]["value"] == "300.00"
        page.kpis.update(first, None)
        assert (await reader.next()).data == {"key": first, "record": None}


async def test_kpi_scope_and_window_select(page: Page) -> None:
    wanted = page.publish("rep=ann")
    page.publish("rep=bob")
    page.publish("rep=ann", kpi="deal_count")
    page.publish("rep=ann", window="month")
    async with reading(page, "?kpi=revenue_won&scope=rep=ann&window=day") as reader:
        _, *records, _ = await reader.until("ready")
        assert [event.data["key"] for event in records] == [wanted]


@pytest.mark.parametrize("is_header", [True, False])
async def test_who_comes_back_gets_what_has_changed_alone(page: Page, is_header: bool) -> None:
    for scope in ("all", "rep=ann", "rep=bob"):
        page.publish(scope)
    async with reading(page) as reader:
        last = (await reader.until("ready"))[-1].name
    page.publish("rep=bob", "1.00")
    page.kpis.update(kpi_key(scope="rep=ann"), None)
    query = "" if is_header else f"?last_event_id={last}"
    headers = {"Last-Event-ID": last} if is_header else {}
    async with reading(page, query, **headers) as reader:
        found = await reader.until("ready")
        assert [(event.data["key"], event.data["record"] is None) for event in found[:-1]] == [
            (kpi_key(scope="rep=bob"), False),
            (kpi_key(scope="rep=ann"), True),
        ]


async def test_the_stream_goes_on_from_the_position_of_an_answer(page: Page) -> None:
    page.publish("rep=ann")
    _, content = await page.get("/api/kpis")
    page.publish("rep=bob")
    async with reading(page, f"?last_event_id={content['position']}") as reader:
        found = await reader.until("ready")
        assert [event.data["key"] for event in found[:-1]] == [kpi_key(scope="rep=bob")]


async def test_who_was_cut_off_amid_the_first_records_loses_none(page: Page) -> None:
    keys = {page.publish(f"rep=r{number}") for number in range(300)}
    async with reading(page) as reader:
        await reader.next()
        some = [await reader.next() for _ in range(100)]
    async with reading(page, **{"Last-Event-ID": some[-1].name}) as reader:
        rest = (await reader.until("ready"))[:-1]
    assert len(rest) == 200
    assert {event.data["key"] for event in (*some, *rest)} == keys


async def test_the_age_says_when_what_is_seen_has_changed_last() -> None:
    async with serving(three_roles()) as page:
        page.publish("rep=bob")
        for role, expected in (("all", b"0.0"), ("ann", b"null")):
            async with reading(page, "", role) as reader:
                text = await reader.response.content.readuntil(b"}\n\n")
                while b"age" not in text:
                    text = await reader.response.content.readuntil(b"}\n\n")
                assert b'{"last_change_s":%b}' % expected in text


async def test_a_session_that_has_ended_ends_its_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.page.live.stream.AGE_S", 0.05)
    async with serving(three_roles()) as limited:
        doorkeeper = limited.app[SERVER].doorkeeper
        viewer = doorkeeper.by_token(limited.bearer("ann")["Authorization"].split()[1])
        assert viewer is not None
        session = doorkeeper.sessions.begin(viewer)
        cookie = {"Cookie": f"sales_kpis_session={session}"}
        async with reading(limited, "", None, **cookie) as reader:
            await reader.until("ready")
            doorkeeper.sessions.end(session)
            async with asyncio.timeout(20):
                await reader.response.content.read()


@asynccontextmanager
async def sleeping(page: Page, count: int) -> AsyncIterator[list[socket.socket]]:
    """Open streams that nobody reads; each has the smallest buffer that the system gives."""
    links = []
    try:
        for _ in range(count):
            link = socket.socket()
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
            link.setblocking(False)
            links.append(link)
            loop = asyncio.get_running_loop()
            port = int(page.url.rpartition(":")[2])
            await loop.sock_connect(link, ("127.0.0.1", port))
            await loop.sock_sendall(link, b"GET /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        yield links
    finally:
        for link in links:
            link.close()


async def test_nobody_waits_for_a_reader_that_does_not_read(page: Page) -> None:
    async with sleeping(page, 20), reading(page) as reader:
        await reader.until("ready")
        loop = asyncio.get_running_loop()
        for number in range(30):
            began = loop.time()
            page.publish("all", f"{number}.00")
            for other in range(20):
                page.publish(f"rep=r{other}", LARGE)
            while (await reader.next()).data["key"] != kpi_key():
                pass
            # Less than a second, though 20 others have not read 200 kB each time.
            assert loop.time() - began < 1.0


async def test_a_slow_reader_gets_the_newest_record_of_each_key(page: Page) -> None:
    async with sleeping(page, 1) as [link]:
        rounds = 200
        for number in range(rounds):
            for rep in range(10):
                page.publish(f"rep=r{rep}", f"{number}.{LARGE}")
            await asyncio.sleep(0.005)
        loop = asyncio.get_running_loop()
        received, wanted = b"", b'"%d.99' % (rounds - 1)
        async with asyncio.timeout(20):
            while received.count(wanted) < 10:
                received += await loop.sock_recv(link, 65_536)
        # 20 MB were published; what was on its way is all that was superseded.
        assert len(received) < 2_000_000


async def test_a_reader_that_takes_nothing_is_let_go(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.page.live.stream.WRITE_S", 0.2)
    async with sleeping(page, 3):
        for rep in range(100):
            page.publish(f"rep=r{rep}", LARGE)
        server = page.app[SERVER]
        async with asyncio.timeout(20):
            while server.readers == 0:
                await asyncio.sleep(0.01)
            while server.readers:
                await asyncio.sleep(0.05)


async def test_too_many_readers_are_asked_to_come_later(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.page.live.stream.MOST_READERS", 1)
    async with reading(page) as reader:
        await reader.until("ready")
        status, content = await page.get("/api/stream")
        assert (status, content["reason"]) == (503, "1 pages are open: try again later")
