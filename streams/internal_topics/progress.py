"""Progress reports of all tasks, for those who wait until all is published: `<app>.progress`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import orjson
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.events import REFERENCE_TOPICS, SOURCE_TOPICS
from streams.events.key_value import KeyValue
from streams.internal_topics.partials import PARTITIONS
from streams.kafka import topics
from streams.kafka.reader import ends, read_to

POLL_SECONDS = 0.1
# Intervals of progress reports. A busy task reports less often, for a report is one more
# acknowledgement that its transaction waits for.
PROGRESS_SECONDS, BUSY_PROGRESS_SECONDS = 0.1, 1.0
KPI_PARTITIONS = tuple(
    TopicPartition(topics.KPIS, number) for number in range(topics.MERGE_PARTITIONS)
)
Offsets = dict[TopicPartition, int]
ProgressReport = Mapping[str, Any]
ReportsByPartition = Mapping[int, ProgressReport]


@dataclass
class SourceOffsets:
    """The next offset per topic: all records below it are in the event sets."""

    source: dict[str, int] = field(default_factory=dict)
    reference: dict[str, int] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Encode as a record's value."""
        return orjson.dumps({"source": self.source, "reference": self.reference})

    @classmethod
    def decode(cls, value: bytes) -> Self:
        """Decode what `encode` made."""
        fields = orjson.loads(value)
        return cls(fields["source"], fields["reference"])

    def advance_to(self, other: Mapping[str, int]) -> None:
        """Advance each source to at least another offset."""
        for topic, offset in other.items():
            self.source[topic] = max(offset, self.source.get(topic, 0))

    def reach(self, target_offsets: Mapping[str, int]) -> bool:
        """Whether no source is short of its target offset."""
        return all(self.source.get(topic, 0) >= offset for topic, offset in target_offsets.items())


def destination(settings: Settings) -> TopicPartition:
    """The partition of progress reports."""
    return TopicPartition(topics.progress(settings), 0)


def aggregate_report(
    shard: int,
    source_offsets: SourceOffsets,
    partials: Mapping[int, int],
    reroutes: Mapping[int, int],
    clock: int,
) -> KeyValue:
    """The report that a shard's events below its offsets are published or rerouted.

    `partials` and `reroutes` are the offsets of the shard's last records in the partitions of
    these topics.
    """
    report = {
        "source": source_offsets.source,
        "reference": source_offsets.reference,
        "partials": {str(partition): offset for partition, offset in partials.items()},
        "reroutes": {str(partition): offset for partition, offset in reroutes.items()},
        "clock": clock,
    }
    return f"aggregate/{shard}".encode(), orjson.dumps(report)


def merge_report(partition: int, offset: int, reference: Mapping[str, int], clock: int) -> KeyValue:
    """The report that all partials below an offset are published, and nothing waits."""
    report = {"partials": offset, "reference": reference, "clock": clock, "clean": True}
    return f"merge/{partition}".encode(), orjson.dumps(report)


