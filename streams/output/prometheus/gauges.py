"""A record as gauges: which it has, what they read, and their lines in a scrape."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec
from prometheus_client.core import Metric
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from streams.output.keys import RecordKey, parse_key
from streams.output.prometheus.naming import (
    ATTAINMENT,
    PACE,
    TARGET,
    Naming,
)

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class _Parts(msgspec.Struct, gc=False):
    counts: dict[str, int] = {}


class _Record(msgspec.Struct, gc=False):
    """Those fields of a record that gauges are made of."""

    unit: str
    value: int | float | str | None
    parts: _Parts
    updated_at: str
    percentiles: dict[str, int | float | str | None] = {}
    target: int | float | str | None = None
    attainment: float | None = None
    pace: float | None = None


class _End(msgspec.Struct, gc=False):
    end: str


_record = msgspec.json.Decoder(_Record).decode
_end = msgspec.json.Decoder(_End).decode


# Without gc: tens of thousands of these live long, and the collector would visit each again
# and again in a process whose answers are timed in milliseconds.
class Gauge(msgspec.Struct, frozen=True, gc=False):
    """One number, and the line that says it.

    `label` is empty where it has none of its own, `kpi` where the name says which one it is.
    """

    name: str
    window: str
    dimension: str
    value_label: str
    label: str
    value: float
    line: str
    kpi: str = ""

    def sample(self) -> Sample:
        """Give it as the client library has it."""
        labels = {"window": self.window, "dimension": self.dimension, "value": self.value_label}
        if self.label:
            labels["label"] = self.label
        if self.kpi:
            labels["kpi"] = self.kpi
        return Sample(self.name, labels, self.value)


class Gauges(msgspec.Struct, frozen=True, gc=False):
    """What one record shows.

    `is_named` is false for a record of an unknown KPI or another unit: it shows nothing.
    `record` is what this was made of, `updated` its time in milliseconds.
    """

    record: bytes
    kpi: str
    dimension: str
    value_label: str
    window: str
    start: str
    is_named: bool
    is_labelled: bool
    updated: int
    values: tuple[Gauge, ...]


class GaugeFamily(Metric):
    """All gauges of one name; their lines are ready, their samples are made when asked for."""

    def __init__(self, name: str, text: str) -> None:
        """Start without gauges."""
        self.gauges: list[Gauge] = []
        super().__init__(name, text, "gauge")

    @property
    def samples(self) -> list[Sample]:
        """Give every gauge as the client library has it."""
        return [gauge.sample() for gauge in self.gauges]

    @samples.setter
    def samples(self, samples: list[Sample]) -> None:
        """Take the empty list that every family starts with."""
        if samples:
            raise ValueError("a family of gauges takes gauges")

    def lines(self) -> Iterator[str]:
        """Write the family in Prometheus' text format."""
        text = self.documentation.replace("\\", r"\\").replace("\n", r"\n")
        yield f"# HELP {self.name} {text}\n# TYPE {self.name} gauge\n"
        for gauge in self.gauges:
            yield gauge.line


def gauges(key: str, record: bytes, namings: Mapping[str, Naming]) -> Gauges:
    """Read a record. One that is no record of `sales.kpis` raises msgspec.DecodeError."""
    at = parse_key(key)
    fields = _record(record)
    named = namings.get(at.kpi)
    if named is not None and named.unit != fields.unit:
        named = None
    values: tuple[Gauge, ...] = ()
    if named is not None:
        values = (
            *(_gauge(at, *one) for one in _values(named, fields)),
            *(_gauge(at, name, "", value, at.kpi) for name, value in _aims(named, fields)),
        )
    return Gauges(
        record,
        *at,
        is_named=named is not None,
        is_labelled=named is not None and named.is_labelled,
        updated=milliseconds(fields.updated_at),
        values=values,
    )


def end_of(record: bytes) -> int:
    """Give the end of a record's window in milliseconds."""
    return milliseconds(_end(record).end)


def milliseconds(text: str) -> int:
    """Read an RFC 3339 time as milliseconds."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def _values(named: Naming, fields: _Record) -> Iterator[tuple[str, str, float]]:
    if named.is_labelled:
        for label, count in fields.parts.counts.items():
            yield named.name, label, float(count)
        return
    if fields.value is not None:
        yield named.name, "", float(fields.value) * named.scale
    for rank, name in named.percentiles.items():
        found = fields.percentiles.get(rank)
        if found is not None:
            yield name, "", float(found) * named.scale


def _aims(named: Naming, fields: _Record) -> Iterator[tuple[str, float]]:
    if fields.target is not None:
        yield TARGET, float(fields.target) * named.scale
    if fields.attainment is not None:
        yield ATTAINMENT, fields.attainment
    if fields.pace is not None:
        yield PACE, fields.pace


def _gauge(at: RecordKey, name: str, label: str, value: float, kpi: str = "") -> Gauge:
    own = f'kpi="{kpi}",' if kpi else ""
    own += f'label="{label.translate(_ESCAPES)}",' if label else ""
    number = floatToGoString(value)  # type: ignore[no-untyped-call]  # the library's
    line = (
        f'{name}{{dimension="{at.dimension}",{own}value="{at.value.translate(_ESCAPES)}"'
        f',window="{at.window}"}} {number}\n'
    )
    return Gauge(name, at.window, at.dimension, at.value, label, value, line, kpi)
