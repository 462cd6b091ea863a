"""All events of the crm topics into a file that `ingest` and `replay` read: one object a line."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from aiokafka import ConsumerRecord, TopicPartition

from streams.config.settings import Settings
from streams.events import (
    REFERENCE_TOPICS,
    SOURCE_TOPICS,
    Event,
    ReferenceRecord,
    SubjectErased,
    SubjectMerged,
    decode,
)
from streams.gateway.errors import Problem
from streams.gateway.records import record as sendable
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.reader import (
    beginnings,
    ends,
    read_to,
)

LISTED = 100
WHOLE = (SubjectMerged, SubjectErased)
Progressed = Callable[[int, int], object]
Ends = Mapping[TopicPartition, int]


class Incomplete(Fatal):
    """Kafka does not hold all events any more; nothing was written."""


@dataclass
class Exported:
    """What is in the file, and what is not.

    `skipped` counts records that are no events, which are dead letters already; `problems` are
    events that count but that `ingest` would refuse. `ends` says up to where all was read.
    """

    events: int = 0
    skipped: int = 0
    rejected: int = 0
    problems: list[Problem] = field(default_factory=list)
    ends: Ends = field(default_factory=dict)


async def export(
    settings: Settings,
    path: Path,
    progressed: Progressed | None = None,
    *,
    incomplete: bool = False,
) -> Exported:
    """Write every event in the topics now, whatever number of partitions they have, to a file.

    The file is new, readable by its owner alone, and there only once it is whole and on disk.
    Raises Incomplete if records have been deleted, unless that is wanted; FileExistsError.
    """
    if path.exists():  # noqa: ASYNC240 - a question that takes microseconds
        raise FileExistsError(f"{path} exists")
    places = await partitions(settings)
    if not incomplete:
        await _require_no_gaps(settings, places)
    found = Exported(ends=await ends(settings, places))
    reached, total = dict.fromkeys(places, 0), sum(found.ends.values())
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        async for topic_key, records in read_to(settings, found.ends):
            for record in records:
                if line := _line(record, found):
                    out.write(line + b"\n")
            reached[topic_key] = records[-1].offset + 1
            if progressed is not None:
                progressed(sum(reached.values()), total)
        out.flush()
        os.fsync(out.fileno())
    part.rename(path)
    return found


async def partitions(settings: Settings) -> list[TopicPartition]:
    """List the partitions that the topics of events and of reference data really have."""
    counts = await topics.counts(settings, (*SOURCE_TOPICS, *REFERENCE_TOPICS))
    return [TopicPartition(name, n) for name, count in counts.items() for n in range(count)]


async def _require_no_gaps(settings: Settings, places: list[TopicPartition]) -> None:
    # Reference topics are compacted: what is gone there was replaced.
    kept = [topic_key for topic_key in places if topic_key.topic in SOURCE_TOPICS]
    for topic_key, first in (await beginnings(settings, kept)).items():
        if first > 0:
            raise Incomplete(
                f"the first {first:,} records of {topic_key.topic}/{topic_key.partition} have been"
                " deleted: what they said is in the KPIs and would not be in the file;"
                " --incomplete exports the rest"
            )


def _line(record: ConsumerRecord, found: Exported) -> bytes | None:
    reports = decode(record.value)
    is_event = isinstance(reports, Event) and record.key == reports.subject.encode()
    is_reference = isinstance(reports, ReferenceRecord) and reports.topic == record.topic
    if not (is_event or is_reference):
        found.skipped += 1
        return None
    # In JSON a line's end is white space between two parts, never within one.
    line: bytes = record.value.replace(b"\n", b" ").replace(b"\r", b" ").strip()
    if isinstance(reports, WHOLE):
        line = orjson.dumps({**orjson.loads(line), "topic": record.topic})
    found.events += 1
    problem = sendable(line, found.events)
    if isinstance(problem, Problem):
        found.rejected += 1
        if len(found.problems) < LISTED:
            found.problems.append(problem)
    return line
