"""`/metrics` for Prometheus; `/livez` and `/readyz` for whoever looks after this process."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client.registry import Collector

from streams.output.prometheus.exposition import CONTENT_TYPE, text

SHUTDOWN_SECONDS = 2.0
Handler = Callable[[web.Request], Awaitable[web.Response]]


class MetricsServer:
    """A server that runs; `port` is the one it got."""

    def __init__(self, runner: web.AppRunner, port: int) -> None:
        """Take what `serve` started."""
        self._runner = runner
        self.port = port

    async def close(self) -> None:
        """Stop answering and give the port back; answers under way may finish."""
        await self._runner.cleanup()


async def serve(
    registry: Collector,
    port: int,
    *,
    host: str = "127.0.0.1",
    trouble: Callable[[], str | None] = lambda: None,
) -> MetricsServer:
    """Answer on a port (0: any free one) from the running event loop.

    The registry is asked and written out on another thread, so a large scrape holds nothing
    up; its collectors must bear that. `trouble` says in a line what is wrong, None if nothing
    is; `/readyz`, and `/healthz` as ever, answer 503 with it, or 200. `/livez` answers 200 as
    long as the event loop turns: where it does not, only starting again helps. Raises OSError
    if the port is taken.
    """
    app = web.Application()
    app.add_routes(
        [
            web.get("/metrics", _metrics(registry)),
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


def _metrics(registry: Collector) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        body = await asyncio.to_thread(text, registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    return answer


def _health(trouble: Callable[[], str | None]) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        said = trouble()
        return web.Response(text=f"{said or 'ok'}\n", status=503 if said else 200)

    return answer
