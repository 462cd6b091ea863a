"""Families of metrics as the text that Prometheus reads."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from streams.output.prometheus.gauges import GaugeFamily

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def text(registry: Collector) -> bytes:
    """Write what a registry has now: KPIs first, each family as the client library writes it.

    There may be tens of thousands of KPIs, for which the library takes ten times as long;
    everything else it writes itself.
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
