"""The metrics of the process that notifies, for Prometheus."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.notify.core.message import Recipient
from streams.notify.state_records import AnyOutbox

RESULTS = ("accepted", "refused", "unanswered")


class NotifyMetrics(Collector):
    """The metrics of one process; the label `route` has the names of routes and reports only.

    Attributes:
        registry: The registry in which all of them are registered.
        set_aside: The recipients whose last message was refused.
        unaddressed: Routes and reps of alerts that no address is known for.
    """

    def __init__(self, routes: Iterable[str], clock: Callable[[], int]) -> None:
        """`clock` gives the time in milliseconds."""
        self.registry = CollectorRegistry()
        self.set_aside: set[Recipient] = set()
        self.unaddressed: set[tuple[str, str]] = set()
        self._routes, self._clock = tuple(routes), clock
        self._outboxes: tuple[Mapping[Recipient, AnyOutbox], ...] = ()
        self._attempts = Counter(
            "sales_kpis_notify_attempts",
            "Attempts to send a message, by what came of them.",
            ("route", "result"),
            registry=self.registry,
        )
        self._changes = Counter(
            "sales_kpis_notify_changes",
            "Alerts raised or withdrawn in messages that were accepted.",
            ("route",),
            registry=self.registry,
        )
        # A series that begins with 0 has an increase from its first message on.
        for route in self._routes:
            self._changes.labels(route)
            for result in RESULTS:
                self._attempts.labels(route, result)
        self.registry.register(self)

    def watch(self, *outboxes: Mapping[Recipient, AnyOutbox]) -> None:
        """Expose what waits in outboxes."""
        self._outboxes = outboxes

    def attempted(self, route: str, result: str) -> None:
        """Count an attempt by one of the RESULTS."""
        self._attempts.labels(route, result).inc()

    def accepted(self, route: str, changes: int) -> None:
        """Count the changes of a message that was accepted."""
        self._changes.labels(route).inc(changes)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield the gauges; may run on another thread than everything else."""
        outboxes = [each for found in self._outboxes for each in list(found.values())]
        pending = dict.fromkeys(self._routes, 0)
        oldest = dict.fromkeys(self._routes, 0.0)
        now = self._clock()
        for outbox in outboxes:
            route = outbox.recipient.route
            pending[route] += outbox.pending
            if outbox.pending_since is not None:
                oldest[route] = max(oldest[route], (now - outbox.pending_since) / 1000)
        refused, unknown = list(self.set_aside), list(self.unaddressed)
        for name, text, values in (
            ("pending", "Alerts that are to be sent or withdrawn, and reports.", pending),
            ("oldest_pending_seconds", "How long the oldest of them has waited.", oldest),
            (
                "set_aside",
                "Recipients that refused their last message.",
                {route: sum(each.route == route for each in refused) for route in self._routes},
            ),
            (
                "reps_without_address",
                "Reps with alerts that are to be mailed to them, and no address.",
                {route: sum(each == route for each, _ in unknown) for route in self._routes},
            ),
        ):
            metric = GaugeMetricFamily(f"sales_kpis_notify_{name}", text, labels=["route"])
            for route, value in values.items():
                metric.add_metric([route], value)
            yield metric
