"""The page's HTTP server: views, API and stream from one reader of each output topic."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

from aiohttp import web

from streams.config.rules.page import PageRules
from streams.config.settings import Settings
from streams.history.store import open_history as history_of
from streams.kafka.errors import Fatal
from streams.kafka.topics import ALERTS, CATALOGUE, KPIS
from streams.output.prometheus.metrics_server import metrics_server
from streams.output.reader import Feed
from streams.page import view_pages
from streams.page.access import login
from streams.page.access.doorkeeper import Doorkeeper
from streams.page.api import handlers, workbook
from streams.page.context import SERVER, Render, Server, WriteTarget
from streams.page.live import stream
from streams.page.live.alert_feed import AlertFeed
from streams.page.live.store import Store
from streams.page.live.topics import AlertView, CatalogueView, KpiView
from streams.page.metrics import METRICS, add_metrics
from streams.page.past import OpenHistory, Past
from streams.page.plain_pages import loading_page, refusal_page
from streams.page.refusals import Refused, json_response, unavailable, wants_json
from streams.page.static_files import PREFIX, get_static
from streams.page.targets import handler as targets
from streams.page.targets.writer import TargetWriter
from streams.page.views import render as render_view
from streams.process import logs
from streams.process.cancellation import stopped

log = logging.getLogger(__name__)

READING = "sales.kpis is still being read: in a moment"
FOR_PROGRAMS = {workbook.PATH, *login.PUBLIC} - {"/login"}
FORM_BYTES = 16 * 1024
# Streams are ended first; other answers are short.
SHUTDOWN_S = 2.0
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def make_app(
    settings: Settings,
    rules: PageRules,
    *,
    host: str = "127.0.0.1",
    store: Store | None = None,
    open_history: OpenHistory | None = None,
    render: Render = render_view,
    write_target: WriteTarget | None = None,
    not_ready_reason: Callable[[], str | None] = lambda: None,
) -> web.Application:
    """Return the app, which is to listen on `host`.

    Without `write_target`, targets are written to the Kafka of the settings. Raises BadSetting
    where other machines could look without a rule, and for a bad token file.
    """
    doorkeeper = Doorkeeper(rules)
    doorkeeper.guard(host)
    writer = TargetWriter(settings)
    app = web.Application(middlewares=[answer, login.admit], client_max_size=FORM_BYTES)
    app[SERVER] = Server(
        store=Store() if store is None else store,
        doorkeeper=doorkeeper,
        render=render,
        clock=settings.clock,
        timezone=settings.timezone,
        past=Past(open_history or partial(history_of, settings)),
        links=rules.links,
        write_target=write_target or writer.write,
        not_ready_reason=not_ready_reason,
    )
    add_metrics(app)
    app.on_response_prepare.append(_secure)
    app.on_shutdown.append(_end_streams)
    app.on_cleanup.append(_close_past)
    app.on_cleanup.append(lambda _: writer.close())
    app.add_routes(routes())
    return app


def routes() -> list[web.RouteDef]:
    """Give every route."""
    return [
        web.get("/api/kpis", handlers.get_kpis),
        web.get("/api/alerts", handlers.get_alerts),
        web.get("/api/catalogue", handlers.get_catalogue),
        web.get("/api/history", handlers.get_history),
        web.get("/api/stream", stream.get_stream),
        web.get("/openapi.json", handlers.get_description),
        web.get("/livez", is_alive),
        web.get("/readyz", is_ready),
        web.get("/login", login.show_login),
        web.post("/login", login.log_in),
        web.post("/logout", login.log_out),
        web.post(workbook.PATH, workbook.get_workbook),
        web.post(targets.PATH, targets.set_target),
        web.get(PREFIX + "{path:.+}", get_static),
        *view_pages.routes(),
    ]


async def is_alive(_: web.Request) -> web.Response:
    """Answer 200: this process is alive."""
    return json_response({"status": "ok"})


async def is_ready(request: web.Request) -> web.Response:
    """Answer 200 once everything is read, or 503 with the reason."""
    if reason := request.app[SERVER].not_ready_reason():
        raise unavailable(reason)
    return json_response({"status": "ok"})


@web.middleware
async def answer(request: web.Request, handler: login.Handler) -> web.StreamResponse:
    """Answer refusals: as JSON for programs, as a page for people."""
    is_for_programs = (
        request.path.startswith("/api/")
        or request.path in FOR_PROGRAMS
        or (request.path == targets.PATH and wants_json(request))
    )
    try:
        reason = request.app[SERVER].not_ready_reason()
        if reason and request.path.startswith(("/api/", targets.PATH)):
            raise unavailable(reason)
        if reason and not is_for_programs and not request.path.startswith((PREFIX, "/login")):
            return loading_page(reason)
        return await handler(request)
    except Refused as refused:
        return refused.response() if is_for_programs else refusal_page(refused)
    except web.HTTPClientError as error:
        allowed = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        unknown = Refused(HTTPStatus(error.status), error.reason, headers=allowed)
        return unknown.response() if is_for_programs else refusal_page(unknown)


async def _secure(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    # Which server this is helps nobody but attackers.
    response.headers.popall("Server", None)


async def _end_streams(app: web.Application) -> None:
    app[SERVER].is_ending = True
    app[SERVER].store.wake()


async def _close_past(app: web.Application) -> None:
    await app[SERVER].past.close()


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Listen for the block, and yield the address. Raises Fatal if the port is in use."""
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise Fatal(f"no page on {host}:{port}: {error.strerror}") from error
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def serve(
    settings: Settings,
    rules: PageRules,
    host: str,
    stop: asyncio.Event,
    report: Callable[[str], None],
) -> None:
    """Serve until `stop` is set; `report` is called with the address once it listens.

    Raises Fatal when the output cannot be read: a supervisor starts the process again.
    """
    store = Store()
    feeds: list[Feed | AlertFeed] = [
        Feed(settings, KpiView(store)),
        AlertFeed(settings, AlertView(store)),
        Feed(settings, CatalogueView(store), topic=CATALOGUE),
    ]

    def not_ready_reason() -> str | None:
        return None if all(feed.caught_up.is_set() for feed in feeds) else READING

    app = make_app(settings, rules, host=host, store=store, not_ready_reason=not_ready_reason)
    async with (
        metrics_server(settings, app[METRICS].registry, host, not_ready_reason),
        listening(app, host, settings.page_port) as address,
    ):
        if app[SERVER].doorkeeper.is_open:
            log.warning("there is no [[page.access]]: every program on this machine may look")
        report(address)
        names = (KPIS, ALERTS, CATALOGUE)
        tasks = [
            asyncio.create_task(feed.run(), name=f"feed of {name}")
            for feed, name in zip(feeds, names, strict=True)
        ]
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            await stopped(*tasks, stopping)


def run_page(settings: Settings, rules: PageRules, host: str) -> None:
    """Run the page until SIGTERM or SIGINT.

    `page http://HOST:PORT` is the one line on standard output, once it listens. Raises BadSetting
    as `make_app` does, Fatal if the port is in use or Kafka cannot be read.
    """
    logs.set_up(settings.log, logging.INFO)
    asyncio.run(_until_signalled(settings, rules, host))


async def _until_signalled(settings: Settings, rules: PageRules, host: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def report(address: str) -> None:
        print(f"page {address}", flush=True)  # noqa: T201  # the promised line

    await serve(settings, rules, host, stop, report)
