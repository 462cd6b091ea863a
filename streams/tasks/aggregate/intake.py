"""What one shard reads, folded into its core; and what that leaves to be written."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from aiokafka import ConsumerRecord

from streams.config.settings import Settings
from streams.engine.aggregate.tombstones import Element
from streams.events import (
    SOURCE_TOPICS,
    Event,
    Rejected,
    SubjectErased,
    SubjectMerged,
    decode,
)
from streams.internal_topics import dead_letters, reroutes
from streams.internal_topics.progress import Position
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.reader import Records
from streams.kafka.transactional_producer import Pair
from streams.tasks.aggregate.catch_up import RECENT, Quiet
from streams.tasks.aggregate.quarantine import (
    Care,
    named,
    refusal,
)
from streams.tasks.aggregate.restore import ROW
from streams.tasks.metrics_port import Watch
from streams.tasks.ports import ShardCore

# After so many events others on the event loop get their turn.
EVENTS_AT_ONCE = 500
# Which subject these are about, the record's own topic says.
WHOLE = (SubjectMerged, SubjectErased)


class Intake:
    """The way of records into a shard: each counts, or has a dead letter, and is passed once.

    `rows` are to be kept and `letters` to be sent with the position that passes their records.
    """

    def __init__(
        self, settings: Settings, number: int, cells: ShardCore, watch: Watch, quiet: Quiet
    ) -> None:
        """Fold into a shard's core; `quiet` is told how much is past."""
        self.position = Position()
        self.care = Care()
        self.rows: list[Element] = []
        self.letters: list[Pair] = []
        self.folded_at = 0.0
        self._settings = settings
        self._number = number
        self._cells = cells
        self._watch = watch
        self._quiet = quiet
        self._moved = topics.moved(settings)
        # Topics of which nothing was read since the restore.
        self._unseen: set[str] = set()

    def begin(self, position: Position, care: Care) -> None:
        """Go on from a position that was restored."""
        self.position, self.care = position, care
        self._unseen = set(SOURCE_TOPICS)

    def leave(self) -> list[Pair]:
        """Give the letters; with them the rows are somebody else's."""
        self.rows, letters, self.letters = [], self.letters, []
        return letters

    async def fold(self, lists: Sequence[Records]) -> None:
        """Fold fetched lists, each of one partition in the order of its offsets.

        Raises Crashed if a KPI does, and Fatal if a list leaves something out.
        """
        count = 0
        for records in lists:
            fold = self._receive if records[0].topic == self._moved else self._add
            unread = self._unread(records)
            for first in range(0, len(unread), EVENTS_AT_ONCE):
                part = unread[first : first + EVENTS_AT_ONCE]
                with named(self._number):
                    fold(part)
                self.folded_at = time.monotonic()
                # Not after every list: of a steady stream each has an event or two.
                count += len(part)
                if count >= EVENTS_AT_ONCE:
                    count = 0
                    await asyncio.sleep(0)
            if unread:
                self.position.source[unread[0].topic] = unread[-1].offset + 1

    def _unread(self, records: Records) -> Records:
        """Drop what is below the position, and refuse a list that leaves something out."""
        topic, number = records[0].topic, records[0].partition
        expected = self.position.source[topic]
        if records[0].offset < expected:
            records = [record for record in records if record.offset >= expected]
            if not records:
                return records
        if topic == self._moved:
            # It comes in transactions, and is compacted: its offsets have holes.
            return records
        missing = records[-1].offset + 1 - expected - len(records)
        if missing:
            # Right after a restore the list comes straight from the log, so what is missing is
            # missing there. Later, a list may have been lost on its way here.
            if topic not in self._unseen:
                raise Fatal(
                    f"{missing} offsets of {topic}/{number} are missing after {expected}:"
                    " they were deleted unread, or somebody writes there in transactions"
                )
            self._watch.gap(topic, number, missing)
        self._unseen.discard(topic)
        return records

    def _receive(self, records: Records) -> None:
        care, receive = self.care, self._cells.receive
        for record in records:
            move = reroutes.read(record)[1]
            if care.covers(self._moved, record.offset) and (
                why := refusal(self._cells.check, move)
            ):
                self._refuse(record, why)
                self.rows.append(care.set_aside(record.key, move))
                # What was said before under the same key counts no longer.
                move = move._replace(value=None)
            elif care.aside:
                self.rows += care.replace(record.key)
            receive(move)

    def _add(self, records: Records) -> None:
        add, rows, refused = self._cells.add, self.rows, 0
        now = datetime.fromtimestamp(self._settings.clock() / 1000, UTC)
        old, recent = now - timedelta(milliseconds=self._settings.lateness_ms), now - RECENT
        late = past = 0
        is_careful = self.care.covers(records[0].topic, records[0].offset)
        for record in records:
            event = decode(record.value)
            if isinstance(event, Event) and record.key != event.subject.encode():
                # Keyed otherwise, a subject's events would lie in several shards.
                refused += 1
                self._refuse(record, Rejected("the record's key is not its subject", "subject"))
            elif isinstance(event, Event):
                if type(event) in WHOLE:
                    event = msgspec.structs.replace(event, on_topic=record.topic)
                if is_careful and (why := self._crash_of(record, event)):
                    refused += 1
                    self._refuse(record, why)
                    continue
                for key, value in add(event):
                    rows.append((ROW + key, value))
                late += event.at < old
                past += event.at < recent
            else:
                refused += 1
                self._refuse(record, event)
        self._quiet.folded(past, time.monotonic())
        self._watch.folded(records[0].topic, len(records) - refused, late)

    def _crash_of(self, record: ConsumerRecord, event: Event) -> Rejected | None:
        if not self.care.covers(record.topic, record.offset):
            return None
        return refusal(self._cells.check, event)

    def _refuse(self, record: ConsumerRecord, what: object) -> None:
        why = what if isinstance(what, Rejected) else Rejected("does not belong here", "type")
        self.letters.append(dead_letters.letter(record, why, self._settings.clock()))
        self._watch.rejected(record.topic, why.reason)
