"""A record as gauges: which it has, and what they read."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from streams.publish.keys import Place, place
from streams.publish.naming import Naming

# A gauge's name, its label ("" for one that has none of its own), its value.
Value = tuple[str, str, float]


class _Parts(msgspec.Struct, gc=False):
    counts: dict[str, int] = {}


class _Record(msgspec.Struct, gc=False):
    """Those fields of a record that gauges are made of."""

    unit: str
    value: int | float | str | None
    parts: _Parts
    updated_at: str
    percentiles: dict[str, int] = {}


class _End(msgspec.Struct, gc=False):
    end: str


class Gauges(msgspec.Struct, frozen=True, gc=False):
    """What one record shows: a name, a label or an empty text, and a number each.

    `is_named` is false for a record of an unknown KPI or another unit: it shows nothing.
    `record` is what this was made of, `updated` its time in milliseconds.
    """

    # Without gc: thousands of these live long, and the collector would visit each again and
    # again in a process whose answers are timed in milliseconds.
    record: bytes
    at: Place
    is_named: bool
    updated: int
    values: tuple[Value, ...]


_record = msgspec.json.Decoder(_Record).decode
_end = msgspec.json.Decoder(_End).decode


def gauges(key: str, record: bytes, namings: Mapping[str, Naming]) -> Gauges:
    """Read a record. One that is no record of `sales.kpis` raises msgspec.DecodeError."""
    at = place(key)
    fields = _record(record)
    named = namings.get(at.kpi)
    is_named = named is not None and named.unit == fields.unit
    values = tuple(_values(named, fields)) if named and is_named else ()
    return Gauges(record, at, is_named, milliseconds(fields.updated_at), values)


def end_of(record: bytes) -> int:
    """Give the end of a record's window in milliseconds."""
    return milliseconds(_end(record).end)


def milliseconds(text: str) -> int:
    """Read an RFC 3339 time as milliseconds."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def _values(named: Naming, fields: _Record) -> Iterator[Value]:
    if named.is_labelled:
        for label, count in fields.parts.counts.items():
            yield named.name, label, float(count)
        return
    if fields.value is not None:
        yield named.name, "", float(fields.value) * named.scale
    for rank, name in named.percentiles.items():
        if rank in fields.percentiles:
            yield name, "", fields.percentiles[rank] * named.scale
