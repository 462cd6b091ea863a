"""Comparison of the source topics with the state: is each event with its subject?

Which partition an event was found in is not trusted, nor whether it was forwarded: every record
of `crm.*` is decoded again, and has to be in the state of the partition that its subject's name
leads to.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.events import SOURCE_TOPICS, Event
from streams.events.formats.kafka_records import decode_record
from streams.internal_topics import forwards, reroutes
from streams.internal_topics.partitioner import partition_of
from streams.internal_topics.progress import read_reports
from streams.kafka import topics
from streams.kafka.reader import Records, ends, read_to
from streams.operations.dead_letters import read_dead_letters
from streams.operations.export import OnProgress
from streams.tasks.aggregate.intake import SUBJECT_EVENTS
from streams.tasks.aggregate.quarantine import rejection_of
from streams.tasks.aggregate.restore import StateRestore
from streams.tasks.ports import AggregatorPort, CorePort

# The topic, partition and offset of a record.
Place = tuple[str, int, int]


@dataclass(frozen=True)
class Missing:
    """An event that the state of its subject's partition does not have."""

    topic: str
    partition: int
    offset: int
    home: int


class TopicReader:
    """Reads partitions, and reports how many offsets of `total` it has read so far."""

    def __init__(self, settings: Settings, on_progress: OnProgress | None) -> None:
        """`on_progress` is called with the number of offsets read, and of all."""
        self.total = 0
        self._settings = settings
        self._on_progress = on_progress
        self._done = 0

    async def read(
        self, stops: Mapping[TopicPartition, int]
    ) -> AsyncIterator[tuple[TopicPartition, Records]]:
        """Yield the committed records of partitions up to their stop offsets."""
        reached = dict.fromkeys(stops, 0)
        async for partition, records in read_to(self._settings, stops):
            yield partition, records
            self._done += records[-1].offset + 1 - reached[partition]
            reached[partition] = records[-1].offset + 1
            self._report_progress()
        self._done += sum(stops.values()) - sum(reached.values())
        self._report_progress()

    def _report_progress(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self._done, max(self.total, self._done))


class SourceCheck:
    """Finds the events that are missing in the state, while workers go on.

    `events` counts those that were looked for.
    """

    def __init__(self, settings: Settings, core: CorePort, reader: TopicReader) -> None:
        self.events = 0
        self._settings = settings
        self._core = core
        self._reader = reader

    async def missing(self) -> list[Missing]:
        """Read the state of each partition, and every record that its subjects may have."""
        # Each is read a moment later than the one before, so that all of an event below these
        # offsets is on its way to the state by then, or in the state that is read last.
        reports = await read_reports(self._settings)
        sources = {
            TopicPartition(topic, number): offset
            for number in range(self._settings.partitions)
            for topic, offset in reports.get(f"aggregate/{number}", {}).get("source", {}).items()
            if topic in SOURCE_TOPICS and offset
        }
        stops = await ends(self._settings, reroutes.partitions(self._settings))
        self._reader.total = 2 * sum(sources.values()) + sum(stops.values())
        on_the_way = await self._forwarded(stops) | await self._rejected()
        elsewhere = await self._misplaced(sources, on_the_way)
        found: list[Missing] = []
        for number in range(self._settings.partitions):
            aggregator = await self._state(number)
            absent = self._absent(aggregator, elsewhere.pop(number, ()))
            own = {each: stop for each, stop in sources.items() if each.partition == number}
            async for _, records in self._reader.read(own):
                here = [
                    record
                    for record in records
                    if self._home(record) == number and _place(record) not in on_the_way
                ]
                absent += self._absent(aggregator, here)
            found += await self._confirmed(absent, number)
        return found

    def _absent(
        self, aggregator: AggregatorPort, records: Iterable[ConsumerRecord]
    ) -> list[ConsumerRecord]:
        """The events that an aggregator does not have, nor a newer version or an erasure."""
        found = []
        for record in records:
            event = decode_record(record.value, record.headers)
            if not isinstance(event, Event) or record.key != event.subject.encode():
                continue
            self.events += 1
            if type(event) in SUBJECT_EVENTS:
                event = msgspec.structs.replace(event, on_topic=record.topic)
            if aggregator.add(event) and not rejection_of(aggregator.check, event):
                found.append(record)
        return found

    async def _confirmed(self, absent: list[ConsumerRecord], home: int) -> list[Missing]:
        """What is absent from the state even where events of the future wait in it."""
        if not absent:
            return []
        aggregator = await self._state(home)
        # Whether an event has happened yet is a matter of the clock, which is not the owner's.
        while aggregator.rebuild(self._settings.clock()):
            pass
        self.events -= len(absent)
        return [
            Missing(record.topic, record.partition, record.offset, home)
            for record in self._absent(aggregator, absent)
        ]

    def _home(self, record: ConsumerRecord) -> int:
        """The partition that a record's key leads to; of one without a key its own."""
        if record.key is None:
            return int(record.partition)
        return partition_of(record.key, self._settings.partitions)

    async def _misplaced(
        self, sources: Mapping[TopicPartition, int], on_the_way: set[Place]
    ) -> dict[int, list[ConsumerRecord]]:
        """The records whose key leads to another partition, by that partition."""
        found: dict[int, list[ConsumerRecord]] = defaultdict(list)
        async for partition, records in self._reader.read(sources):
            for record in records:
                home = self._home(record)
                if home != partition.partition and _place(record) not in on_the_way:
                    found[home].append(record)
        return found

    async def _state(self, number: int) -> AggregatorPort:
        aggregator = self._core.aggregator(self._settings.clock(), number)
        restore = StateRestore(self._settings, aggregator, number)
        state = TopicPartition(topics.state(self._settings), number)
        async for _, records in self._reader.read(await ends(self._settings, [state])):
            for record in records:
                restore.apply(record)
        return aggregator

    async def _forwarded(self, stops: Mapping[TopicPartition, int]) -> set[Place]:
        """The events that are forwarded and not received yet."""
        found: set[Place] = set()
        async for _, records in self._reader.read(stops):
            for record in records:
                if forwards.is_forward(record.key):
                    place = _place(forwards.original(record, None))
                    if record.value is None:
                        found.discard(place)
                    else:
                        found.add(place)
        return found

    async def _rejected(self) -> set[Place]:
        """The records that have a dead letter, such as events that made a KPI raise."""
        return {
            (letter.topic, letter.partition, letter.source_offset)
            for letter in await read_dead_letters(self._settings)
        }


def _place(record: ConsumerRecord) -> Place:
    return record.topic, record.partition, record.offset