@dataclass(frozen=True)
class Behind:
    """What has been produced and is not yet known to be published.

    `events` counts unprocessed offsets by `topic/partition`; `partials` are the partitions that
    stage 2 has not published up to the shards' last records; `reroutes` are the shards that have
    not processed all that others rerouted to them; `reference` are the tasks, by `stage/number`,
    that have not applied all reference records.
    """

    events: dict[str, int] = field(default_factory=dict)
    partials: tuple[int, ...] = ()
    reference: tuple[str, ...] = ()
    reroutes: tuple[int, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether all is published."""
        return not (self.events or self.partials or self.reference or self.reroutes)


async def behind(settings: Settings) -> Behind:
    """Compare the current ends of the crm topics with the progress reports."""
    return SettlementCheck(settings, await _targets(settings)).behind(await _read_reports(settings))


async def source_offsets(settings: Settings) -> dict[int, dict[str, int]]:
    """The offsets by topic below which each shard has reported to have processed everything."""
    reports = await _read_reports(settings)
    return {
        number: reports.get(f"aggregate/{number}", {}).get("source", {})
        for number in range(settings.partitions)
    }


async def await_settled(settings: Settings, timeout_s: float) -> Behind:
    """Wait until every record produced before the call is published and can be read.

    When the result is settled, a read_committed reader of `sales.kpis` that reads to the end
    gets it all. Otherwise the timeout has passed, and the result names what is missing.
    """
    deadline = asyncio.get_running_loop().time() + timeout_s
    awaited = SettlementCheck(settings, await _targets(settings))
    while True:
        found = awaited.behind(await _read_reports(settings))
        if found.is_settled or asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(POLL_SECONDS)
    if found.is_settled:
        await _await_visible(settings, deadline)
    return found


async def _targets(settings: Settings) -> Offsets:
    sources = [TopicPartition(t, p) for t in SOURCE_TOPICS for p in range(settings.partitions)]
    return await ends(settings, [*sources, *(TopicPartition(t, 0) for t in REFERENCE_TOPICS)])


async def _read_reports(settings: Settings) -> dict[str, dict[str, Any]]:
    to = destination(settings)
    reports: dict[str, dict[str, Any]] = {}
    # Only committed reports: an open transaction is no progress, and is not waited for.
    async for _, records in read_to(settings, await ends(settings, [to], committed=True)):
        for record in records:
            reports[(record.key or b"").decode()] = orjson.loads(record.value)
    return reports


class SettlementCheck:
    """Whether all that was produced up to some offsets is published.

    Once all of it is processed, the partials that the shards have written by then are all that
    has to be published: later events are not waited for.
    """

    def __init__(self, settings: Settings, targets: Offsets) -> None:
        """`targets` are offsets of the source and reference topics."""
        self._settings = settings
        self._targets = targets
        self._processed: ReportsByPartition | None = None

    def behind(self, reports: Mapping[str, ProgressReport]) -> Behind:
        """What is missing by the last reports of all tasks, by `stage/number`."""
        settings, targets = self._settings, self._targets
        shards = self._processed or {
            p: reports.get(f"aggregate/{p}", {}) for p in range(settings.partitions)
        }
        mergers = {p.partition: reports.get(f"merge/{p.partition}", {}) for p in PARTITIONS}
        events = {}
        for target, end in targets.items():
            if target.topic in SOURCE_TOPICS:
                done = shards[target.partition].get("source", {}).get(target.topic, 0)
                if done < end:
                    events[f"{target.topic}/{target.partition}"] = end - done
        # A shard's report is of one moment: events, and all reroutes that they led to. So what is
        # still on its way comes from later events than those waited for.
        rerouted = tuple(
            number
            for number, shard in shards.items()
            if shard.get("source", {}).get(topics.reroutes(settings), 0)
            <= _last("reroutes", number, shards)
        )
        without_reference = self._without_reference("aggregate", shards)
        if not (events or rerouted or without_reference):
            self._processed = shards
        unpublished = tuple(
            number
            for number, merger in mergers.items()
            if merger.get("partials", -1) <= _last("partials", number, shards)
        )
        return Behind(
            events,
            unpublished,
            (*without_reference, *self._without_reference("merge", mergers)),
            rerouted,
        )

    def _without_reference(self, stage: str, reports: ReportsByPartition) -> tuple[str, ...]:
        """The tasks that have not applied all reference records."""
        return tuple(
            f"{stage}/{number}"
            for number, report in reports.items()
            if any(
                report.get("reference", {}).get(topic, 0) < self._targets[TopicPartition(topic, 0)]
                for topic in REFERENCE_TOPICS
            )
        )


def _last(what: str, partition: int, shards: ReportsByPartition) -> int:
    """The offset of the last record that shards have reported for a partition."""
    return max(
        (shard.get(what, {}).get(str(partition), -1) for shard in shards.values()), default=-1
    )


async def _await_visible(settings: Settings, deadline: float) -> None:
    """Wait until the current content of the output can be read.

    A commit becomes visible in one partition before another: a progress report may be readable
    while the records that it reports are not.
    """
    written = await ends(settings, KPI_PARTITIONS, committed=False)
    while asyncio.get_running_loop().time() < deadline:
        readable = await ends(settings, KPI_PARTITIONS, committed=True)
        if all(readable[partition] >= end for partition, end in written.items()):
            return
        await asyncio.sleep(POLL_SECONDS)
