"""The exposition of metric families: Prometheus' text format and OpenMetrics, also compressed."""

import gzip
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from streams.output.prometheus.gauges import GaugeFamily

# The fastest: lines of gauges are alike, and higher levels save little.
GZIP_LEVEL = 1
OPENMETRICS = "application/openmetrics-text"
TEXT = "text/plain"


class Form(NamedTuple):
    """How the metrics are written, as a client has asked for it."""

    is_openmetrics: bool
    is_gzip: bool

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of the answer."""
        kind = openmetrics.CONTENT_TYPE_LATEST if self.is_openmetrics else CONTENT_TYPE_PLAIN_0_0_4
        encoding = {"Content-Encoding": "gzip"} if self.is_gzip else {}
        return {"Content-Type": kind, "Vary": "Accept, Accept-Encoding", **encoding}


def form_of(accept: str, accept_encoding: str) -> Form:
    """Return the form that the headers of a request ask for; without them, plain text."""
    asked = _quality(accept, OPENMETRICS)
    return Form(
        is_openmetrics=asked > 0 and asked >= _quality(accept, TEXT),
        is_gzip=_quality(accept_encoding, "gzip") > 0,
    )


class Snapshot:
    """The metrics of a registry at one instant, to be written in any form."""

    def __init__(self, registry: Collector) -> None:
        self._others: list[Metric] = []
        # The client library would need ten times as long for tens of thousands of gauges; it
        # writes all other metrics, and the help of these.
        self._kpis: list[tuple[Metric, bytes]] = []
        for family in registry.collect():
            if isinstance(family, GaugeFamily):
                head = Metric(family.name, family.documentation, "gauge")
                self._kpis.append((head, family.text().encode()))
            else:
                self._others.append(family)
        self._written: dict[Form, bytes] = {}

    def written(self, form: Form) -> bytes:
        """Return the metrics in a form, gauges of KPIs first."""
        if form not in self._written:
            if form.is_gzip:
                plain = self.written(form._replace(is_gzip=False))
                # No time within: equal metrics are equal bytes.
                self._written[form] = gzip.compress(plain, GZIP_LEVEL, mtime=0)
            else:
                self._written[form] = self._write(form.is_openmetrics)
        return self._written[form]

    def _write(self, is_openmetrics: bool) -> bytes:
        encode = openmetrics.generate_latest if is_openmetrics else generate_latest
        end = b"# EOF\n" if is_openmetrics else b""
        parts = []
        for head, lines in self._kpis:
            parts += [encode(_Families([head])).removesuffix(end), lines]
        return b"".join([*parts, encode(_Families(self._others))])


def text(registry: Collector) -> bytes:
    """Return the current metrics of a registry in Prometheus' text format."""
    return Snapshot(registry).written(Form(is_openmetrics=False, is_gzip=False))


class _Families(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _quality(header: str, name: str) -> float:
    """Return how much a header of preferences wants a name: 0 not at all, 1 most."""
    found = 0.0
    for part in header.split(","):
        asked, *parameters = (each.strip().lower() for each in part.split(";"))
        if asked == name:
            weights = [each[2:] for each in parameters if each.startswith("q=")]
            try:
                found = max(found, float(weights[0]) if weights else 1.0)
            except ValueError:
                continue
    return found
