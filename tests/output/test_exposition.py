"""The text that Prometheus reads."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from streams.output.prometheus.collector import KpiCollector
from streams.output.prometheus.exposition import text
from streams.wiring.catalogue import catalogue
from tests.output.records import (
    at,
    records,
    won,
)


def test_kpis_are_written_as_the_library_writes_them() -> None:
    settings = at()
    collector = KpiCollector(catalogue(settings), settings.clock)
    odd = 'Ann "A" \\ B\nC, é'
    amounts = ("12345678.90", "0.00", "-1.50", "999999999999999.99", "0.01")
    for number, amount in enumerate(amounts):
        for name, record in records([won("d1", amount, rep=f"{odd}{number}")], settings):
            collector.update(name, record)
    lost = won("d9", "1.00", status="lost", reason=odd)
    for name, record in records([lost], settings):
        collector.update(name, record)
    registry = CollectorRegistry()
    registry.register(collector)
    assert text(registry) == generate_latest(registry)
    assert rb'value="Ann \"A\" \\ B\nC, ' in text(registry)
    assert rb'label="Ann \"A\" \\ B\nC, ' in text(registry)


def test_other_kinds_are_there_as_well() -> None:
    registry = CollectorRegistry()
    Counter("events", "Read.", ["topic"], registry=registry).labels("crm.lead").inc(2)
    Histogram("commit_seconds", "Took.", registry=registry).observe(0.2)
    Gauge("lag", "Behind.", registry=registry).set(7)
    found = {
        (sample.name, tuple(sample.labels.items())): sample.value
        for metric in text_string_to_metric_families(text(registry).decode())
        for sample in metric.samples
    }
    assert found["events_total", (("topic", "crm.lead"),)] == 2
    assert found["commit_seconds_count", ()] == 1
    assert found["lag", ()] == 7
