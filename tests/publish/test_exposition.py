"""The text that Prometheus reads."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from streams.kpis import catalogue
from streams.publish.exposition import text
from streams.publish.prometheus import KpiCollector
from tests.publish.records import at, records, won


def test_gauges_are_written_as_the_library_writes_them() -> None:
    registry = CollectorRegistry()
    odd = Gauge("odd", 'Odd "things"\nand \\.', ["a1", "a", "b_b"], registry=registry)
    values = (0, -1.5, 1e15, 12_345_678.25, float("inf"), float("-inf"), float("nan"), 1 / 3)
    for number, value in enumerate(values):
        odd.labels('a "quoted" \\ text', "two\nlines", f"é{number}").set(value)
    Gauge("plain", "One of its own.", registry=registry).set(3)
    assert text(registry) == generate_latest(registry)


def test_kpis_are_written_as_the_library_writes_them() -> None:
    settings = at()
    collector = KpiCollector(catalogue(settings), settings.clock)
    for name, record in records([won("d1", "1.00", rep='Ann "A" \\ B')], settings):
        collector.put(name, record)
    registry = CollectorRegistry()
    registry.register(collector)
    assert text(registry) == generate_latest(registry)
    assert rb'member="Ann \"A\" \\ B"' in text(registry)


def test_other_kinds_are_there_as_well() -> None:
    registry = CollectorRegistry()
    Counter("events", "Read.", ["topic"], registry=registry).labels("crm.lead").inc(2)
    Histogram("commit_seconds", "Took.", registry=registry).observe(0.2)
    Gauge("lag", "Behind.", registry=registry).set(7)
    found = {
        (sample.name, tuple(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text(registry).decode())
        for sample in family.samples
    }
    assert found["events_total", (("topic", "crm.lead"),)] == 2
    assert found["commit_seconds_count", ()] == 1
    assert found["lag", ()] == 7
