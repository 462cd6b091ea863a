"""What one shard reads, folded into its core; and what that leaves to be written."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from aiokafka import ConsumerRecord

from streams.config.settings import Settings
from streams.events import (
    SOURCE_TOPICS,
    Event,
    Rejected,
    SubjectErased,
    SubjectMerged,
    decode,
)
from streams.events.key_value import KeyValue
from streams.internal_topics import dead_letters, reroutes
from streams.internal_topics.progress import SourceOffsets
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.reader import Records
from streams.tasks.aggregate.catch_up import RECENT, CatchUpDetector
from streams.tasks.aggregate.quarantine import (
    Quarantine,
    attribute_to_shard,
    rejection_of,
)
from streams.tasks.aggregate.restore import EVENT_PREFIX
from streams.tasks.metrics_port import TaskMetrics
from streams.tasks.ports import AggregatorPort

# After so many events others on the event loop get their turn.
EVENTS_PER_SLICE = 500
# Which subject these are about, the record's own topic says.
SUBJECT_EVENTS = (SubjectMerged, SubjectErased)


class RecordIntake:
    """The way of records into a shard: each counts, or has a dead letter, and is passed once.

    `rows` are to be kept and `letters` to be sent with the position that passes their records.
    """

    def __init__(
        self,
        settings: Settings,
        number: int,
        cells: AggregatorPort,
        metrics: TaskMetrics,
        catch_up: CatchUpDetector,
    ) -> None:
        """Fold into a shard's core; `quiet` is told how much is past."""
        self.source_offsets = SourceOffsets()
        self.quarantine = Quarantine()
        self.state_records: list[KeyValue] = []
        self.dead_letters: list[KeyValue] = []
        self.processed_at = 0.0
        self._settings = settings
        self._number = number
        self._aggregator = cells
        self._metrics = metrics
        self._catch_up = catch_up
        self._reroutes_topic = topics.reroutes(settings)
        # Topics of which nothing was read since the restore.
        self._unseen: set[str] = set()

    def resume_from(self, source_offsets: SourceOffsets, quarantine: Quarantine) -> None:
        """Go on from a position that was restored."""
        self.source_offsets, self.quarantine = source_offsets, quarantine
        self._unseen = set(SOURCE_TOPICS)

    def flush(self) -> list[KeyValue]:
        """Give the letters; with them the rows are somebody else's."""
        self.state_records, rejected_records, self.dead_letters = [], self.dead_letters, []
        return rejected_records

    async def process(self, lists: Sequence[Records]) -> None:
        """Fold fetched lists, each of one partition in the order of its offsets.

        Raises Crashed if a KPI does, and Fatal if a list leaves something out.
        """
        count = 0
        for records in lists:
            fold = (
                self._process_reroutes
                if records[0].topic == self._reroutes_topic
                else self._process_events
            )
            unread = self._unread(records)
            for first in range(0, len(unread), EVENTS_PER_SLICE):
                part = unread[first : first + EVENTS_PER_SLICE]
                with attribute_to_shard(self._number):
                    fold(part)
                self.processed_at = time.monotonic()
                # Not after every list: of a steady stream each has an event or two.
                count += len(part)
                if count >= EVENTS_PER_SLICE:
                    count = 0
                    await asyncio.sleep(0)
            if unread:
                self.source_offsets.source[unread[0].topic] = unread[-1].offset + 1

    def _unread(self, records: Records) -> Records:
        """Drop what is below the position, and refuse a list that leaves something out."""
        topic, number = records[0].topic, records[0].partition
        expected = self.source_offsets.source[topic]
        if records[0].offset < expected:
            records = [record for record in records if record.offset >= expected]
            if not records:
                return records
        if topic == self._reroutes_topic:
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
            self._metrics.gap(topic, number, missing)
        self._unseen.discard(topic)
        return records

    def _process_reroutes(self, records: Records) -> None:
        quarantine, receive = self.quarantine, self._aggregator.receive
        for record in records:
            reroute = reroutes.parse(record)[1]
            if quarantine.covers(self._reroutes_topic, record.offset) and (
                why := rejection_of(self._aggregator.check, reroute)
            ):
                self._reject(record, why)
                self.state_records.append(quarantine.add(record.key, reroute))
                # What was said before under the same key counts no longer.
                reroute = reroute._replace(value=None)
            elif quarantine.reroutes:
                self.state_records += quarantine.release(record.key)
            receive(reroute)

    def _process_events(self, records: Records) -> None:
        add, rows, refused = self._aggregator.add, self.state_records, 0
        now = datetime.fromtimestamp(self._settings.clock() / 1000, UTC)
        old, recent = now - timedelta(milliseconds=self._settings.lateness_ms), now - RECENT
        late = past = 0
        is_careful = self.quarantine.covers(records[0].topic, records[0].offset)
        for record in records:
            event = decode(record.value)
            if isinstance(event, Event) and record.key != event.subject.encode():
                # Keyed otherwise, a subject's events would lie in several shards.
                refused += 1
                self._reject(record, Rejected("the record's key is not its subject", "subject"))
            elif isinstance(event, Event):
                if type(event) in SUBJECT_EVENTS:
                    event = msgspec.structs.replace(event, on_topic=record.topic)
                if is_careful and (why := self._crash_reason(record, event)):
                    refused += 1
                    self._reject(record, why)
                    continue
                for key, value in add(event):
                    rows.append((EVENT_PREFIX + key, value))
                late += event.at < old
                past += event.at < recent
            else:
                refused += 1
                self._reject(record, event)
        self._catch_up.processed(past, time.monotonic())
        self._metrics.processed(records[0].topic, len(records) - refused, late)

    def _crash_reason(self, record: ConsumerRecord, event: Event) -> Rejected | None:
        if not self.quarantine.covers(record.topic, record.offset):
            return None
        return rejection_of(self._aggregator.check, event)

    def _reject(self, record: ConsumerRecord, what: object) -> None:
        why = what if isinstance(what, Rejected) else Rejected("does not belong here", "type")
        self.dead_letters.append(dead_letters.dead_letter(record, why, self._settings.clock()))
        self._metrics.rejected(record.topic, why.reason)
