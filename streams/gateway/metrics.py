"""The gateway's own metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder

# The deadline is 4 s; senders time out after 5 s.
_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 4.0, 5.0)


class Metrics:
    """One gateway's counters, in a registry of their own; every label has few values."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "sales_kpis_gateway_requests",
            "Requests answered, by path (any other is `other`) and status.",
            ["path", "status"],
            registry=self.registry,
        )
        self.accepted = Counter(
            "sales_kpis_gateway_events_accepted",
            "Events that Kafka has acknowledged, by topic; one of several topics by its first.",
            ["topic"],
            registry=self.registry,
        )
        self.rejected = Counter(
            "sales_kpis_gateway_refusals",
            "Requests rejected, by the kind of reason.",
            ["kind"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "sales_kpis_gateway_request_seconds",
            "Duration of requests to /events, including the arrival of their bodies.",
            buckets=_SECONDS,
            registry=self.registry,
        )

        self.connections = Gauge(
            "sales_kpis_gateway_connections",
            "Open connections, with those in reserve.",
            registry=self.registry,
        )
        self.connections_refused = Counter(
            "sales_kpis_gateway_connections_refused",
            "Connections refused or closed, by reason.",
            ["reason"],
            registry=self.registry,
        )

    def written(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics as an Accept header asks for them, with their content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type
