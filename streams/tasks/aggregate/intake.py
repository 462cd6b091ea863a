"""The intake of records: decoded, deduplicated, rejected or applied to the aggregator."""

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
from streams.tasks.aggregate.quarantine import (
    Quarantine,
    attribute_to_shard,
    rejection_of,
)
from streams.tasks.aggregate.restore import EVENT_PREFIX
from streams.tasks.catch_up import RECENT, CatchUpDetector
from streams.tasks.metrics_port import TaskMetrics
from streams.tasks.ports import AggregatorPort

# After so many events the task yields to the event loop.
EVENTS_PER_SLICE = 500
# Their record's topic says which kind of subject these are about.
SUBJECT_EVENTS = (SubjectMerged, SubjectErased)
KEY_IS_NOT_SUBJECT = Rejected(
    "the record's key is not its subject", "subject", "key is not the subject"
)


class RecordIntake:
    """Applies each record once: it counts, or it has a dead letter.

    `state_records` and `dead_letters` are to be committed with the source offsets that pass
    their records.
    """

    def __init__(
        self,
        settings: Settings,
        number: int,
        aggregator: AggregatorPort,
        metrics: TaskMetrics,
        catch_up: CatchUpDetector,
    ) -> None:
        """`catch_up` is informed how many old events arrive."""
        self.source_offsets = SourceOffsets()
        self.quarantine = Quarantine()
        self.state_records: list[KeyValue] = []
        self.dead_letters: list[KeyValue] = []
        self.processed_at = 0.0
        self._settings = settings
        self._number = number
        self._aggregator = aggregator
        self._metrics = metrics
        self._catch_up = catch_up
        self._reroutes_topic = topics.reroutes(settings)
        # Topics of which nothing was read since the restore.
        self._unseen: set[str] = set()

    def resume_from(self, source_offsets: SourceOffsets, quarantine: Quarantine) -> None:
        """Continue from a restored state."""
        self.source_offsets, self.quarantine = source_offsets, quarantine
        self._unseen = set(SOURCE_TOPICS)

    def release(self) -> None:
        """Add the state records of events whose time has come."""
        released = self._aggregator.released_records()
        self.state_records += [(EVENT_PREFIX + key, value) for key, value in released]

    def flush(self) -> None:
        """Start new lists; the old ones belong to the commit that has them."""
        self.state_records, self.dead_letters = [], []

    async def process(self, lists: Sequence[Records]) -> None:
        """Process fetched lists, each of one partition in the order of its offsets.

        Raises Crashed if a KPI fails, and Fatal if a list leaves offsets out.
        """
        count = 0
        for records in lists:
            process = (
                self._process_reroutes
                if records[0].topic == self._reroutes_topic
                else self._process_events
            )
            unread = self._unread(records)
            for first in range(0, len(unread), EVENTS_PER_SLICE):
                part = unread[first : first + EVENTS_PER_SLICE]
                with attribute_to_shard(self._number):
                    process(part)
                self.processed_at = time.monotonic()
                # Not after every list: of a steady stream each has an event or two.
                count += len(part)
                if count >= EVENTS_PER_SLICE:
                    count = 0
                    await asyncio.sleep(0)
            if unread:
                self.source_offsets.source[unread[0].topic] = unread[-1].offset + 1

    def _unread(self, records: Records) -> Records:
        """Drop what is below the source offset, and refuse a list that leaves offsets out."""
        topic, number = records[0].topic, records[0].partition
        expected = self.source_offsets.source[topic]
        if records[0].offset < expected:
            records = [record for record in records if record.offset >= expected]
            if not records:
                return records
        if topic == self._reroutes_topic:
            # This topic is written in transactions and compacted: its offsets have holes.
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
                # The reroute before it under the same key no longer counts.
                reroute = reroute._replace(value=None)
            elif quarantine.reroutes:
                self.state_records += quarantine.release(record.key)
            receive(reroute)

    def _process_events(self, records: Records) -> None:
        add, written, rejected = self._aggregator.add, self.state_records, 0
        clock = self._settings.clock()
        # An event of this moment is not to wait for the next commit.
        self._aggregator.advance_clock(clock)
        now = datetime.fromtimestamp(clock / 1000, UTC)
        old, recent = now - timedelta(milliseconds=self._settings.lateness_ms), now - RECENT
        late = past = 0
        is_careful = self.quarantine.covers(records[0].topic, records[0].offset)
        for record in records:
            event = decode(record.value)
            if isinstance(event, Event) and record.key != event.subject.encode():
                # Under other keys, a subject's events would be in several shards.
                rejected += 1
                self._reject(record, KEY_IS_NOT_SUBJECT)
            elif isinstance(event, Event):
                if type(event) in SUBJECT_EVENTS:
                    event = msgspec.structs.replace(event, on_topic=record.topic)
                if is_careful and (why := self._crash_reason(record, event)):
                    rejected += 1
                    self._reject(record, why)
                    continue
                for key, value in add(event):
                    written.append((EVENT_PREFIX + key, value))
                late += event.at < old
                past += event.at < recent
            else:
                rejected += 1
                self._reject(record, event)
        self._catch_up.processed(past, time.monotonic())
        self._metrics.processed(records[0].topic, len(records) - rejected, late)

    def _crash_reason(self, record: ConsumerRecord, event: Event) -> Rejected | None:
        if not self.quarantine.covers(record.topic, record.offset):
            return None
        return rejection_of(self._aggregator.check, event)

    def _reject(self, record: ConsumerRecord, what: object) -> None:
        why = what if isinstance(what, Rejected) else dead_letters.MISPLACED
        self.dead_letters.append(dead_letters.dead_letter(record, why, self._settings.clock()))
        self._metrics.rejected(record.topic, why.kind)
