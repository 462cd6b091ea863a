"""The metrics port of a worker or another process, for as long as a block runs."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from prometheus_client.registry import Collector

from streams.config.settings import Settings
from streams.kafka.errors import Fatal
from streams.output.prometheus.server import serve


@asynccontextmanager
async def metrics_server(
    settings: Settings, registry: Collector, host: str, trouble: Callable[[], str | None]
) -> AsyncIterator[None]:
    """Serve `/metrics`, `/livez` and `/readyz` meanwhile, where there is a port for metrics.

    `trouble` is why the process is not ready. Raises Fatal if the port is in use.
    """
    if settings.metrics_port is None:
        yield
        return
    try:
        server = await serve(registry, settings.metrics_port, host=host, trouble=trouble)
    except OSError as error:
        place = f"{host}:{settings.metrics_port}"
        raise Fatal(f"no metrics on {place}: {error.strerror}") from error
    try:
        yield
    finally:
        await server.close()
