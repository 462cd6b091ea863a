"""The intake of records: decoded, deduplicated, rejected or applied to the aggregator."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.engine.calendars.calendar import milliseconds
from streams.events import (
    SOURCE_TOPICS,
    Common,
    Event,
    Rejected,
    SubjectErased,
    SubjectMerged,
    canonical,
)
from streams.events.decode import frame_rejection
from streams.events.formats.kafka_records import decode_record
from streams.events.key_value import KeyValue
from streams.internal_topics import dead_letters, forwards, reroutes
from streams.internal_topics.partitioner import partition_of
from streams.internal_topics.progress import SourceOffsets
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.fetched_list import FetchedList
from streams.kafka.reader import OffsetClient, Records
from streams.kafka.record_batches import DEFAULT_BYTES
from streams.tasks.aggregate.commit_plan import Outgoing
from streams.tasks.aggregate.quarantine import (
    Quarantine,
    attribute_to_shard,
    crash_rejection,
    rejection_of,
)
from streams.tasks.aggregate.restore import EVENT_PREFIX, Received
from streams.tasks.catch_up import RECENT, CatchUpDetector, external_offsets
from streams.tasks.metrics_port import TaskMetrics
from streams.tasks.ports import AggregatorPort

Decoded = tuple[ConsumerRecord, Common | Rejected]
# After so many events the task yields to the event loop.
EVENTS_PER_SLICE = 500
# Their record's topic says which kind of subject these are about.
SUBJECT_EVENTS = (SubjectMerged, SubjectErased)
UNKNOWN_OFFSET = -1
KEY_IS_NOT_SUBJECT = Rejected(
    "the record's key is not its subject", "subject", "key is not the subject"
)
KEY_IS_FRAME = Rejected(
    "the record's key is a schema-registry frame (magic byte 0), not its subject in UTF-8",
    "subject",
    "key is not the subject",
)
TOO_LARGE = Rejected("larger than the state accepts", None, "out of range")


class RecordIntake:
    """Applies each record once: it counts here, is forwarded, or has a dead letter.

    `state_records`, `dead_letters` and what is forwarded are to be committed with the source
    offsets that pass their records.
    """

    def __init__(
        self,
        settings: Settings,
        number: int,
        aggregator: AggregatorPort,
        metrics: TaskMetrics,
        catch_up: CatchUpDetector,
        bring_back: Callable[[], Awaitable[bool]],
    ) -> None:
        """`catch_up` is informed how many old events arrive.

        `bring_back` reads the event sets that records wait for.
        """
        self.source_offsets = SourceOffsets()
        self.quarantine = Quarantine()
        self.state_records: list[KeyValue] = []
        self.dead_letters: list[KeyValue] = []
        self.processed_at = 0.0
        # Of which every record can be written: the state must not lack any.
        self.max_event_bytes = DEFAULT_BYTES
        self._settings = settings
        self._number = number
        self._aggregator = aggregator
        self._metrics = metrics
        self._catch_up = catch_up
        self._bring_back = bring_back
        self._reroutes_topic = topics.reroutes(settings)
        self._misplaced: list[ConsumerRecord] = []
        # The keys of forwarded events that are in the event sets, and are to be removed.
        self._stored: list[bytes] = []
        self._received = Received()
        # Topics of which nothing was read since the restore.
        self._unseen: set[str] = set()

    def resume_from(
        self, source_offsets: SourceOffsets, quarantine: Quarantine, received: Received
    ) -> None:
        """Continue from a restored state."""
        self.source_offsets, self.quarantine = source_offsets, quarantine
        self._received, self._stored = received, list(received.kept)
        self._unseen = set(SOURCE_TOPICS)

    async def check_sources(self, offsets: OffsetClient) -> None:
        """Compare the source offsets with what the source partitions still hold."""
        reached = self.source_offsets.source
        wanted = [TopicPartition(topic, self._number) for topic in reached]
        first = await offsets.beginnings(wanted)
        last = await offsets.ends(wanted, committed=True)
        self._catch_up.set_targets(external_offsets(self._settings, last))
        for source in wanted:
            topic, offset = source.topic, reached[source.topic]
            if last[source] < offset:
                raise Fatal(
                    f"{topic}/{self._number} ends at {last[source]}, but {offset} were read:"
                    f" it was created again; begin with a new SALES_KPIS_APP as well"
                )
            if first[source] > offset:
                self._metrics.gap(topic, self._number, first[source] - offset)
                reached[topic] = first[source]

    def release(self) -> None:
        """Add the state records of events that have waited, and reject those refused."""
        released = self._aggregator.released_records()
        self.state_records += [(EVENT_PREFIX + key, value) for key, value in released]
        for event, error in self._aggregator.refused_events():
            self._reject(self._waited_record(event), crash_rejection(error))

    def flush(self) -> None:
        """Start new lists; the old ones belong to the commit that has them."""
        self.state_records, self.dead_letters = [], []
        self._misplaced, self._stored = [], []

    @property
    def forwards(self) -> Outgoing:
        """The events of other shards' subjects, as records for these shards."""
        return forwards.writes(self._settings, self._misplaced)

    @property
    def forward_removals(self) -> Outgoing:
        """The tombstones of forwarded events that are in the event sets."""
        if not self._stored:
            return {}
        own = TopicPartition(self._reroutes_topic, self._number)
        return {own: [(key, None) for key in self._stored]}

    async def process(self, lists: Sequence[FetchedList]) -> None:
        """Process fetched lists, each of one partition in the order of its offsets.

        Raises Crashed if a KPI fails, and Fatal if offsets between two lists were not read.
        """
        count = 0
        for records in lists:
            process = (
                self._process_reroutes
                if records.topic == self._reroutes_topic
                else self._process_events
            )
            unread = self._unread(records)
            for first in range(0, len(unread), EVENTS_PER_SLICE):
                part = unread[first : first + EVENTS_PER_SLICE]
                with attribute_to_shard(self._number):
                    process(part)
                if await self._bring_back():
                    self.release()
                self.processed_at = time.monotonic()
                # Not after every list: of a steady stream each has an event or two.
                count += len(part)
                if count >= EVENTS_PER_SLICE:
                    count = 0
                    await asyncio.sleep(0)
            self.source_offsets.source[unread.topic] = unread.next

    def _unread(self, records: FetchedList) -> FetchedList:
        """Drop what is below the source offset, and refuse a list that does not begin there."""
        topic, expected = records.topic, self.source_offsets.source[records.topic]
        missing = records.start - expected
        # Lists of reroutes without records do not come here: what these passed is no gap.
        if missing > 0 and topic != self._reroutes_topic:
            # Right after a restore the list comes straight from the log, so what is missing is
            # missing there. Later, a list may have been lost on its way here.
            if topic not in self._unseen:
                raise Fatal(
                    f"{missing} offsets of {topic}/{records.partition} are missing after"
                    f" {expected}: they were deleted unread"
                )
            self._metrics.gap(topic, records.partition, missing)
        self._unseen.discard(topic)
        return records.since(expected)

    def _process_reroutes(self, records: Records) -> None:
        quarantine, receive = self.quarantine, self._aggregator.receive
        forwarded = []
        for record in records:
            if forwards.is_forward(record.key):
                forwarded.append(record)
                continue
            reroute = reroutes.parse(record)[1]
            if record.offset < self._received.reroutes_offset and not reroute.is_notice:
                continue
            if quarantine.covers(self._reroutes_topic, record.offset) and (
                why := rejection_of(self._aggregator.check, reroute)
            ):
                self._reject(record, why)
                self.state_records.append(quarantine.add(record.key, reroute))
                # The reroute before it under the same key no longer counts.
                reroute = reroute._replace(value=None)
            elif quarantine.reroutes:
                self.state_records += quarantine.release(record.key)
            for key, value in receive(reroute):
                self.state_records.append((EVENT_PREFIX + key, value))
        self._process_forwards(forwarded)

    def _process_forwards(self, records: Records) -> None:
        """Apply forwarded events like those read here, and remove them from their topic."""
        present = [record for record in records if record.value is not None]
        self._stored += [record.key for record in present]
        first = self._received.forwards_offset
        present = [record for record in present if record.offset >= first]
        if not present:
            return
        is_careful = self.quarantine.covers(self._reroutes_topic, present[0].offset)
        decoded = [self._decode(record) for record in present]
        originals = [
            forwards.original(record, event.subject.encode() if isinstance(event, Event) else None)
            for record, event in zip(present, decoded, strict=True)
        ]
        pairs = zip(originals, decoded, strict=True)
        for topic, some in groupby(pairs, key=lambda pair: str(pair[0].topic)):
            self._apply(topic, list(some), is_careful)

    def _process_events(self, records: Records) -> None:
        topic = records[0].topic
        is_careful = self.quarantine.covers(topic, records[0].offset)
        self._apply(topic, [(record, self._decode(record)) for record in records], is_careful)

    def _decode(self, record: ConsumerRecord) -> Common | Rejected:
        body = record.value
        is_small = len(body or b"") <= self.max_event_bytes
        return decode_record(body, record.headers) if is_small else TOO_LARGE

    def _apply(self, topic: str, decoded: Sequence[Decoded], is_careful: bool) -> None:
        """Apply records of one source topic; carefully: what makes a KPI raise is rejected."""
        add, written, applied = self._aggregator.add, self.state_records, 0
        number, partitions, misplaced = (
            self._number,
            self._settings.partitions,
            len(self._misplaced),
        )
        clock = self._settings.clock()
        # An event of this moment is not to wait for the next commit.
        self._aggregator.advance_clock(clock)
        now = datetime.fromtimestamp(clock / 1000, UTC)
        old, recent = now - timedelta(milliseconds=self._settings.lateness_ms), now - RECENT
        late = past = 0
        for record, event in decoded:
            if not isinstance(event, Event):
                self._reject(record, event)
            elif record.key != event.subject.encode():
                # Under other keys, a subject's events would be in several shards.
                is_frame = frame_rejection(record.key or b"") is not None
                self._reject(record, KEY_IS_FRAME if is_frame else KEY_IS_NOT_SUBJECT)
            elif partition_of(record.key, partitions) != number:
                self._misplaced.append(record)
            else:
                if type(event) in SUBJECT_EVENTS:
                    event = msgspec.structs.replace(event, on_topic=topic)
                if is_careful and (why := rejection_of(self._aggregator.check, event)):
                    self._reject(record, why)
                    continue
                for key, value in add(event):
                    written.append((EVENT_PREFIX + key, value))
                applied += 1
                late += event.at < old
                past += event.at < recent
        self._catch_up.processed(past, time.monotonic())
        self._metrics.processed(topic, applied, late)
        if len(self._misplaced) > misplaced:
            self._metrics.misplaced(topic, len(self._misplaced) - misplaced)

    def _waited_record(self, event: Event) -> ConsumerRecord:
        """The record of an event that has waited: what it was, without its offset."""
        topic: str = getattr(event, "on_topic", None) or event.topic
        key, value, at = event.key.encode(), canonical(event), milliseconds(event.at)
        return ConsumerRecord(
            topic, self._number, UNKNOWN_OFFSET, at, 0, key, value, None, len(key), len(value), ()
        )

    def _reject(self, record: ConsumerRecord, what: object) -> None:
        why = what if isinstance(what, Rejected) else dead_letters.MISPLACED
        self.dead_letters.append(dead_letters.dead_letter(record, why, self._settings.clock()))
        self._metrics.rejected(record.topic, why.kind)
