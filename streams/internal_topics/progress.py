"""Progress reports of all tasks, for those who wait until all is published: `<app>.progress`."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
# Transactions usually end within moments: one that is open for longer is reported.
HELD_BACK_SECONDS = 5.0
KPI_PARTITIONS = tuple(
    TopicPartition(topics.KPIS, number) for number in range(topics.MERGE_PARTITIONS)
)
# Reported for partials by a merge task that has taken over, until it has compared the output.
NOTHING_PUBLISHED = -1
Offsets = dict[TopicPartition, int]
ProgressReport = Mapping[str, Any]
ReportsByPartition = Mapping[int, ProgressReport]
HeldBack = dict[str, int]


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
    set_aside: Sequence[str] = (),
) -> KeyValue:
    """The report that a shard's events below its offsets are published or rerouted.

    `partials` and `reroutes` are the offsets of the shard's last records in the partitions of
    these topics, `set_aside` the records that were too large to be written.
    """
    report = {
        "source": source_offsets.source,
        "reference": source_offsets.reference,
        "partials": {str(partition): offset for partition, offset in partials.items()},
        "reroutes": {str(partition): offset for partition, offset in reroutes.items()},
        "clock": clock,
        "set_aside": set_aside,
    }
    return f"aggregate/{shard}".encode(), orjson.dumps(report)


def merge_report(
    partition: int,
    offset: int,
    reference: Mapping[str, int],
    clock: int,
    set_aside: Sequence[str] = (),
) -> KeyValue:
    """The report that all partials and reference records below these offsets are published.

    `offset` NOTHING_PUBLISHED withdraws what an earlier owner has reported.
    """
    report = {
        "partials": offset,
        "reference": reference,
        "clock": clock,
        "set_aside": set_aside,
    }
    return f"merge/{partition}".encode(), orjson.dumps(report)


@dataclass(frozen=True)
class Behind:
    """What has been produced and is not yet known to be published.

    `events` counts unprocessed offsets by `topic/partition`; `partials` are the partitions that
    stage 2 has not published up to the shards' last records; `reroutes` are the shards that have
    not processed all that others rerouted to them; `reference` are the tasks, by `stage/number`,
    that have not applied all reference records. `held_back` counts offsets of crm topics that
    nobody can read yet, by `topic/partition`: a producer's transaction is open there. `set_aside`
    are the records that were too large to be written.
    """

    events: dict[str, int] = field(default_factory=dict)
    partials: tuple[int, ...] = ()
    reference: tuple[str, ...] = ()
    reroutes: tuple[int, ...] = ()
    held_back: HeldBack = field(default_factory=dict)
    set_aside: tuple[str, ...] = ()

    @property
    def is_held_back_only(self) -> bool:
        """Whether nothing is missing but what nobody can read yet."""
        is_reference_read = not self.reference or any(
            partition.partition("/")[0] in REFERENCE_TOPICS for partition in self.held_back
        )
        is_rest_settled = not (self.readable_events or self.partials or self.reroutes)
        return bool(self.held_back) and is_rest_settled and is_reference_read

    @property
    def readable_events(self) -> int:
        """How many unprocessed offsets can be read."""
        return sum(
            max(0, count - self.held_back.get(partition, 0))
            for partition, count in self.events.items()
        )

    @property
    def is_settled(self) -> bool:
        """Whether all is published."""
        return not (self.events or self.partials or self.reference or self.reroutes)


async def behind(settings: Settings) -> Behind:
    """Compare the current ends of the crm topics with the progress reports."""
    targets = await _targets(settings)
    held_back = await _held_back(settings, targets)
    found = SettlementCheck(settings, targets).behind(await read_reports(settings))
    return replace(found, held_back=held_back)


async def await_settled(
    settings: Settings,
    timeout_s: float,
    on_held_back: Callable[[HeldBack], object] = lambda _: None,
) -> Behind:
    """Wait until every record produced before the call is published and can be read.

    When the result is settled, a read_committed reader of `sales.kpis` that reads to the end
    gets it all. Otherwise the timeout has passed, and the result names what is missing.
    `on_held_back` is called once if some of them wait for the end of a producer's transaction.
    """
    clock = asyncio.get_running_loop().time
    began, is_reported = clock(), False
    deadline = began + timeout_s
    targets = await _targets(settings)
    awaited = SettlementCheck(settings, targets)
    while True:
        found = awaited.behind(await read_reports(settings))
        if found.is_settled or clock() > deadline:
            break
        if not is_reported and clock() - began > HELD_BACK_SECONDS:
            is_reported = True
            if held_back := await _held_back(settings, targets):
                on_held_back(held_back)
        await asyncio.sleep(POLL_SECONDS)
    if found.is_settled:
        await _await_visible(settings, deadline)
        return found
    return replace(found, held_back=await _held_back(settings, targets))


async def _targets(settings: Settings) -> Offsets:
    """The ends of the crm topics, with records of open transactions: any may be committed."""
    sources = [TopicPartition(t, p) for t in SOURCE_TOPICS for p in range(settings.partitions)]
    return await ends(settings, [*sources, *(TopicPartition(t, 0) for t in REFERENCE_TOPICS)])


async def _held_back(settings: Settings, targets: Offsets) -> HeldBack:
    """How many offsets below the targets cannot be read, by `topic/partition`."""
    readable = await ends(settings, list(targets), committed=True)
    return {
        f"{at.topic}/{at.partition}": end - readable[at]
        for at, end in targets.items()
        if readable[at] < end
    }


async def read_reports(settings: Settings) -> dict[str, dict[str, Any]]:
    """The last report of each task, by `stage/number`."""
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
            set_aside=tuple(each for r in reports.values() for each in r.get("set_aside", ())),
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
