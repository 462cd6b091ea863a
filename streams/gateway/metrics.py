"""What the gateway counts about itself."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
# The deadline is 4 s; senders give up at 5.
_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 4.0, 5.0)


class Metrics:
    """One gateway's counters, in a registry of their own; every label has few values."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "sales_kpis_gateway_requests",
            "Requests answered, by path (any other is `other`) and status.",
            ["path", "status"],
            registry=self.registry,
        )
        self.accepted = Counter(
            "sales_kpis_gateway_events_accepted",
            "Events that Kafka has acknowledged, by topic.",
            ["topic"],
            registry=self.registry,
        )
        self.rejected = Counter(
            "sales_kpis_gateway_refusals",
            "Requests refused whole, by the kind of reason.",
            ["kind"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "sales_kpis_gateway_request_seconds",
            "How long a request to /events took, its body's arrival included.",
            buckets=_SECONDS,
            registry=self.registry,
        )

    def text(self) -> bytes:
        """Write it all in Prometheus' text format."""
        return generate_latest(self.registry)
