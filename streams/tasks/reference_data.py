"""Reference data: read whole by every worker, in the order it was written."""

import asyncio
from typing import Final

from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.engine.calendars.calendar import milliseconds
from streams.events import (
    REFERENCE_TOPICS,
    ReferenceRecord,
    Rejected,
    decode,
)
from streams.events.key_value import KeyValue
from streams.internal_topics.dead_letters import dead_letter
from streams.kafka.reader import (
    POLL_MS,
    ends,
    reader,
)
from streams.tasks.metrics_port import TaskMetrics

PARTITIONS: Final = tuple(TopicPartition(topic, 0) for topic in REFERENCE_TOPICS)


class ReferenceData:
    """What the reference topics say; of each key the record with the newest (`at`, `id`) stands.

    `records` only grows: whoever remembers how many it has heard takes the rest. `position`
    names the offset after the last record in it, topic by topic.
    """

    def __init__(self, settings: Settings, metrics: TaskMetrics) -> None:
        """Know nothing yet."""
        self.records: list[ReferenceRecord] = []
        self.offsets: dict[str, int] = dict.fromkeys(REFERENCE_TOPICS, 0)
        self.rejected: list[tuple[str, int, KeyValue]] = []
        self.is_complete = asyncio.Event()
        self._current: dict[tuple[str, bytes | None], ReferenceRecord] = {}
        self._settings = settings
        self._metrics = metrics

    async def read(self) -> None:
        """Read all of them and go on reading, for ever. Sets `is_complete` at their ends."""
        stops = await ends(self._settings, PARTITIONS)
        async with reader(self._settings) as consumer:
            consumer.assign(list(PARTITIONS))
            for partition, first in (await consumer.beginning_offsets(list(PARTITIONS))).items():
                consumer.seek(partition, first)
            while True:
                for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                    for record in records:
                        self._add(record)
                # Not the last record's: a transaction ends with an offset of its own.
                for partition in PARTITIONS:
                    self.offsets[partition.topic] = await consumer.position(partition)
                if all(self.offsets[at.topic] >= stop for at, stop in stops.items()):
                    self.is_complete.set()

    def _add(self, record: ConsumerRecord) -> None:
        sent = decode(record.value)
        if not isinstance(sent, ReferenceRecord) or sent.topic != record.topic:
            why = sent if isinstance(sent, Rejected) else Rejected("does not belong here", "type")
            self.rejected.append(
                (record.topic, record.offset, dead_letter(record, why, self._settings.clock()))
            )
            self._metrics.rejected(record.topic, why.reason)
            return
        at = record.topic, record.key
        current = self._current.get(at)
        if current is None or order(current) <= order(sent):
            self._current[at] = sent
            self.records.append(sent)


def order(record: ReferenceRecord) -> tuple[int, str]:
    """Give what decides which record of a key stands; parts of a millisecond do not count."""
    return milliseconds(record.at), record.id
