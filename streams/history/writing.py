"""Writes published records as rows: the newest of each key, its trail, and how far it has read."""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.history.database import Session
from streams.history.rows import AlertRow, CatalogueRow, KpiRow, storable, without

# Windows that run for days. Of the others the newest record says all: they end with their day.
TRAILED_WINDOWS = frozenset(["week", "month", "quarter", "year"])
Row = KpiRow | AlertRow | CatalogueRow


class Tombstone(NamedTuple):
    """A key whose record was deleted; `written_ms` is when."""

    key: str
    kafka_offset: int
    partition: int
    written_ms: int


class Table(NamedTuple):
    """A table of newest records: its name and the columns of its rows."""

    name: str
    columns: tuple[str, ...]

    @property
    def upsert(self) -> str:
        """The statement that writes a row unless a later record of its key is there."""
        columns = [*self.columns, "pass_number"]
        places = ", ".join(f"?{number}" for number in range(1, len(columns) + 1))
        return (
            # Names of this module; all values are parameters.
            f"INSERT INTO {self.name} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608
            f" ON CONFLICT (key) DO UPDATE SET {_assignments(columns)}"
            f" WHERE excluded.kafka_offset >= {self.name}.kafka_offset"
        )


def _columns(row: type[Row]) -> tuple[str, ...]:
    return tuple("kafka_partition" if name == "partition" else name for name in row._fields)


def _assignments(columns: Iterable[str]) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name in columns if name != "key")


KPI_TABLE = Table("kpi_records", _columns(KpiRow))
ALERT_TABLE = Table("alerts", _columns(AlertRow))
CATALOGUE_TABLE = Table("catalogue", _columns(CatalogueRow))

_ALL_COLUMNS = ", ".join([*KPI_TABLE.columns, "pass_number"])
# The record that a later day's one replaces.
ARCHIVE = f"""
INSERT INTO kpi_trail ({_ALL_COLUMNS})
SELECT {_ALL_COLUMNS} FROM kpi_records WHERE key = ?1 AND day < ?2 AND kafka_offset < ?3
ON CONFLICT (key, day) DO UPDATE SET {_assignments([*KPI_TABLE.columns, "pass_number"])}
WHERE excluded.kafka_offset >= kpi_trail.kafka_offset"""  # noqa: S608 - names of this module
REPLACE = "DELETE FROM kpi_trail WHERE key = ?1 AND day >= ?2 AND kafka_offset < ?3"
DELETE = "DELETE FROM {} WHERE key = ?1 AND kafka_offset < ?2"
END_ALERT = """
INSERT INTO ended_alerts (kafka_partition, kafka_offset, kind, rep, since_ms, ended_ms)
SELECT ?3, ?2, kind, rep, since_ms, ?4 FROM alerts WHERE key = ?1 AND kafka_offset < ?2
ON CONFLICT (kafka_partition, kafka_offset, since_ms) DO NOTHING"""
# Of so many keys at a time the former labels are read.
KEYS_PER_QUERY = 500


async def write_kpis(
    session: Session, changes: Sequence[KpiRow | Tombstone], pass_number: int
) -> None:
    """Write records of `sales.kpis` in their order, and the trail of their keys."""
    ended = [(each.key, each.kafka_offset) for each in changes if isinstance(each, Tombstone)]
    for table in ("kpi_records", "kpi_trail"):
        await session.execute(DELETE.format(table), ended)
    for rows in _rounds(changes):
        trailed = [row for row in rows if row.time_window in TRAILED_WINDOWS]
        vanished = await _vanished_labels(session, trailed)
        keys = [(row.key, row.day, row.kafka_offset) for row in trailed]
        await session.execute(ARCHIVE, keys)
        await session.execute(REPLACE, keys)
        for key, labels in vanished.items():
            await _forget_labels(session, key, labels)
        await session.execute(KPI_TABLE.upsert, [(*row, pass_number) for row in rows])


async def write_alerts(
    session: Session, changes: Sequence[AlertRow | Tombstone], pass_number: int
) -> None:
    """Write records of `sales.alerts`; of one that ends only its kind, rep and times remain."""
    # One after another: an alert may begin and end in one batch.
    for each in changes:
        if isinstance(each, Tombstone):
            values = (each.key, each.kafka_offset, each.partition, each.written_ms)
            await session.execute(END_ALERT, [values])
            await session.execute(DELETE.format("alerts"), [(each.key, each.kafka_offset)])
        else:
            await session.execute(ALERT_TABLE.upsert, [(*each, pass_number)])


async def write_catalogue(
    session: Session, changes: Sequence[CatalogueRow | Tombstone], pass_number: int
) -> None:
    """Write records of `sales.catalogue`."""
    ended = [(each.key, each.kafka_offset) for each in changes if isinstance(each, Tombstone)]
    newest = {each.key: each for each in changes}.values()
    rows = [each for each in newest if not isinstance(each, Tombstone)]
    await session.execute(DELETE.format("catalogue"), ended)
    await session.execute(CATALOGUE_TABLE.upsert, [(*row, pass_number) for row in rows])


def _rounds(changes: Iterable[KpiRow | Tombstone]) -> Iterator[list[KpiRow]]:
    """Yield rows so that no list has two of one key, in the order of each key's records.

    Left out is what a later record of the same day or a tombstone replaces.
    """
    of_key: dict[str, dict[str, KpiRow]] = defaultdict(dict)
    for each in changes:
        if isinstance(each, Tombstone):
            of_key.pop(each.key, None)
        else:
            of_key[each.key].pop(each.day, None)
            of_key[each.key][each.day] = each
    for rows in itertools.zip_longest(*(days.values() for days in of_key.values())):
        yield [row for row in rows if row is not None]


async def _vanished_labels(session: Session, rows: Sequence[KpiRow]) -> Mapping[str, set[str]]:
    """Return the labels that the newest record of a key has and the coming one has not."""
    coming = {row.key: row.labels for row in rows}
    found: dict[str, set[str]] = {}
    keys = list(coming)
    for first in range(0, len(keys), KEYS_PER_QUERY):
        some = keys[first : first + KEYS_PER_QUERY]
        places = ", ".join(f"?{number}" for number in range(1, len(some) + 1))
        for key, labels in await session.fetch(
            # Places of parameters only.
            f"SELECT key, labels FROM kpi_records WHERE labels IS NOT NULL AND key IN ({places})",  # noqa: S608
            *some,
        ):
            if gone := set(json.loads(labels)) - set(json.loads(coming[key] or "[]")):
                found[key] = gone
    return found


async def _forget_labels(session: Session, key: str, labels: set[str]) -> None:
    """Remove labels that are gone from the trail of a key: they may name a person."""
    rows = await session.fetch(
        "SELECT day, labels, record FROM kpi_trail WHERE key = ?1 AND labels IS NOT NULL", key
    )
    await session.execute(
        "UPDATE kpi_trail SET labels = ?3, record = ?4 WHERE key = ?1 AND day = ?2",
        [
            (key, day, json.dumps(sorted(set(json.loads(found)) - labels)), without(record, labels))
            for day, found, record in rows
            if labels & set(json.loads(found))
        ],
    )


def tombstone(key: str, offset: int, partition: int, written_ms: int) -> Tombstone:
    """Return the change of a record without a value."""
    return Tombstone(storable(key), offset, partition, written_ms)
