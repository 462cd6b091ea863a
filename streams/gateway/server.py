"""The gateway's HTTP server: events are acknowledged once Kafka has acknowledged them.

`POST /events` accepts canonical events (one JSON object, an array, or one object per line) and
CloudEvents 1.0 (structured, batch, binary; `cloudevents` has the mapping). It answers

- 202 with `{"accepted": n}` once Kafka has acknowledged all of them;
- 4xx with `{"error", "line", "field", "reason", "errors"}` if any is bad; nothing is sent then;
- 503 with `Retry-After` when Kafka is unavailable or too slow: some may have been written then,
  and sending all of them again is harmless, because events are sets.

`/webhooks/<source>` accepts what CRMs send, see `webhooks`.
"""

import asyncio
import gc
import logging
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import hdrs, web

from streams.config.settings import Settings
from streams.events import KnownNames
from streams.events.formats.json_text import without_mark
from streams.gateway import cloudevents
from streams.gateway.auth import Token
from streams.gateway.bodies import (
    READ_SECONDS,
    read_body,
    reader_for,
)
from streams.gateway.connections import (
    Connections,
    connection_of,
    provide_descriptors,
)
from streams.gateway.errors import RequestRejected
from streams.gateway.event_producer import (
    DEADLINE_SECONDS,
    EVENT_TOPICS,
    EventProducer,
    silence_client_logs,
)
from streams.gateway.in_flight import InFlightRequests
from streams.gateway.limits import MemoryBudget
from streams.gateway.metrics import Metrics
from streams.gateway.openapi import document as openapi
from streams.gateway.records import all_or_none, checked
from streams.gateway.webhooks import routes as webhooks
from streams.process import logs

log = logging.getLogger(__name__)

# New objects per garbage collection, and collections of each generation per one of the next.
COLLECT_AFTER = (20_000, 20, 50)
# A request in flight has its body to be read and its records to be acknowledged.
END_SECONDS = READ_SECONDS + DEADLINE_SECONDS + 1.0
PROBES = ("/livez", "/healthz", "/readyz", "/metrics")
PATHS = ("/events", "/openapi.json", *PROBES)
# As many connections as wait to be accepted in other web servers.
BACKLOG = 128

IN_FLIGHT = web.AppKey("in_flight", InFlightRequests)
PRODUCER = web.AppKey("producer", EventProducer)
METRICS = web.AppKey("metrics", Metrics)
BUDGET = web.AppKey("budget", MemoryBudget)
CONNECTIONS = web.AppKey("connections", Connections)
TOKEN = web.AppKey("token", Token)
KNOWN_NAMES: web.AppKey[KnownNames | None] = web.AppKey("known_names")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(
    settings: Settings, host: str = "127.0.0.1", known: KnownNames | None = None
) -> web.Application:
    """Return the gateway's app, which is to listen on `host`.

    Reference records may name what is `known`; None: that is not checked. Raises BadSetting for
    a bad token, or for none where other machines could send. The app is connected to Kafka from
    its start-up to its clean-up.
    """
    token = Token(settings.token)
    token.guard(host)
    if token.is_open:
        log.warning("no token is set: every program on this machine may send events")
    app = web.Application(middlewares=[answer])
    app[KNOWN_NAMES] = known
    app[TOKEN], app[METRICS], app[BUDGET], app[IN_FLIGHT] = (
        token,
        Metrics(),
        MemoryBudget(),
        InFlightRequests(),
    )
    app[CONNECTIONS] = Connections(settings, app[METRICS])

    hooks = webhooks.WebhookHandler(settings, app[METRICS].registry, app[BUDGET])

    async def connect(app: web.Application) -> AsyncIterator[None]:
        async with EventProducer.open(settings, EVENT_TOPICS | hooks.topics) as producer:
            app[PRODUCER] = producer
            hooks.connect(producer, app[IN_FLIGHT])
            yield

    app.cleanup_ctx.append(connect)
    app.add_routes(
        [
            web.post("/events", post_events),
            web.options("/events", permit_events),
            web.get("/livez", is_alive),
            web.get("/healthz", is_alive),
            web.get("/readyz", is_ready),
            web.get("/metrics", get_metrics),
            web.get("/openapi.json", get_description),
            *hooks.routes(),
        ]
    )
    return app


async def post_events(request: web.Request) -> web.Response:
    """Write the request's events to Kafka, all or none of them."""
    admit(request)
    read = reader_for(request)
    budget = request.app[BUDGET]
    body = await read_body(request, budget)
    try:
        known = request.app[KNOWN_NAMES]
        records = all_or_none(checked(each, known) for each in read(without_mark(body)))
        await request.app[PRODUCER].write(records)
    finally:
        budget.release(len(body))
    accepted = request.app[METRICS].accepted
    for topic, count in Counter(record.topics[0] for record in records).items():
        accepted.labels(topic).inc(count)
    return web.json_response({"accepted": len(records)}, status=202)


async def permit_events(request: web.Request) -> web.Response:
    """Answer the validation request of CloudEvents' webhooks; needs the token, as events do."""
    admit(request)
    return web.Response(headers={hdrs.ALLOW: "POST", **cloudevents.permission(request.headers)})


