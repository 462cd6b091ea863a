"""The gateway's connections: bounded in number, and each in the time it may wait.

Up to `max_connections` are served. A few more are held in reserve: each of these has one request,
which is answered if it asks for health or metrics, and with 503 otherwise, so that probes are
answered however many connections there are.
"""

import asyncio
import json
import logging
import resource
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Literal

from aiohttp import web
from aiohttp.http import HttpProcessingError

from streams.config.declaration import BadSetting
from streams.config.settings import PREFIX, Settings
from streams.gateway.errors import RequestRejected
from streams.gateway.metrics import Metrics

log = logging.getLogger(__name__)

# Probes and scrapes come one at a time from a few machines.
RESERVED = 16
# As long as a body may need to arrive.
WRITE_SECONDS = 15.0
# Connections to Kafka, two for each of a few dozen brokers, and files.
OTHER_DESCRIPTORS = 128

Reason = Literal["full", "header_timeout", "idle"]


class Connection(web.RequestHandler):
    """One connection: the web server's protocol, with a timer for the request head.

    The timer runs from the start, and after a response from the first byte of the next request.
    Until that byte the connection is idle and has the web server's limit for kept-alive ones.
    """

    def __init__(self, server: web.Server, connections: "Connections") -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # the server accepts None: no access log
            auto_decompress=False,  # bodies are decompressed within the limits of size
        )
        self.is_in_request = False
        self.is_answered = False
        self._connections = connections
        self._has_begun = False
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the timer of the first head, unless there are too many connections."""
        super().connection_made(transport)
        limit_unread(transport.get_extra_info("socket"))
        self._start_head_timer()
        self._connections.add(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop the timer."""
        self._connections.discard(self)
        self._stop_head_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Start the timer with the first byte of a head."""
        if data and not self.is_in_request:
            self._has_begun = True
            self._connections.is_awake(self)
            if self._head_timer is None:
                self._start_head_timer()
        super().data_received(data)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is not HTTP, showing and logging nothing of it: it may have a secret."""
        if not isinstance(exc, HttpProcessingError) or request.writer.output_size:
            return super().handle_error(request, status, exc, message)
        log.debug("a request is not HTTP: %s", type(exc).__name__)
        answer = web.json_response({"error": "the request is not HTTP/1.1"}, status=status)
        answer.force_close()
        return answer

    @property
    def has_no_probe(self) -> bool:
        """Whether no request is being answered: it waits for one, or for the end of a body."""
        return self.is_answered or not self.is_in_request

    def begin_request(self) -> None:
        """Stop the timer of the head, which is complete."""
        self.is_in_request = True
        self._stop_head_timer()

    def end_request(self) -> None:
        """Wait for the next head, for as long as an idle connection is kept."""
        self.is_in_request = self._has_begun = False

    def refuse(self, reason: RequestRejected) -> None:
        """Answer without a request, and close."""
        if self.transport is not None and not self.is_answered:
            self.transport.write(response(reason))
        self.force_close()

    def _start_head_timer(self) -> None:
        self._head_timer = self._loop.call_later(
            self._connections.header_seconds, self._has_no_head
        )

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _has_no_head(self) -> None:
        self._head_timer = None
        if self.is_in_request or self.transport is None:
            return
        self._connections.count("header_timeout")
        seconds = self._connections.header_seconds
        if self._has_begun:
            self.refuse(RequestRejected("slow", f"the headers took longer than {seconds} s"))
        else:
            self.force_close()


class Connections:
    """All open connections of a gateway, oldest first."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.header_seconds = settings.header_timeout_s
        self.max_connections = settings.max_connections
        self._metrics = metrics
        self._served: dict[Connection, None] = {}
        self._idle: dict[Connection, None] = {}
        self._reserve: dict[Connection, None] = {}

    def protocols(self, server: web.Server) -> Callable[[], Connection]:
        """Return the factory of a server's connections."""
        return lambda: Connection(server, self)

    def add(self, connection: Connection) -> None:
        """Serve a new connection; for lack of room hold it in reserve, or refuse it."""
        if len(self._served) >= self.max_connections and self._idle:
            oldest = next(iter(self._idle))
            self.discard(oldest)
            self.count("idle")
            oldest.force_close()
        if len(self._served) < self.max_connections:
            self._served[connection] = None
        else:
            self._hold(connection)
        self._show()

    def discard(self, connection: Connection) -> None:
        """Forget a connection, which may be forgotten already."""
        for held in (self._served, self._idle, self._reserve):
            held.pop(connection, None)
        self._show()

    def is_awake(self, connection: Connection) -> None:
        """Keep a connection that was idle: it has begun a request."""
        self._idle.pop(connection, None)

    @contextmanager
    def request(self, connection: Connection, is_probe: bool) -> Iterator[None]:
        """Count a request for the block. Raises RequestRejected for most in reserve."""
        self.is_awake(connection)
        connection.begin_request()
        if connection in self._reserve and not is_probe:
            self.count("full")
            connection.is_answered = True
            raise full()
        yield

    def keep(self, request: web.Request, connection: Connection) -> bool:
        """Return whether a connection may have another request after this one."""
        # What has not arrived of a body would be read as the next head.
        if connection not in self._served or not request.content.is_eof():
            connection.is_answered = True
            return False
        connection.end_request()
        self._idle[connection] = None
        return True

    def count(self, reason: Reason) -> None:
        """Count a connection that is refused or closed."""
        self._metrics.connections_refused.labels(reason).inc()

    def _hold(self, connection: Connection) -> None:
        """Hold in reserve, where the oldest that waits for its request makes room."""
        if len(self._reserve) >= RESERVED:
            refused = next((one for one in self._reserve if one.has_no_probe), connection)
            self.discard(refused)
            if not refused.is_answered:
                self.count("full")
            refused.refuse(full())
            if refused is connection:
                return
        self._reserve[connection] = None

    def _show(self) -> None:
        self._metrics.connections.set(len(self._served) + len(self._reserve))


def limit_unread(link: socket.socket) -> None:
    """Let a connection end whose sender does not read its responses, where the system can."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1000 * WRITE_SECONDS))


def provide_descriptors(settings: Settings) -> None:
    """Raise the process's limit of descriptors. Raises BadSetting where it may not be raised."""
    needed = settings.max_connections + RESERVED + OTHER_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise BadSetting(
            f"{PREFIX}MAX_CONNECTIONS={settings.max_connections} needs {needed} open files, and"
            f" {hard} are allowed: lower it, or raise the limit (ulimit -n)"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def connection_of(request: web.Request) -> Connection:
    """Return the connection that a request came by."""
    protocol = request.protocol
    if not isinstance(protocol, Connection):
        raise TypeError("the gateway's app is served by its own connections only")
    return protocol


def full() -> RequestRejected:
    """Return the rejection for lack of room."""
    return RequestRejected("busy", "too many connections: try again shortly")


def response(reason: RequestRejected) -> bytes:
    """Return a response as it is sent where there is no request."""
    body = json.dumps(reason.report()).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **reason.headers,
    }
    lines = [f"HTTP/1.1 {reason.status} {HTTPStatus(reason.status).phrase}"]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
