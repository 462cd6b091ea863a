"""Rows of the history: what of a published record becomes a column.

Texts are as published. Instants are milliseconds since the epoch. `record` holds the record's exact
text, so that nothing depends on which columns there are.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct

from streams.output.keys import parse_key

# PostgreSQL has no NUL in texts. It is written as ESCAPE and 0, ESCAPE itself as ESCAPE and 1.
ESCAPE = "\ue000"
# Where a record's parts are told apart by names that come from events.
LABELLED_PARTS = ("counts", "by", "open")
# Starts and ends of windows repeat; instants of writing do not.
CACHED_INSTANTS = 10_000


class BadRecord(ValueError):
    """A record that is none of this product's; the message says what is wrong."""


class KpiRow(NamedTuple):
    """A record of `sales.kpis`.

    Attributes:
        day: The local date that the record stands for: that of the last millisecond before `as_of`.
        value: As in the record, without quotes; None where there is none.
        labels: Labels of its parts as a JSON array; None where its parts have none.
    """

    key: str
    kpi: str
    scope: str
    dimension: str
    dimension_value: str
    time_window: str
    start_ms: int
    end_ms: int
    start_day: str
    value: str | None
    target: str | None
    unit: str
    final: int
    revision: int
    as_of_ms: int
    updated_ms: int
    day: str
    labels: str | None
    record: str
    partition: int
    kafka_offset: int


class AlertRow(NamedTuple):
    """A record of `sales.alerts`."""

    key: str
    kind: str
    subject: str
    rep: str | None
    since_ms: int
    amount: str | None
    currency: str | None
    text: str
    updated_ms: int
    record: str
    partition: int
    kafka_offset: int


class CatalogueRow(NamedTuple):
    """A record of `sales.catalogue`; the columns are empty for the record of the settings."""

    key: str
    kind: str | None
    unit: str | None
    better: str | None
    question: str | None
    text: str | None
    record: str
    partition: int
    kafka_offset: int


class _Kpi(Struct):
    kpi: str
    window: str
    start: str
    end: str
    value: Raw
    unit: str
    parts: Raw
    final: bool
    revision: int
    updated_at: str
    target: Raw = Raw(b"null")
    as_of: str = ""


class _Alert(Struct):
    kind: str
    subject: str
    rep: str | None
    since: str
    text: str
    updated_at: str
    amount: str | None = None
    currency: str | None = None


class _Entry(Struct):
    kind: str | None = None
    unit: str | None = None
    better: str | None = None
    question: str | None = None
    text: str | None = None


_read_kpi = msgspec.json.Decoder(_Kpi).decode
_read_alert = msgspec.json.Decoder(_Alert).decode
_read_entry = msgspec.json.Decoder(_Entry).decode


def kpi_row(key: str, record: bytes, partition: int, offset: int) -> KpiRow:
    """Read a record of `sales.kpis`. Raises BadRecord."""
    try:
        read = _read_kpi(record)
        at = parse_key(key)
        as_of = read.as_of or read.updated_at
        return KpiRow(
            storable(key),
            read.kpi,
            storable(at.scope),
            at.dimension,
            storable(at.value),
            read.window,
            instant(read.start),
            instant(read.end),
            read.start[:10],
            _scalar(read.value),
            _scalar(read.target),
            read.unit,
            int(read.final),
            read.revision,
            instant(as_of),
            instant(read.updated_at),
            last_day(as_of),
            _labels(read.parts),
            record.decode(),
            partition,
            offset,
        )
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadRecord(str(error)) from error


def alert_row(key: str, record: bytes, partition: int, offset: int) -> AlertRow:
    """Read a record of `sales.alerts`. Raises BadRecord."""
    try:
        read = _read_alert(record)
        return AlertRow(
            storable(key),
            read.kind,
            storable(read.subject),
            None if read.rep is None else storable(read.rep),
            instant(read.since),
            read.amount,
            read.currency,
            storable(read.text),
            instant(read.updated_at),
            record.decode(),
            partition,
            offset,
        )
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadRecord(str(error)) from error


def catalogue_row(key: str, record: bytes, partition: int, offset: int) -> CatalogueRow:
    """Read a record of `sales.catalogue`. Raises BadRecord."""
    try:
        read = _read_entry(record)
        columns = (read.kind, read.unit, read.better, read.question, read.text)
        return CatalogueRow(storable(key), *columns, record.decode(), partition, offset)
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadRecord(str(error)) from error


def storable(text: str) -> str:
    """Write a text so that every database can hold it; `restored` gives it back."""
    if "\0" not in text and ESCAPE not in text:
        return text
    return text.replace(ESCAPE, f"{ESCAPE}1").replace("\0", f"{ESCAPE}0")


def restored(text: str) -> str:
    """Give the text that `storable` has written."""
    if ESCAPE not in text:
        return text
    return text.replace(f"{ESCAPE}0", "\0").replace(f"{ESCAPE}1", ESCAPE)


@lru_cache(maxsize=CACHED_INSTANTS)
def instant(text: str) -> int:
    """Read an RFC 3339 time as milliseconds since the epoch. Raises ValueError."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@lru_cache(maxsize=CACHED_INSTANTS)
def last_day(text: str) -> str:
    """Give the local date of the last millisecond before an instant."""
    return (datetime.fromisoformat(text) - timedelta(milliseconds=1)).date().isoformat()


def without(record: str, labels: Collection[str]) -> str:
    """Return a record without some labels of its parts; its sums and its value stay."""
    read = json.loads(record)
    _remove(read["parts"], labels)
    return json.dumps(read, ensure_ascii=False, separators=(",", ":"))


def _remove(parts: Any, labels: Collection[str]) -> None:
    for name, part in parts.items():
        if name in LABELLED_PARTS and isinstance(part, dict):
            for label in labels:
                part.pop(label, None)
        elif isinstance(part, dict):
            _remove(part, labels)


def _scalar(written: Raw) -> str | None:
    """Give a number's or a text's exact characters; None for null."""
    text = bytes(written).decode()
    if text == "null":
        return None
    return str(msgspec.json.decode(written)) if text.startswith('"') else text


def _labels(parts: Raw) -> str | None:
    if not any(b'"%b":{' % name.encode() in bytes(parts) for name in LABELLED_PARTS):
        return None
    found = sorted(set(_labels_in(msgspec.json.decode(parts))))
    return msgspec.json.encode(found).decode()


def _labels_in(parts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the labels of parts, those of the ingredients of a derived KPI included."""
    for name, part in parts.items():
        if isinstance(part, Mapping):
            if name in LABELLED_PARTS:
                yield from part
            else:
                yield from _labels_in(part)
