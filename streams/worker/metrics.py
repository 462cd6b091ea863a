"""What this worker counts and measures, for Prometheus."""

import logging
from collections.abc import Iterable, Mapping

from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

log = logging.getLogger(__name__)
SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
RESTORE_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
SIZES = (1, 10, 50, 100, 500, 1_000, 2_000, 4_000, 8_000, 20_000)
# A reason may quote the value it is about; only what comes before that tells kinds apart.
KIND_LENGTH = 40


class WorkerMetrics:
    """The worker's metrics in a registry of the caller's; it also is the tables' `Watch`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register every metric."""
        self.registry = registry

        def count(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"sales_kpis_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"sales_kpis_{name}", text, labels, registry=registry)

        def spread(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"sales_kpis_{name}", text, labels, buckets=buckets, registry=registry)

        self._events = count("events", "Events put into rows.", "topic")
        self._rejected = count("rejected", "Records in the dead letters.", "topic", "kind")
        self._late = count("late", "Events older than the lateness when they came.", "topic")
        self._gaps = count("gaps", "Offsets that were not there to be read.", "topic")
        self._published = count("published", "Records written to sales.kpis.")
        self._batch = spread("batch_size", "Records in a transaction.", SIZES, "stage")
        self._commit = spread("commit_seconds", "One transaction.", SECONDS, "stage")
        self._restore = spread("restore_seconds", "Taking a shard.", RESTORE_SECONDS, "stage")
        self._lag = gauge("lag_records", "Records not folded yet.", "topic", "partition")
        self._rebalance = gauge(
            "rebalance_seconds",
            "Seconds since this worker has had to join the group, or to follow a change of it;"
            " 0 once its assignment is complete.",
        )
        self._shards = gauge("shards", "Shards held.", "stage")
        self._lagging: set[tuple[str, str]] = set()

    def processed(self, topic: str, events: int, late: int) -> None:
        """Count events put into rows, and those older than the lateness."""
        self._events.labels(topic).inc(events)
        if late:
            self._late.labels(topic).inc(late)

    def rejected(self, topic: str, reason: str) -> None:
        """Count a record that went to the dead letters."""
        kind = reason.partition(":")[0].partition("`")[0].partition("'")[0]
        self._rejected.labels(topic, kind[:KIND_LENGTH].strip()).inc()

    def gap(self, topic: str, partition: int, missing: int) -> None:
        """Count offsets that were not there to be read, and say so: events may be lost."""
        log.warning("gap: %d offsets of %s/%d were not there", missing, topic, partition)
        self._gaps.labels(topic).inc(missing)

    def committed(self, stage: str, records: int, seconds: float) -> None:
        """Measure one transaction."""
        self._batch.labels(stage).observe(records)
        self._commit.labels(stage).observe(seconds)

    def restored(self, stage: str, seconds: float) -> None:
        """Measure taking a shard."""
        self._restore.labels(stage).observe(seconds)

    def published(self, records: int) -> None:
        """Count records written to the output."""
        self._published.inc(records)

    def assigned(self, stages: Iterable[str]) -> None:
        """Show how many shards of each stage are held: one name each."""
        names = list(stages)
        for stage in ("aggregate", "merge"):
            self._shards.labels(stage).set(names.count(stage))

    def rebalance(self, seconds: float) -> None:
        """Show how long the worker has been without a completed assignment; 0 if it has one."""
        self._rebalance.set(seconds)

    def lags(self, lags: Mapping[TopicPartition, int]) -> None:
        """Show how far behind each partition is; those not named are no longer shown."""
        shown = {(tp.topic, str(tp.partition)): lag for tp, lag in lags.items()}
        for gone in self._lagging - shown.keys():
            self._lag.remove(*gone)
        for labels, lag in shown.items():
            self._lag.labels(*labels).set(lag)
        self._lagging = set(shown)
