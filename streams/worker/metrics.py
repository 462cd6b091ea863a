"""The worker's metrics about itself, for Prometheus."""

import logging
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TypeVar

from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streams.events import RejectionKind

Metric = TypeVar("Metric", Counter, Gauge)
log = logging.getLogger(__name__)
SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
RESTORE_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
# Whether a restore has used a snapshot.
USED, UNUSED = "used", "unused"
SIZES = (1, 10, 50, 100, 500, 1_000, 2_000, 4_000, 8_000, 20_000)


class WorkerMetrics:
    """The metrics of one worker; implements TaskMetrics for its tasks.

    Attributes:
        registry: The caller's registry, in which all of them are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry

        counter, gauge = partial(_metric, Counter, registry), partial(_metric, Gauge, registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"sales_kpis_{name}", text, labels, buckets=buckets, registry=registry)

        self._events = counter("events", "Events added to the state.", "topic")
        self._misplaced = counter("misplaced", "Events of other partitions' subjects.", "topic")
        self._rejected = counter("rejected", "Records sent to the dead letters.", "topic", "kind")
        self._late = counter("late", "Events older than the lateness on arrival.", "topic")
        self._future = gauge("future_events", "Events that wait for their time.", "partition")
        self._retired = gauge("retired_sets", "Event sets out of memory.", "partition")
        self._back = counter("sets_brought_back", "Event sets read again into memory.")
        self._gaps = counter("gaps", "Offsets that were no longer there to be read.", "topic")
        self._set_aside = counter(
            "set_aside", "Records not written, larger than their topic accepts.", "topic"
        )
        self._published = counter("published", "Records written to sales.kpis.")
        self._batch = histogram("batch_size", "Records per transaction.", SIZES, "stage")
        self._commit = histogram("commit_seconds", "Duration of a commit.", SECONDS, "stage")
        self._restore = histogram(
            "restore_seconds", "Duration of a task's restore.", RESTORE_SECONDS, "stage"
        )
        self._restores = counter("restores", "Restores, by use of a snapshot.", "snapshot")
        self._uncompared = gauge("uncompared_records", "Published records still to be compared.")
        self._lag = gauge("lag_records", "Records not processed yet.", "topic", "partition")
        self._held_back = gauge(
            "held_back_records",
            "Offsets that cannot be read until a producer's open transaction ends.",
            "topic",
            "partition",
        )
        self._rebalance = gauge(
            "rebalance_seconds",
            "Seconds since this worker has had to join the group, or to follow a change of it;"
            " 0 once its assignment is complete.",
        )
        self._tasks = gauge("shards", "Assigned tasks.", "stage")
        # Of the gauges that tasks set themselves: the partitions of the tasks here.
        self._partitions: dict[Gauge, set[str]] = {self._future: set(), self._retired: set()}
        self._labels: dict[Gauge, set[tuple[str, str]]] = {}

    def processed(self, topic: str, events: int, late: int) -> None:
        """Count events added to the state, and those of them older than the lateness."""
        self._events.labels(topic).inc(events)
        if late:
            self._late.labels(topic).inc(late)

    def misplaced(self, topic: str, events: int) -> None:
        """Count events found in another partition than their subject's, and forwarded."""
        self._misplaced.labels(topic).inc(events)

    def rejected(self, topic: str, kind: RejectionKind) -> None:
        """Count a record sent to the dead letters."""
        self._rejected.labels(topic, kind).inc()

    def future_events(self, partition: int, events: int) -> None:
        """Expose how many events of a partition wait for their time."""
        self._of_partition(self._future, partition, events)

    def retired_sets(self, partition: int, sets: int) -> None:
        """Expose how many event sets of a partition are out of memory."""
        self._of_partition(self._retired, partition, sets)

    def brought_back(self, sets: int) -> None:
        """Count event sets that were read again, since something named them."""
        self._back.inc(sets)

    def gap(self, topic: str, partition: int, missing: int) -> None:
        """Count and log offsets that were not there to be read: events may be lost."""
        log.warning("gap: %d offsets of %s/%d were not there", missing, topic, partition)
        self._gaps.labels(topic).inc(missing)

    def set_aside(self, topic: str) -> None:
        """Count a record that was not written, since it is larger than its topic accepts."""
        self._set_aside.labels(topic).inc()

    def committed(self, stage: str, records: int, seconds: float) -> None:
        """Record one transaction."""
        self._batch.labels(stage).observe(records)
        self._commit.labels(stage).observe(seconds)

    def restored(self, stage: str, seconds: float) -> None:
        """Record the restore of one task."""
        self._restore.labels(stage).observe(seconds)

    def restored_state(self, *, with_snapshot: bool) -> None:
        """Count a state changelog that was restored, with or without a snapshot."""
        self._restores.labels(USED if with_snapshot else UNUSED).inc()

    def published(self, records: int) -> None:
        """Count records written to the output."""
        self._published.inc(records)

    def assigned(self, stages: Iterable[str]) -> None:
        """Expose the number of assigned tasks by stage, given the stage of each."""
        listed = list(stages)
        for stage in ("aggregate", "merge"):
            self._tasks.labels(stage).set(listed.count(stage))

    def rebalance(self, seconds: float) -> None:
        """Expose how long the worker has been without a completed assignment; 0 if it has one."""
        self._rebalance.set(seconds)

    def lags(self, lags: Mapping[TopicPartition, int]) -> None:
        """Expose the lag of each partition, and of no other, nor what waits in any other."""
        own = {str(partition.partition) for partition in lags}
        for gauge, numbers in self._partitions.items():
            for number in numbers - own:
                gauge.remove(number)
            numbers &= own
        self._by_partition(self._lag, lags)

    def held_back(self, counts: Mapping[TopicPartition, int]) -> None:
        """Expose how many offsets are behind an open transaction, by partition."""
        self._by_partition(self._held_back, counts)

    def uncompared(self, records: int) -> None:
        """Expose how many published records the tasks restored here have still to compare."""
        self._uncompared.set(records)

    def _of_partition(self, gauge: Gauge, partition: int, value: int) -> None:
        self._partitions[gauge].add(str(partition))
        gauge.labels(str(partition)).set(value)

    def _by_partition(self, gauge: Gauge, values: Mapping[TopicPartition, int]) -> None:
        by_labels = {(tp.topic, str(tp.partition)): value for tp, value in values.items()}
        for labels in self._labels.get(gauge, set()) - by_labels.keys():
            gauge.remove(*labels)
        for labels, value in by_labels.items():
            gauge.labels(*labels).set(value)
        self._labels[gauge] = set(by_labels)


def _metric(
    kind: type[Metric], registry: CollectorRegistry, name: str, text: str, *labels: str
) -> Metric:
    return kind(f"sales_kpis_{name}", text, labels, registry=registry)
