"""Published records, and a topic that a recorder reads, without a Kafka."""

import itertools
from collections.abc import Iterable
from typing import Any

import orjson

from streams.config.settings import instant
from streams.history.database import Database
from streams.history.recorder import Recorder
from streams.kafka.topics import KPIS
from streams.output.reader import Entry, PlacedBatch

WRITTEN_MS = instant("2026-03-20T00:00:00+00:00", "WRITTEN")


def ms(text: str) -> int:
    """Give an instant of March 2026 in milliseconds: `10` or `10T12:00`."""
    return instant(f"2026-03-{text if 'T' in text else text + 'T00:00'}:00+00:00", "text")


def kpi(
    value: object = 1,
    as_of: str = "2026-03-10T12:00:00+00:00",
    name: str = "lead_count",
    scope: str = "all",
    window: str = "month",
    start: str = "2026-03-01T00:00:00+00:00",
    end: str = "2026-04-01T00:00:00+00:00",
    parts: dict[str, Any] | None = None,
    revision: int = 1,
) -> tuple[str, bytes]:
    """Give the key and the bytes of a record of `sales.kpis`."""
    dimension, _, of = scope.partition("=")
    record = {
        "kpi": name,
        "scope": {dimension: of} if of else {},
        "window": window,
        "start": start,
        "end": end,
        "value": value,
        "unit": "count",
        "parts": {"count": value} if parts is None else parts,
        "target": None,
        "final": False,
        "revision": revision,
        "as_of": as_of,
        "updated_at": as_of,
    }
    return f"{name}|{scope}|{window}|{start}", orjson.dumps(record)


def alert(subject: str = "l1", rep: str = "ann") -> tuple[str, bytes]:
    """Give the key and the bytes of a record of `sales.alerts`."""
    record = {
        "kind": "lead_unanswered",
        "subject": subject,
        "rep": rep,
        "since": "2026-03-10T12:00:00+00:00",
        "amount": None,
        "currency": None,
        "rule": {"answer_ms": 3_600_000},
        "text": f"Nobody has answered {subject}.",
        "updated_at": "2026-03-10T13:00:00+00:00",
    }
    return f"lead_unanswered|{subject}", orjson.dumps(record)


class Topic:
    """A topic of one partition; what is sent is written by one recorder, batch by batch."""

    def __init__(self, database: Database, name: str = KPIS, clock_ms: int = WRITTEN_MS) -> None:
        self.database = database
        self.name = name
        self.clock_ms = clock_ms
        self.entries: list[Entry] = []
        self._offsets = itertools.count()
        self.recorder = Recorder(database, name, lambda: self.clock_ms)

    def send(self, *records: tuple[str, bytes | None]) -> None:
        """Add records to the topic."""
        for key, record in records:
            self.entries.append(Entry(key, record, 0, next(self._offsets), WRITTEN_MS))

    @property
    def end(self) -> int:
        """The next offset."""
        return self.entries[-1].offset + 1 if self.entries else 0

    async def record(self, *, is_whole: bool = False) -> None:
        """Let a fresh recorder read to the end, as after a start."""
        self.recorder = Recorder(self.database, self.name, lambda: self.clock_ms)
        starts = await self.recorder.start({0: (0, self.end)}, is_whole=is_whole)
        entries = [each for each in self.entries if each.offset >= starts[0]]
        await self.recorder.write(PlacedBatch(entries, {0: self.end}, is_caught_up=True))

    async def follow(self, *records: tuple[str, bytes | None]) -> None:
        """Send records to the recorder that runs."""
        first = len(self.entries)
        self.send(*records)
        batch = PlacedBatch(self.entries[first:], {0: self.end}, is_caught_up=True)
        await self.recorder.write(batch)


async def rows(database: Database, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Return some columns of a table, sorted."""
    return sorted(await database.fetch(f"SELECT {', '.join(columns)} FROM {table}"))  # noqa: S608 - of the tests


def bodies(found: Iterable[Any]) -> list[bytes]:
    """Give the records of what a question to the history has returned."""
    return [each.record for each in found]
