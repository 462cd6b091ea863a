"""The text that Prometheus reads."""

import gzip

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from streams.output.prometheus.collector import KpiCollector
from streams.output.prometheus.exposition import Form, Snapshot, form_of, text
from streams.wiring.catalogue import catalogue
from tests.output.records import (
    at,
    records,
    won,
)


def test_kpis_are_written_as_the_library_writes_them() -> None:
    settings = at()
    collector = KpiCollector(catalogue(settings), settings)
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
    written = Snapshot(registry).written(Form(is_openmetrics=True, is_gzip=False))
    library = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]  # the library's
    assert written == library
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


def test_openmetrics_ends_with_its_mark_and_can_be_parsed() -> None:
    registry = CollectorRegistry()
    Counter("events", "Read.", registry=registry).inc(2)
    settings = at()
    collector = KpiCollector(catalogue(settings), settings)
    for name, record in records([won("d1", "2.00")], settings):
        collector.update(name, record)
    registry.register(collector)
    written = Snapshot(registry).written(Form(is_openmetrics=True, is_gzip=False))
    assert written.endswith(b"# EOF\n")
    assert written.count(b"# EOF") == 1
    families = openmetrics_families(written.decode())  # type: ignore[no-untyped-call]  # the same
    names = {family.name for family in families}
    assert {"events", "sales_revenue_won_eur", "sales_kpi_records"} <= names


def test_compressed_is_the_same() -> None:
    registry = CollectorRegistry()
    Gauge("lag", "Behind.", registry=registry).set(7)
    for is_openmetrics in (True, False):
        snapshot = Snapshot(registry)
        compressed = snapshot.written(Form(is_openmetrics, is_gzip=True))
        assert gzip.decompress(compressed) == snapshot.written(Form(is_openmetrics, is_gzip=False))


PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "is_openmetrics"),
    [
        (PROMETHEUS, True),
        ("application/openmetrics-text", True),
        ("", False),
        ("*/*", False),
        ("text/html, */*;q=0.8", False),
        ("text/plain, application/openmetrics-text;q=0.5", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=often", False),
    ],
)
def test_openmetrics_is_written_where_it_is_preferred(accept: str, is_openmetrics: bool) -> None:
    form = form_of(accept, "")
    assert form.is_openmetrics is is_openmetrics
    kind = "application/openmetrics-text; version=1.0.0" if is_openmetrics else "text/plain"
    assert form.headers["Content-Type"].startswith(kind)


@pytest.mark.parametrize(
    ("encoding", "is_gzip"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
    ],
)
def test_gzip_is_used_where_it_is_accepted(encoding: str, is_gzip: bool) -> None:
    form = form_of("", encoding)
    assert form.is_gzip is is_gzip
    assert form.headers.get("Content-Encoding") == ("gzip" if is_gzip else None)
