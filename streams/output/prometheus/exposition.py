"""Metric families in Prometheus' text format."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from streams.output.prometheus.gauges import GaugeFamily

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def text(registry: Collector) -> bytes:
    """Return the current metrics of a registry, gauges of KPIs first.

    The client library would need ten times as long for tens of thousands of gauges; it writes all
    other metrics.
    """
    others: list[Metric] = []
    lines: list[str] = []
    for family in registry.collect():
        if isinstance(family, GaugeFamily):
            lines.extend(family.lines())
        else:
            others.append(family)
    return "".join(lines).encode() + generate_latest(_Families(others))


class _Families(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
