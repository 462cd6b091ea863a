"""The metrics server: `/metrics` for Prometheus, `/livez` and `/readyz` for health checks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web
from prometheus_client.registry import Collector

from streams.output.prometheus.exposition import form_of
from streams.output.prometheus.page_cache import PageCache
from streams.process.cancellation import ended

SHUTDOWN_SECONDS = 2.0
Handler = Callable[[web.Request], Awaitable[web.Response]]


class MetricsServer:
    """A running server, started by `serve`; `port` is the port it listens on."""

    def __init__(self, runner: web.AppRunner, port: int) -> None:
        self._runner = runner
        self.port = port

    async def close(self) -> None:
        """Stop the server and release the port; requests in progress may finish."""
        await self._runner.cleanup()


async def serve(
    registry: Collector,
    port: int,
    *,
    host: str = "127.0.0.1",
    trouble: Callable[[], str | None] = lambda: None,
) -> MetricsServer:
    """Serve on a port (0: any free one) from the running event loop.

    The registry is collected on another thread, so that a large scrape blocks nothing; its
    collectors must allow that. `/metrics` is as old as PageCache says, in OpenMetrics and
    compressed with gzip where the request asks for it. `trouble` returns one line of text, or None
    if all is well; `/readyz` and `/healthz` answer 503 with it, or 200. `/livez` answers 200 as
    long as the event loop runs: if it does not, only a restart helps. Raises OSError if the port is
    in use.
    """
    app = web.Application()
    cache = PageCache(registry)
    app.cleanup_ctx.append(_building_ahead(cache))
    app.add_routes(
        [
            web.get("/metrics", _metrics(cache)),
            web.get("/livez", _health(lambda: None)),
            web.get("/readyz", _health(trouble)),
            web.get("/healthz", _health(trouble)),
        ]
    )
    runner = web.AppRunner(
        app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_SECONDS
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except BaseException:
        await runner.cleanup()
        raise
    return MetricsServer(runner, runner.addresses[0][1])


def _building_ahead(cache: PageCache) -> Callable[[web.Application], AsyncIterator[None]]:
    async def building(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(cache.build_ahead(), name="metrics page")
        yield
        await ended(task)

    return building


def _metrics(cache: PageCache) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        form = form_of(
            ",".join(request.headers.getall("Accept", [])),
            ",".join(request.headers.getall("Accept-Encoding", [])),
        )
        return web.Response(body=await cache.page(form), headers=form.headers)

    return answer


def _health(trouble: Callable[[], str | None]) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        problem = trouble()
        return web.Response(text=f"{problem or 'ok'}\n", status=503 if problem else 200)

    return answer
