"""What `crm.*` holds of some events, and how a newer translation of one comes to stand there.

Of two events of a subject with the same id and type the one with the greatest `at`, then `seq`,
stands. So a corrected one of the same instant gets a `seq` that is greater by one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from typing import NamedTuple

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.engine.calendars.calendar import milliseconds
from streams.events import (
    REFERENCE_TOPICS,
    SOURCE_TOPICS,
    Common,
    Event,
    ReferenceRecord,
    canonical,
    decode,
    identity,
)
from streams.events.formats.kafka_records import decode_record
from streams.gateway.records import Record
from streams.kafka.reader import ends, read_to, since
from streams.operations.export import OnProgress

DIGEST_BYTES = 12


class Verdict(Enum):
    """How an event compares with what `crm.*` holds."""

    SAME = "same"
    NEW = "new"
    CORRECTED = "corrected"
    # What stands is of a later instant, and stays.
    EARLIER = "earlier"


class Identity(NamedTuple):
    """What two versions of one event have in common, on one topic."""

    topic: str
    key: str
    name: str


class Version(NamedTuple):
    """One version of an event: its place in the order of versions, and its other content."""

    at: int
    seq: int
    digest: bytes


@dataclass(frozen=True)
class Comparison:
    """An event on one topic, compared with what is held there; `value` is what to write."""

    verdict: Verdict
    topic: str
    key: bytes
    value: bytes


class StandingEvents:
    """The versions of events that stand on the topics of `crm.*`."""

    def __init__(self) -> None:
        self._standing: dict[Identity, Version] = {}

    def __len__(self) -> int:
        return len(self._standing)

    def add(self, topic: str, event: Common) -> None:
        """Add an event that is on a topic."""
        identity, version = _identity(topic, event), _version(event)
        standing = self._standing.get(identity)
        if standing is None or version[:2] >= standing[:2]:
            self._standing[identity] = version

    def compare(self, record: Record) -> list[Comparison]:
        """Compare an event with what is held on each of its topics, and hold it from now on."""
        event = decode(record.value)
        if not isinstance(event, Event | ReferenceRecord):
            raise TypeError("a record of an event has one")
        return [self._compare(topic, event, record) for topic in record.topics]

    def _compare(self, topic: str, event: Common, record: Record) -> Comparison:
        identity, version = _identity(topic, event), _version(event)
        standing = self._standing.get(identity)
        value, verdict = record.value, Verdict.NEW
        if standing is not None:
            if version.at == standing.at and version.digest == standing.digest:
                return Comparison(Verdict.SAME, topic, record.key, value)
            if version.at < standing.at:
                return Comparison(Verdict.EARLIER, topic, record.key, value)
            verdict = Verdict.CORRECTED
            if version[:2] <= standing[:2]:
                version = version._replace(seq=standing.seq + 1)
                value = msgspec.json.encode(msgspec.structs.replace(event, seq=version.seq))
        self._standing[identity] = version
        return Comparison(verdict, topic, record.key, value)


def _identity(topic: str, event: Common) -> Identity:
    key = event.key if isinstance(event, Event | ReferenceRecord) else ""
    return Identity(topic, key, identity(event))


def _version(event: Common) -> Version:
    content = canonical(msgspec.structs.replace(event, seq=None))
    digest = blake2b(content, digest_size=DIGEST_BYTES).digest()
    return Version(milliseconds(event.at), event.seq or 0, digest)


async def standing_events(
    settings: Settings, source: str, at: int, on_progress: OnProgress = lambda *_: None
) -> StandingEvents:
    """Read the events of a source that were written to `crm.*` since an instant."""
    found = StandingEvents()
    partitions = [
        *(TopicPartition(name, n) for name in SOURCE_TOPICS for n in range(settings.partitions)),
        *(TopicPartition(name, 0) for name in REFERENCE_TOPICS),
    ]
    stops = await ends(settings, partitions, committed=True)
    starts = await since(settings, partitions, at)
    stops = {partition: stops[partition] for partition in starts}
    total, done = sum(stops[each] - starts[each] for each in starts), 0
    async for partition, records in read_to(settings, stops, starts):
        for event in _of_source(records, source):
            found.add(partition.topic, event)
        done += len(records)
        on_progress(done, total)
    on_progress(total, total)
    return found


def _of_source(records: Iterable[ConsumerRecord], source: str) -> Iterable[Common]:
    """Yield the events that name the source, or an account of it."""
    mark = source.encode()
    for record in records:
        if record.value is None or mark not in record.value:
            continue
        event = decode_record(record.value, record.headers)
        if isinstance(event, Common) and (event.source or "").partition("/")[0] == source:
            yield event
