"""A collector of the KPIs that follow from events, with a clock set by hand."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from prometheus_client import CollectorRegistry

from streams.config.settings import GAUGE_WINDOWS, Settings, instant
from streams.output.prometheus.collector import KpiCollector
from streams.wiring.catalogue import catalogue
from tests.output.records import NOON, at, records

TODAY = {"window": "day", "dimension": "all", "value": ""}


class Clock:
    """A clock that is set by hand."""

    def __init__(self, text: str = NOON) -> None:
        self.text = text

    def __call__(self) -> int:
        return instant(self.text, "now")


EVERY_WINDOW = {"metrics_windows": GAUGE_WINDOWS}


def showing(
    events: Iterable[bytes], settings: Settings | None = None, **chosen: Any
) -> tuple[CollectorRegistry, KpiCollector, Clock]:
    settings = replace(settings or at(), **(EVERY_WINDOW | chosen))
    clock = Clock()
    collector = KpiCollector(catalogue(settings), settings, clock)
    for name, record in records(events, settings):
        collector.update(name, record)
    registry = CollectorRegistry()
    registry.register(collector)
    return registry, collector, clock


def values(registry: CollectorRegistry, name: str) -> set[str]:
    return {
        sample.labels["value"]
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == name
    }
