"""The metrics of a process that keeps the history, and whether it is ready."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from streams.kafka.topics import OUTPUTS


class HistoryMetrics:
    """The metrics of one process.

    Attributes:
        registry: A registry of its own, in which all of them are registered.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._written = Counter(
            "sales_kpis_history_records",
            "Records of a topic that were written.",
            ("topic",),
            registry=self.registry,
        )
        for topic in OUTPUTS:
            self._written.labels(topic)
        self._unavailable = Gauge(
            "sales_kpis_history_unavailable",
            "1 while the database cannot be reached.",
            registry=self.registry,
        )
        self._unread = set(OUTPUTS)
        self._problem: str | None = None

    def written(self, topic: str, count: int, *, is_caught_up: bool) -> None:
        """Count records that are committed."""
        self._written.labels(topic).inc(count)
        if is_caught_up:
            self._unread.discard(topic)

    def reached(self, problem: str | None) -> None:
        """Note why the database cannot be reached; None once it can."""
        self._problem = problem
        self._unavailable.set(problem is not None)

    def trouble(self) -> str | None:
        """Return why the process is not ready; None if all is well."""
        if self._problem is not None:
            return f"the history cannot be reached: {self._problem}"
        if self._unread:
            return f"still to be read to its end: {', '.join(sorted(self._unread))}"
        return None
