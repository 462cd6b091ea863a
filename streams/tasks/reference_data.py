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
from streams.internal_topics.dead_letters import letter
from streams.kafka.reader import (
    POLL_MS,
    ends,
    reader,
)
from streams.kafka.transactional_producer import Pair
from streams.tasks.metrics_port import Watch

PARTITIONS: Final = tuple(TopicPartition(topic, 0) for topic in REFERENCE_TOPICS)


class Reference:
    """What the reference topics say; of each key the record with the newest (`at`, `id`) stands.

    `records` only grows: whoever remembers how many it has heard takes the rest. `position`
    names the offset after the last record in it, topic by topic.
    """

    def __init__(self, settings: Settings, watch: Watch) -> None:
        """Know nothing yet."""
        self.records: list[ReferenceRecord] = []
        self.position: dict[str, int] = dict.fromkeys(REFERENCE_TOPICS, 0)
        self.rejected: list[tuple[str, int, Pair]] = []
        self.is_complete = asyncio.Event()
        self._standing: dict[tuple[str, bytes | None], ReferenceRecord] = {}
        self._settings = settings
        self._watch = watch

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
                        self._hear(record)
                # Not the last record's: a transaction ends with an offset of its own.
                for partition in PARTITIONS:
                    self.position[partition.topic] = await consumer.position(partition)
                if all(self.position[place.topic] >= stop for place, stop in stops.items()):
                    self.is_complete.set()

    def _hear(self, record: ConsumerRecord) -> None:
        said = decode(record.value)
        if not isinstance(said, ReferenceRecord) or said.topic != record.topic:
            why = said if isinstance(said, Rejected) else Rejected("does not belong here", "type")
            self.rejected.append(
                (record.topic, record.offset, letter(record, why, self._settings.clock()))
            )
            self._watch.rejected(record.topic, why.reason)
            return
        place = record.topic, record.key
        standing = self._standing.get(place)
        if standing is None or order(standing) <= order(said):
            self._standing[place] = said
            self.records.append(said)


def order(record: ReferenceRecord) -> tuple[int, str]:
    """Give what decides which record of a key stands; parts of a millisecond do not count."""
    return milliseconds(record.at), record.id
