"""Metrics of webhooks; only sources that are set up become values of a label."""

from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# The shortest deadlines are 0.8 s and 1.6 s, that of most senders 4 s.
_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 1.6, 4.0)
Outcome: TypeAlias = Literal[
    "accepted", "repeated", "handshake", "unverified", "unreadable", "limited", "later"
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class WebhookMetrics:
    """The counters of a gateway's webhooks, in its registry."""

    def __init__(self, registry: CollectorRegistry, sources: Iterable[str]) -> None:
        self.requests = Counter(
            "sales_kpis_gateway_webhooks",
            "Requests of a source by outcome: accepted and repeated are in the inbox, limited and"
            " later were asked to come again.",
            ["source", "outcome"],
            registry=registry,
        )
        self.unverified = Counter(
            "sales_kpis_gateway_webhooks_unverified",
            "Requests of a source that could not be verified, by kind of reason.",
            ["source", "kind"],
            registry=registry,
        )
        self.at_risk = Counter(
            "sales_kpis_gateway_webhooks_at_risk",
            "Requests that were not kept, of sources that send one again never or a few times.",
            ["source"],
            registry=registry,
        )
        self.reconcile_from = Gauge(
            "sales_kpis_gateway_webhook_reconcile_from_timestamp_seconds",
            "When the latest outage began in which requests of such a source were not kept.",
            ["source"],
            registry=registry,
        )
        self.last = Gauge(
            "sales_kpis_gateway_webhook_last_timestamp_seconds",
            "When the last delivery came that is in the inbox, since the gateway was started.",
            ["source"],
            registry=registry,
        )
        self.seconds = Histogram(
            "sales_kpis_gateway_webhook_seconds",
            "Duration of requests to /webhooks, including the arrival of their bodies.",
            buckets=_SECONDS,
            registry=registry,
        )
        # A series that begins with 0 has an increase from its first request on.
        for source in sources:
            for outcome in OUTCOMES:
                self.requests.labels(source, outcome)
            self.at_risk.labels(source)
