"""`/api/stream`: the changes as server-sent events, each reader at its own pace."""

import asyncio
import socket
from collections.abc import Callable

import orjson
from aiohttp import web

from streams.page.context import IS_STILL_ADMITTED, SERVER, Server, viewer_of
from streams.page.live.subscription import Subscription
from streams.page.refusals import unavailable
from streams.page.selection import one, selection

MOST_READERS = 500
# Of changes that follow one another the newest is sent; no reader is woken more often.
LINGER_S = 0.1
AGE_S = 5.0
# Who takes nothing for so long is gone, and comes back by its last id.
WRITE_S = 60.0
# Little is on its way to a slow reader, so that what it gets next is new.
BUFFER_BYTES = 64 * 1024
HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    # A proxy that collects a page before it passes it on would never pass this on.
    "X-Accel-Buffering": "no",
}


async def get_stream(request: web.Request) -> web.StreamResponse:
    """Send what there is, then each change, until the reader goes."""
    server = request.app[SERVER]
    viewer = viewer_of(request)
    asked = selection(request.query, server.store.kpi_names, "start", "last_event_id")
    last_id = request.headers.get("Last-Event-ID") or one(request.query, "last_event_id")
    if server.readers >= MOST_READERS:
        raise unavailable(f"{MOST_READERS} pages are open: try again later")
    subscription = Subscription(server.store, viewer, asked, last_id)
    response = web.StreamResponse(headers=HEADERS)
    server.readers += 1
    try:
        await response.prepare(request)
        _limit_buffers(request)
        await _send(server, subscription, response, request[IS_STILL_ADMITTED])
    except (ConnectionError, TimeoutError):
        # The reader has gone, or has stopped reading; nothing is kept for it.
        response.force_close()
    finally:
        server.readers -= 1
    return response


async def _send(
    server: Server,
    subscription: Subscription,
    response: web.StreamResponse,
    still_admitted: Callable[[], bool],
) -> None:
    clock = asyncio.get_running_loop().time
    age_due_at = clock()
    while not server.is_ending:
        change = server.store.next_change
        piece = subscription.next_piece()
        if not subscription.has_more and clock() >= age_due_at:
            if not still_admitted():
                return
            piece += _age(server, subscription)
            age_due_at = clock() + AGE_S
        if piece:
            async with asyncio.timeout(WRITE_S):
                await response.write(piece)
        if subscription.has_more:
            # A write into a buffer that has room does not let others have their turn.
            await asyncio.sleep(0)
            continue
        await asyncio.sleep(LINGER_S)
        await _wait(change, age_due_at - clock())


async def _wait(change: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await change.wait()
    except TimeoutError:
        return


def _age(server: Server, subscription: Subscription) -> bytes:
    changed_at_ms = subscription.changed_at_ms
    age_s = round(max(server.clock() - changed_at_ms, 0) / 1_000, 1) if changed_at_ms else None
    return b"event: age\ndata: %b\n\n" % orjson.dumps({"last_change_s": age_s})


def _limit_buffers(request: web.Request) -> None:
    transport = request.transport
    if transport is None:
        raise ConnectionResetError
    transport.set_write_buffer_limits(high=BUFFER_BYTES)
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
