"""The export of all events to a file that `ingest` and `replay` read: one object per line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import orjson
from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.events import (
    REFERENCE_TOPICS,
    SOURCE_TOPICS,
    Event,
    ReferenceRecord,
    Rejected,
    SubjectErased,
    SubjectMerged,
    decode,
)
from streams.events.formats.kafka_records import canonical_value
from streams.gateway.errors import Problem
from streams.gateway.records import record as sendable
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.reader import (
    beginnings,
    ends,
    read_to,
)
from streams.operations.output_file import output_file

LISTED = 100
OWNER_ONLY = 0o600
# Their type does not name their topic, so it is written to the file.
WITH_TOPIC = (SubjectMerged, SubjectErased)
# Called with the number of offsets done, and of all.
OnProgress = Callable[[int, int], object]
Ends = Mapping[TopicPartition, int]


class Incomplete(Fatal):
    """Kafka does not hold all events any more; nothing was written."""


@dataclass
class Exported:
    """The result of an export.

    `skipped` counts records that are not events, which are dead letters already; `problems` are
    events that count but that `ingest` would reject. `ends` are the offsets up to which was read:
    the stable ends, since what is behind a producer's open transaction is no event yet.
    """

    events: int = 0
    skipped: int = 0
    rejected: int = 0
    problems: list[Problem] = field(default_factory=list)
    ends: Ends = field(default_factory=dict)


async def export(
    settings: Settings,
    path: Path,
    on_progress: OnProgress | None = None,
    *,
    incomplete: bool = False,
) -> Exported:
    """Write every event in the topics, whatever number of partitions they have, to a new file.

    The file is readable by its owner alone and appears once it is complete and on disk. Raises
    Incomplete if records have been deleted, unless `incomplete`, and what `output_file` does.
    """
    with output_file(path, mode=OWNER_ONLY, is_new=True) as out:
        return await _write(settings, out, on_progress, incomplete=incomplete)


async def _write(
    settings: Settings, out: BinaryIO, on_progress: OnProgress | None, *, incomplete: bool
) -> Exported:
    exported = await partitions(settings)
    if not incomplete:
        await _require_no_gaps(settings, exported)
    found = Exported(ends=await ends(settings, exported, committed=True))
    reached, total = dict.fromkeys(exported, 0), sum(found.ends.values())
    async for partition, records in read_to(settings, found.ends):
        for record in records:
            if line := _line(record, found):
                out.write(line + b"\n")
        reached[partition] = records[-1].offset + 1
        if on_progress is not None:
            on_progress(sum(reached.values()), total)
    return found


async def partitions(settings: Settings) -> list[TopicPartition]:
    """Return the existing partitions of the topics of events and of reference data."""
    counts = await topics.counts(settings, (*SOURCE_TOPICS, *REFERENCE_TOPICS))
    return [TopicPartition(name, n) for name, count in counts.items() for n in range(count)]


async def _require_no_gaps(settings: Settings, exported: list[TopicPartition]) -> None:
    # Reference topics are compacted: missing records there were replaced.
    complete = [partition for partition in exported if partition.topic in SOURCE_TOPICS]
    for partition, first in (await beginnings(settings, complete)).items():
        if first > 0:
            raise Incomplete(
                f"the first {first:,} records of {partition.topic}/{partition.partition} have been"
                " deleted: they count in the KPIs and would be missing in the file;"
                " --incomplete exports the rest"
            )


def _line(record: ConsumerRecord, found: Exported) -> bytes | None:
    value = canonical_value(record.value, record.headers)
    event = value if isinstance(value, Rejected) else decode(value)
    is_event = isinstance(event, Event) and record.key == event.subject.encode()
    is_reference = isinstance(event, ReferenceRecord) and event.topic == record.topic
    if not (is_event or is_reference) or not isinstance(value, bytes):
        found.skipped += 1
        return None
    # In JSON a line end is white space between two tokens, never part of one.
    line = value.replace(b"\n", b" ").replace(b"\r", b" ").strip()
    if isinstance(event, WITH_TOPIC):
        line = orjson.dumps({**orjson.loads(line), "topic": record.topic})
    found.events += 1
    problem = sendable(line, found.events)
    if isinstance(problem, Problem):
        found.rejected += 1
        if len(found.problems) < LISTED:
            found.problems.append(problem)
    return line
