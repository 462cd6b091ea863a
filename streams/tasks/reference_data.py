"""Reference data: read by every worker from the beginning, in the order of writing."""

import asyncio
from array import array
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.events import (
    REFERENCE_TOPICS,
    Common,
    KnownNames,
    ReferenceRecord,
    Rejected,
    pack,
)
from streams.events.formats.kafka_records import decode_record
from streams.events.key_value import KeyValue
from streams.internal_topics.dead_letters import MISPLACED, dead_letter
from streams.kafka.progress_tracker import report_progress
from streams.kafka.reader import (
    POLL_MS,
    ends,
    reader,
)
from streams.tasks.metrics_port import TaskMetrics

DIGEST_BYTES = 8
PARTITIONS: Final = tuple(TopicPartition(topic, 0) for topic in REFERENCE_TOPICS)


class ReferencePosition(NamedTuple):
    """The offset after the last record of a topic that was applied, and a digest of all."""

    offset: int
    digest: int


START: Final = ReferencePosition(0, 0)


class ReferenceHistory:
    """The position after each record, in the order of reading; 17 bytes for each."""

    def __init__(self) -> None:
        self._topics = array("B")
        self._offsets = array("q")
        self._digests = array("Q")
        self._last = dict.fromkeys(REFERENCE_TOPICS, 0)

    def add(self, topic: str, offset: int, record: ReferenceRecord) -> None:
        """Add the next record; those of one topic are in their order."""
        before = self._last[topic].to_bytes(DIGEST_BYTES)
        digest = blake2b(before + pack(record), digest_size=DIGEST_BYTES).digest()
        self._last[topic] = int.from_bytes(digest)
        self._topics.append(REFERENCE_TOPICS.index(topic))
        self._offsets.append(offset + 1)
        self._digests.append(self._last[topic])

    def position_after(self, number: int) -> tuple[str, ReferencePosition]:
        """The topic of a record, and the position after it."""
        position = ReferencePosition(self._offsets[number], self._digests[number])
        return REFERENCE_TOPICS[self._topics[number]], position


class ReferenceData:
    """The records of the reference topics, in the order in which they were written.

    `records` and `rejected` (topic, offset, dead letter) only grow. `offsets` are the next ones,
    by topic. `is_complete` is set at the stable ends that the topics had at first: an open
    transaction is not waited for. `ends` are the stable end and the end as of the last fetch.
    """

    def __init__(
        self, settings: Settings, metrics: TaskMetrics, known: KnownNames | None = None
    ) -> None:
        """`known` is what records may name; None if that is not checked."""
        self.records: list[ReferenceRecord] = []
        self.history = ReferenceHistory()
        self.offsets: dict[str, int] = dict.fromkeys(REFERENCE_TOPICS, 0)
        self.rejected: list[tuple[str, int, KeyValue]] = []
        self.is_complete = asyncio.Event()
        self.ends: dict[TopicPartition, tuple[int, int]] = {}
        self._last: dict[tuple[str, bytes | None], ReferenceRecord] = {}
        self._settings = settings
        self._metrics = metrics
        self._known = known

    async def read(self) -> None:
        """Read the topics until cancelled."""
        stops = await ends(self._settings, PARTITIONS, committed=True)
        async with reader(self._settings) as consumer:
            consumer.assign(list(PARTITIONS))
            for partition, first in (await consumer.beginning_offsets(list(PARTITIONS))).items():
                consumer.seek(partition, first)
            while True:
                for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                    report_progress()
                    for record in records:
                        self._add(record)
                # Not after the last record: a transaction ends with an offset of its own.
                for partition in PARTITIONS:
                    self.offsets[partition.topic] = await consumer.position(partition)
                    stable = consumer.last_stable_offset(partition)
                    if stable is not None:
                        self.ends[partition] = stable, consumer.highwater(partition)
                if all(self.offsets[at.topic] >= stop for at, stop in stops.items()):
                    self.is_complete.set()

    def append(self, topic: str, offset: int, record: ReferenceRecord) -> None:
        """Add the next record of a topic to those that tasks apply."""
        self.records.append(record)
        self.history.add(topic, offset, record)

    def _add(self, record: ConsumerRecord) -> None:
        decoded = decode_record(record.value, record.headers)
        why = self._rejected(record, decoded)
        if why is not None:
            self.rejected.append(
                (record.topic, record.offset, dead_letter(record, why, self._settings.clock()))
            )
            self._metrics.rejected(record.topic, why.kind)
            return
        assert isinstance(decoded, ReferenceRecord)  # noqa: S101 - for the type checker: others are rejected
        at = record.topic, record.key
        # All that differ: an older patch counts as well, and a newer record may be of the future.
        if self._last.get(at) != decoded:
            self._last[at] = decoded
            self.append(record.topic, record.offset, decoded)

    def _rejected(self, record: ConsumerRecord, decoded: Common | Rejected) -> Rejected | None:
        if isinstance(decoded, Rejected):
            return decoded
        if not isinstance(decoded, ReferenceRecord) or decoded.topic != record.topic:
            return MISPLACED
        return None if self._known is None else self._known.problem(decoded)


class ReferenceCursor:
    """How far one task has applied the worker's reference data.

    `offsets` are the next ones of what was applied, by topic. `positions` are those after the
    last record applied; offsets may be behind them.
    """

    def __init__(self, data: ReferenceData) -> None:
        self.offsets: dict[str, int] = {}
        self.positions: dict[str, ReferencePosition] = {}
        self._data = data
        self._applied = 0

    def advance(self) -> Sequence[ReferenceRecord]:
        """The records to apply now: all that were read since the last call."""
        records = self._data.records[self._applied :]
        for number in range(self._applied, self._applied + len(records)):
            topic, position = self._data.history.position_after(number)
            self.positions[topic] = position
        self._applied += len(records)
        self.offsets = dict(self._data.offsets)
        return records

    def advance_from(
        self, positions: Mapping[str, ReferencePosition]
    ) -> tuple[list[ReferenceRecord], list[ReferenceRecord]] | None:
        """Advance, with the records up to earlier positions apart from those after them.

        None, and nothing was advanced, if other records are before these positions now.
        """
        known, later, reached = [], [], dict[str, ReferencePosition]()
        for number in range(self._applied, len(self._data.records)):
            topic, position = self._data.history.position_after(number)
            if position.offset <= positions.get(topic, START).offset:
                reached[topic] = position
                known.append(self._data.records[number])
            else:
                later.append(self._data.records[number])
        if reached != dict(positions):
            return None
        self.advance()
        return known, later

    def rejected_since(self, offsets: Mapping[str, int]) -> list[KeyValue]:
        """The dead letters of rejected records from some offsets on, by topic."""
        return [
            dead_letter
            for topic, offset, dead_letter in self._data.rejected
            if offset >= offsets.get(topic, 0)
        ]
