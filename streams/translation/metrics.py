"""The metrics of a process that translates deliveries, for Prometheus."""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.translation.translator import UNKNOWN, Translated

SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0)


class TranslationMetrics:
    """The metrics of one process; the label `source` has the names of mapping files only.

    Attributes:
        registry: The caller's registry, in which all of them are registered.
    """

    def __init__(self, registry: CollectorRegistry, sources: Iterable[str]) -> None:
        self.registry = registry

        def counter(name: str, text: str) -> Counter:
            return Counter(f"sales_kpis_{name}", text, ("source",), registry=registry)

        self._deliveries = counter("translated_deliveries", "Deliveries translated.")
        self._events = counter("translated_events", "Events that deliveries became.")
        self._ignored = counter("ignored_items", "Items of deliveries that no rule matches.")
        self._unmapped = counter("unmapped_items", "Items sent to the dead letters.")
        # A series that begins with 0 has an increase from its first item on.
        for source in (*sources, UNKNOWN):
            self._unmapped.labels(source)
        self._reads = counter("requested_reads", "Records that have to be read from the CRM.")
        self._seconds = Histogram(
            "sales_kpis_translation_seconds",
            "Time from the arrival of a delivery until its events are in Kafka.",
            buckets=SECONDS,
            registry=registry,
        )
        self._deleted = Counter(
            "sales_kpis_inbox_deleted",
            "Deliveries that Kafka deleted before they were translated.",
            registry=registry,
        )
        self._lag = Gauge(
            "sales_kpis_inbox_lag_records",
            "Deliveries in the inbox that are not translated yet.",
            ("partition",),
            registry=registry,
        )
        self._partitions: set[str] = set()

    def translated(self, found: Translated, clock: int) -> None:
        """Count a delivery whose events are in Kafka now, at `clock` in milliseconds."""
        self._deliveries.labels(found.source).inc()
        for metric, count in (
            (self._events, len(found.events)),
            (self._ignored, found.ignored),
            (self._unmapped, len(found.unmapped)),
            (self._reads, len(found.reads)),
        ):
            if count:
                metric.labels(found.source).inc(count)
        self._seconds.observe(max(0, clock - found.received) / 1000)

    def deleted(self, count: int) -> None:
        """Count deliveries that were gone before they were read."""
        self._deleted.inc(count)

    def lags(self, lags: Mapping[int, int]) -> None:
        """Expose the lag of each partition, and of no other."""
        own = {str(number) for number in lags}
        for number in self._partitions - own:
            self._lag.remove(number)
        self._partitions = own
        for partition, count in lags.items():
            self._lag.labels(str(partition)).set(count)
