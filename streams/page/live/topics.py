"""The views by which records of the three topics come into the store."""

from datetime import UTC, datetime

import msgspec
import orjson
from msgspec import UNSET, Struct, UnsetType

from streams.kafka.errors import Fatal
from streams.output.keys import ALL, parse_key
from streams.page.live.store import Entry, Store
from streams.page.live.withdrawn import Withdrawal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Between the owner and the key of an alert, for neither has it.
SEPARATOR = "\n"


class Stamp(Struct):
    """When a record of `sales.kpis` was written; its other fields are passed on unread."""

    updated_at: datetime


class Ownership(Struct):
    """Whose an alert is, of a record of `sales.alerts`."""

    updated_at: datetime
    rep: str | None = None
    scope: dict[str, str] | UnsetType = UNSET

    @property
    def owner(self) -> str:
        """The scope it is shown under; empty where it is nobody's."""
        if self.scope is not UNSET:
            return "".join(f"{name}={value}" for name, value in self.scope.items()) or ALL
        return f"rep={self.rep}" if self.rep else ""


_read_stamp = msgspec.json.Decoder(Stamp).decode
_read_ownership = msgspec.json.Decoder(Ownership).decode


def owner_of(alert: bytes) -> str:
    """Return under which scope a record of `sales.alerts` is shown; empty where it is nobody's."""
    return _read_ownership(alert).owner


class KpiView:
    """Keeps a store up to date with `sales.kpis`. Raises Fatal for what is no record."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def update(self, key: str, record: bytes | None) -> None:
        """Replace the record of a key, or withdraw it."""
        if record is None:
            self._store.withdraw(key)
            return
        try:
            at_ms = _ms(_read_stamp(record).updated_at)
            self._store.update(key, lambda: _entry(key), one_line(record), at_ms)
        except ValueError as error:
            # Of the record, or of a key that has not the parts of one.
            raise _no_record(key, error) from error


class AlertView:
    """Keeps a store up to date with `sales.alerts`. Raises Fatal for what is no record.

    An alert that passes from one rep to another is withdrawn for the one and new for the other:
    neither learns of the other.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owners: dict[str, str] = {}

    def update(self, key: str, record: bytes | None, written_ms: int | None = None) -> None:
        """Replace an alert, or withdraw one that has ended.

        `written_ms` is when Kafka was given the record, in milliseconds since 1970; None: now.
        """
        if record is None:
            self._withdraw(key, self._store.now_ms if written_ms is None else written_ms)
            return
        try:
            found = _read_ownership(record)
        except msgspec.MsgspecError as error:
            raise _no_record(key, error) from error
        owner = found.owner
        before = self._owners.get(key)
        if before is not None and before != owner:
            self._store.withdraw(before + SEPARATOR + key)
        self._owners[key] = owner
        self._store.withdrawn_alerts.remove(key)
        self._store.update(
            owner + SEPARATOR + key,
            lambda: Entry(key, owner),
            one_line(record),
            _ms(found.updated_at),
        )

    def _withdraw(self, key: str, at_ms: int) -> None:
        owner = self._owners.pop(key, None)
        if owner is None:
            return
        record = self._store.withdraw(owner + SEPARATOR + key)
        if record is not None:
            self._store.withdrawn_alerts.add(Withdrawal(key, owner, record, at_ms))


class CatalogueView:
    """Keeps a store up to date with `sales.catalogue`. Raises Fatal for what is no record."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def update(self, key: str, record: bytes | None) -> None:
        """Replace the entry of a KPI or the settings, or remove it."""
        if record is None:
            self._store.catalogue.pop(key, None)
            return
        try:
            self._store.catalogue[key] = orjson.loads(record)
        except orjson.JSONDecodeError as error:
            raise _no_record(key, error) from error


def one_line(record: bytes) -> bytes:
    """Give a record as one line of JSON, as it is written; an event of the stream is one line."""
    if b"\n" in record or b"\r" in record or not record.startswith(b"{"):
        return msgspec.json.format(record, indent=-1)
    return record


def _entry(key: str) -> Entry:
    at = parse_key(key)
    return Entry(key, at.scope, at.kpi, at.window, at.start)


def _ms(moment: datetime) -> int:
    return int((moment - EPOCH).total_seconds() * 1_000)


def _no_record(key: str, error: Exception) -> Fatal:
    return Fatal(f"the record of {key!r} cannot be read: {error}; did another program write it?")
