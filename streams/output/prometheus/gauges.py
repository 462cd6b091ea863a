"""The gauges of a record: their names, values and lines in a scrape."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, Self

import msgspec
from prometheus_client.core import Metric
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from streams.output.keys import RecordKey
from streams.output.prometheus.naming import (
    ATTAINMENT,
    PACE,
    TARGET,
    Naming,
)

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class _Parts(msgspec.Struct, gc=False):
    """What the size of a value, and its labels, are found by; other parts are not read."""

    counts: dict[str, int] = {}
    total: int | None = None
    denominator: int | None = None
    count: int | None = None


class _Record(msgspec.Struct, gc=False):
    """The fields of a record that gauges are made of."""

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


# Without gc: tens of thousands of these are long-lived, and the collector would visit each of
# them repeatedly in a process whose latency is measured in milliseconds.
class Gauge(msgspec.Struct, frozen=True, gc=False):
    """One number, and its line in a scrape.

    `label` is empty where it has no label of its own, `kpi` where the name identifies the KPI.
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
        """Return it as a sample of the client library."""
        labels = {"window": self.window, "dimension": self.dimension, "value": self.value_label}
        if self.label:
            labels["label"] = self.label
        if self.kpi:
            labels["kpi"] = self.kpi
        return Sample(self.name, labels, self.value)


class Gauges(msgspec.Struct, frozen=True, gc=False):
    """The gauges of one record.

    `is_named` is false for a record of an unknown KPI or another unit: it has no gauges.
    `size` is how much its value stands for: of a mean or a share the number of facts, or the
    denominator, else the value without its sign. `updated` is its time in milliseconds.
    """

    kpi: str
    dimension: str
    value_label: str
    window: str
    start: str
    is_named: bool
    is_labelled: bool
    size: float
    updated: int
    values: tuple[Gauge, ...]


class Lines(NamedTuple):
    """Some gauges of one name, with their lines in one text."""

    text: str
    gauges: list[Gauge]

    @classmethod
    def of(cls, found: list[Gauge]) -> Self:
        """Join the lines of gauges."""
        return cls("".join([gauge.line for gauge in found]), found)


class GaugeFamily(Metric):
    """All gauges of one name, with their lines; samples are made only on request."""

    def __init__(self, name: str, text: str) -> None:
        self.lines: list[Lines] = []
        super().__init__(name, text, "gauge")

    @property
    def samples(self) -> list[Sample]:
        """Return every gauge as a sample of the client library."""
        return [gauge.sample() for some in self.lines for gauge in some.gauges]

    @samples.setter
    def samples(self, samples: list[Sample]) -> None:
        """Accept the empty list that the base class assigns."""
        if samples:
            raise ValueError("samples are made of the gauges and cannot be set")

    def text(self) -> str:
        """Return the lines of its gauges, without those of its help and type."""
        return "".join([some.text for some in self.lines])


def gauges(at: RecordKey, record: bytes, namings: Mapping[str, Naming]) -> Gauges:
    """Return the gauges of a record. Raises msgspec.DecodeError for any other record."""
    fields = _record(record)
    named = namings.get(at.kpi)
    if named is not None and named.unit != fields.unit:
        named = None
    values: tuple[Gauge, ...] = ()
    if named is not None:
        values = (
            *(_gauge(at, *value) for value in _values(named, fields)),
            *(_gauge(at, name, "", value, at.kpi) for name, value in _targets(named, fields)),
        )
    return Gauges(
        *at,
        is_named=named is not None,
        is_labelled=named is not None and named.is_labelled,
        size=_size(fields),
        updated=milliseconds(fields.updated_at),
        values=values,
    )


def end_of(record: bytes) -> int:
    """Return the end of a record's window in milliseconds."""
    return milliseconds(_end(record).end)


def milliseconds(text: str) -> int:
    """Parse an RFC 3339 time as milliseconds."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def _size(fields: _Record) -> float:
    parts = fields.parts
    for facts in (parts.total, parts.denominator, parts.count):
        if facts is not None:
            return abs(float(facts))
    return 0.0 if fields.value is None else abs(float(fields.value))


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


def _targets(named: Naming, fields: _Record) -> Iterator[tuple[str, float]]:
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
