"""The metrics of reading records from CRMs."""

from collections.abc import Mapping
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge

Outcome = Literal["read", "gone", "later", "refused", "dead letter"]


class ReadMetrics:
    """The metrics of one process; the label `source` has the names of mapping files only."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._records = Counter(
            "sales_kpis_record_reads",
            "Records read from the CRM, and what came of it.",
            ("source", "outcome"),
            registry=registry,
        )
        self._waiting = Gauge(
            "sales_kpis_record_reads_waiting",
            "Records that webhooks have named and that are not read yet.",
            ("source",),
            registry=registry,
        )
        self._sources: set[str] = set()

    def read(self, source: str, outcome: Outcome) -> None:
        """Count an outcome."""
        self._records.labels(source, outcome).inc()

    def waiting(self, counts: Mapping[str, int]) -> None:
        """Expose how many records wait, by source."""
        for source in self._sources - counts.keys():
            self._waiting.labels(source).set(0)
        self._sources |= counts.keys()
        for source, count in counts.items():
            self._waiting.labels(source).set(count)
