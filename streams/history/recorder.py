"""Keeps the history of one topic: rows and offsets in one transaction, exactly once."""

import logging
from collections.abc import Callable, Mapping, Sequence

from streams.history.database import BadHistory, Database, Session
from streams.history.rows import BadRecord, alert_row, catalogue_row, kpi_row
from streams.history.writing import (
    tombstone,
    write_alerts,
    write_catalogue,
    write_kpis,
)
from streams.kafka.topics import ALERTS, CATALOGUE, KPIS
from streams.output.reader import Entry, PlacedBatch

logger = logging.getLogger(__name__)

# Kafka keeps tombstones for seven days: a history that was away for longer reads everything.
LONGEST_ABSENCE_MS = 3 * 86_400_000
TABLES = {KPIS: ("kpi_records", "kpi_trail"), ALERTS: ("alerts",), CATALOGUE: ("catalogue",)}
_ROWS = {KPIS: kpi_row, ALERTS: alert_row, CATALOGUE: catalogue_row}
_WRITERS = {KPIS: write_kpis, ALERTS: write_alerts, CATALOGUE: write_catalogue}
PROGRESS = (
    "SELECT kafka_partition, next_offset, pass_number, is_swept, read_ms FROM progress"
    " WHERE topic = ?1"
)
SAVE_PROGRESS = """
INSERT INTO progress (topic, kafka_partition, next_offset, pass_number, is_swept, read_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (topic, kafka_partition) DO UPDATE SET next_offset = excluded.next_offset,
pass_number = excluded.pass_number, is_swept = excluded.is_swept, read_ms = excluded.read_ms"""


async def written(session: Session) -> dict[tuple[str, int], int]:
    """Return by topic and partition up to which offset records are written."""
    rows = await session.fetch("SELECT topic, kafka_partition, next_offset FROM progress")
    return {(topic, partition): offset for topic, partition, offset in rows}


class Recorder:
    """Writes one topic. `start` comes first; then each batch of `read_from`, in their order.

    A pass reads the topic from its first record on. At its end all rows go that the pass has not
    met: what was deleted while this product was away for too long, or with the topic.
    """

    def __init__(self, database: Database, topic: str, clock: Callable[[], int]) -> None:
        self._database = database
        self._topic = topic
        self._clock = clock
        self._positions: dict[int, int] = {}
        self._pass = 0
        self._is_swept = True

    async def start(
        self, offsets: Mapping[int, tuple[int, int]], *, is_whole: bool = False
    ) -> Mapping[int, int]:
        """Return the offset to read each partition from; `offsets` are what there is in Kafka.

        A new pass begins where the topic is not the one that was read, and with `is_whole`.
        """
        async with self._database.transaction() as session:
            rows = await session.fetch(PROGRESS + self._database.for_update, self._topic)
            found = {number: position for number, position, *_ in rows}
            self._pass = max((row[2] for row in rows), default=0)
            self._is_swept = all(row[3] for row in rows)
            if reason := self._reason(found, offsets, [row[4] for row in rows], is_whole):
                logger.info("%s: reading all of it: %s", self._topic, reason)
                found = {number: first for number, (first, _) in offsets.items()}
                self._pass += 1
                self._is_swept = False
                await session.execute("DELETE FROM progress WHERE topic = ?1", [(self._topic,)])
                if not is_whole:
                    await self._forget_offsets(session)
            await self._save(session, found)
        self._positions = found
        return found

    def _reason(
        self,
        found: Mapping[int, int],
        offsets: Mapping[int, tuple[int, int]],
        read_ms: Sequence[int],
        is_whole: bool,
    ) -> str:
        """Return why all has to be read; empty where it has not."""
        if is_whole:
            return "it is to be rebuilt"
        if not found:
            return "it is new"
        if set(found) != set(offsets):
            return "it has another number of partitions"
        if any(not first <= found[number] <= end for number, (first, end) in offsets.items()):
            return "it is not the topic that was read"
        is_late = self._clock() - min(read_ms) > LONGEST_ABSENCE_MS
        return "the history was not kept for days" if is_late else ""

    async def _forget_offsets(self, session: Session) -> None:
        """Let records of any offset replace rows: the topic may be another one by now."""
        for table in TABLES[self._topic]:
            await session.script(f"UPDATE {table} SET kafka_offset = -1")  # noqa: S608 - of TABLES

    async def write(self, batch: PlacedBatch) -> None:
        """Write a batch and its positions; safe to repeat.

        Raises BadHistory for a record that cannot be read, and where another process writes the
        same history.
        """
        positions = dict(batch.positions)
        if not batch.entries and self._is_swept and positions == self._positions:
            return
        is_ending = batch.is_caught_up and not self._is_swept
        async with self._database.transaction() as session:
            if not await self._is_written(session, positions):
                await self._write(session, batch.entries)
                if is_ending:
                    await self._sweep(session)
                await self._save(session, positions, is_swept=self._is_swept or is_ending)
        self._positions, self._is_swept = positions, self._is_swept or is_ending

    async def _is_written(self, session: Session, positions: Mapping[int, int]) -> bool:
        """Return whether an earlier attempt, whose answer was lost, has done it."""
        rows = await session.fetch(PROGRESS + self._database.for_update, self._topic)
        found = {number: position for number, position, *_ in rows}
        is_own = {row[2] for row in rows} == {self._pass}
        if is_own and found == self._positions:
            return False
        if is_own and found == positions:
            return True
        raise BadHistory(
            f"another process writes this history: {self._topic} was not left at"
            f" {self._positions}; stop one of them"
        )

    async def _write(self, session: Session, entries: Sequence[Entry]) -> None:
        changes = [self._change(each) for each in entries]
        await _WRITERS[self._topic](session, changes, self._pass)  # type: ignore[operator]  # the rows of the same topic

    def _change(self, entry: Entry) -> object:
        if entry.record is None:
            return tombstone(entry.key, entry.offset, entry.partition, entry.written_ms)
        try:
            return _ROWS[self._topic](entry.key, entry.record, entry.partition, entry.offset)
        except BadRecord as error:
            raise BadHistory(
                f"{self._topic}/{entry.partition} holds a record at {entry.offset} that is none of"
                f" this product's: {error}"
            ) from error

    async def _sweep(self, session: Session) -> None:
        """Delete what this pass has not met, and the trail of what is deleted."""
        table, *trails = TABLES[self._topic]
        await session.execute(f"DELETE FROM {table} WHERE pass_number < ?1", [(self._pass,)])  # noqa: S608 - of TABLES
        for trail in trails:
            await session.script(
                f"DELETE FROM {trail} WHERE key NOT IN (SELECT key FROM {table})"  # noqa: S608
            )

    async def _save(
        self, session: Session, positions: Mapping[int, int], *, is_swept: bool | None = None
    ) -> None:
        swept = int(self._is_swept if is_swept is None else is_swept)
        now = self._clock()
        await session.execute(
            SAVE_PROGRESS,
            [
                (self._topic, number, position, self._pass, swept, now)
                for number, position in positions.items()
            ],
        )