async def is_alive(_: web.Request) -> web.Response:
    """Answer 200: this process is alive."""
    return web.json_response({"status": "ok"})


async def is_ready(request: web.Request) -> web.Response:
    """Answer 200 if events would be accepted now, or 503 with the reason."""
    trouble = await request.app[PRODUCER].trouble()
    if trouble:
        raise RequestRejected("kafka_away", trouble)
    return web.json_response({"status": "ok"})


async def get_metrics(request: web.Request) -> web.Response:
    """Answer with the metrics; needs the token."""
    admit(request)
    accept = ",".join(request.headers.getall(hdrs.ACCEPT, []))
    body, content_type = request.app[METRICS].written(accept)
    response = web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})
    response.enable_compression()
    return response


async def get_description(_: web.Request) -> web.Response:
    """Answer with the OpenAPI document; needs no token, as it is no secret."""
    response = web.json_response(body=openapi.encoded())
    response.enable_compression()
    return response


def admit(request: web.Request) -> None:
    """Reject a request without the token."""
    if not request.app[TOKEN].admits(request.headers.getall(hdrs.AUTHORIZATION, [])):
        raise RequestRejected("unauthorised", "one header is needed: Authorization: Bearer <token>")


@web.middleware
async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count and time every request."""
    metrics = request.app[METRICS]
    path = path_label(request.path)
    begun = asyncio.get_running_loop().time()
    status = 500
    try:
        with request.app[IN_FLIGHT].request():
            response = await handle(request, handler)
        is_kept = request.app[CONNECTIONS].keep(request, connection_of(request))
        if request.app[IN_FLIGHT].is_ending or not is_kept:
            response.force_close()
        status = response.status
        return response
    finally:
        metrics.requests.labels(path, str(status)).inc()
        if path == "/events":
            metrics.seconds.observe(asyncio.get_running_loop().time() - begun)


def path_label(path: str) -> str:
    """Return what a path is called in metrics; never more than a few values."""
    if path.startswith(webhooks.PREFIX):
        return webhooks.PREFIX.rstrip("/")
    return path if path in PATHS else "other"


async def handle(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Call the handler; rejections, unknown paths and methods are answered in JSON."""
    try:
        with request.app[CONNECTIONS].request(connection_of(request), request.path in PROBES):
            return await handler(request)
    except RequestRejected as refused:
        request.app[METRICS].rejected.labels(refused.kind).inc()
        return web.json_response(
            refused.report(), status=refused.status, headers=dict(refused.headers)
        )
    except web.HTTPClientError as error:
        headers = {name: text for name, text in error.headers.items() if name == hdrs.ALLOW}
        return web.json_response({"error": error.reason}, status=error.status, headers=headers)


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[asyncio.Server]:
    """Start the app and listen; at the end close all connections."""
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=2.0)
    await runner.setup()
    try:
        assert runner.server is not None  # noqa: S101 - for the type checker: it is set up
        listener = await asyncio.get_running_loop().create_server(
            app[CONNECTIONS].protocols(runner.server), host, port, backlog=BACKLOG
        )
        try:
            yield listener
        finally:
            listener.close()
    finally:
        await runner.cleanup()


async def serve(
    settings: Settings,
    port: int,
    host: str,
    stop: asyncio.Event,
    known: KnownNames | None = None,
) -> None:
    """Serve until `stop` is set, then let requests in flight finish."""
    app = make_app(settings, host, known)
    async with listening(app, host, port) as listener:
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{listener.sockets[0].getsockname()[1]}"
        print(f"gateway {address}", flush=True)  # noqa: T201  # the promised line
        await app[PRODUCER].until(stop)
        listener.close()
        if not await app[IN_FLIGHT].end(END_SECONDS):
            log.warning("some requests were still in flight after %.0f s", END_SECONDS)


def run_gateway(
    settings: Settings,
    port: int | None = None,
    host: str = "127.0.0.1",
    known: KnownNames | None = None,
) -> None:
    """Run the gateway until SIGTERM or SIGINT, then end it once requests in flight are answered.

    `gateway http://HOST:PORT` is the one line on standard output, once it listens; `port` is
    that of the settings if None, and any free one if 0. While Kafka is unavailable events are
    answered with 503. Raises BadSetting as `make_app` does and for more connections than the
    system allows, OSError if the port is in use.
    """
    logs.set_up(settings.log, logging.INFO)
    provide_descriptors(settings)
    port = settings.gateway_port if port is None else port
    _collect_seldom()
    with silence_client_logs():
        asyncio.run(_until_signalled(settings, port, host, known))


def _collect_seldom() -> None:
    """Exclude what is there at the start from garbage collections, and have few of them.

    A traversal of all modules stops every request in flight for a tenth of a second or more. The
    cycles that requests leave are found while they are young.
    """
    gc.set_threshold(*COLLECT_AFTER)
    gc.freeze()


async def _until_signalled(
    settings: Settings, port: int, host: str, known: KnownNames | None
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(settings, port, host, stop, known)
