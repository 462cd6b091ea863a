"""The metrics of the page's process, for Prometheus."""

from collections.abc import Iterable

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.kafka.topics import ALERTS, KPIS
from streams.page.context import SERVER, Server

# By the first part of a path; what strangers ask for gets no label of its own.
KINDS = frozenset(
    [
        *("api", "openapi.json", "export.xlsx", "static", "targets"),
        *("login", "logout", "livez", "readyz"),
    ]
)
VIEW, OTHER = "view", "other"
NOT_FOUND = 404


class PageMetrics(Collector):
    """The metrics of one server.

    Attributes:
        registry: A registry of its own, in which all of them are registered.
    """

    def __init__(self, server: Server) -> None:
        self.registry = CollectorRegistry()
        self._server = server
        self._requests = Counter(
            "sales_kpis_page_requests",
            "Requests answered, by what was asked for.",
            ("kind", "status"),
            registry=self.registry,
        )
        self.registry.register(self)

    def answered(self, path: str, status: int) -> None:
        """Count an answer."""
        self._requests.labels(kind_of(path, status), str(status)).inc()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield the gauges; may run on another thread than everything else."""
        store, past = self._server.store, self._server.past
        yield GaugeMetricFamily(
            "sales_kpis_page_streams",
            "Streams of changes that are open.",
            value=self._server.readers,
        )
        changed = GaugeMetricFamily(
            "sales_kpis_page_last_change_timestamp_seconds",
            "When the newest record that the page has was written; 0: it has none.",
            labels=["topic"],
        )
        for topic, changes in ((KPIS, store.kpis), (ALERTS, store.alerts)):
            (log,) = changes.logs(None)
            changed.add_metric([topic], log.changed_at_ms / 1_000)
        yield changed
        yield GaugeMetricFamily(
            "sales_kpis_page_history_unavailable",
            "1 if the last question to the history was not answered.",
            value=int(past.is_unavailable),
        )


METRICS = web.AppKey("metrics", PageMetrics)


def kind_of(path: str, status: int) -> str:
    """Return what was asked for: a view, or the first part of any other path there is."""
    first = path.lstrip("/").partition("/")[0]
    if first in KINDS:
        return first
    return OTHER if status == NOT_FOUND else VIEW


async def count(request: web.Request, response: web.StreamResponse) -> None:
    """Count an answer that begins."""
    request.app[METRICS].answered(request.path, response.status)


def add_metrics(app: web.Application) -> None:
    """Count every answer of an app that has its server."""
    app[METRICS] = PageMetrics(app[SERVER])
    app.on_response_prepare.append(count)
