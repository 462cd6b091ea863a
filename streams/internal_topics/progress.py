"""How far each shard is, for whoever waits until all is published: `<app>.progress`."""

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
# How often a shard or board says how far it is: soon once it has nothing to do. While events come,
# now and then is enough, for it is one more thing that a transaction waits for.
PROGRESS_SECONDS, BUSY_PROGRESS_SECONDS = 0.1, 1.0
KPI_PARTITIONS = tuple(
    TopicPartition(topics.KPIS, number) for number in range(topics.MERGE_PARTITIONS)
)
Offsets = dict[TopicPartition, int]
ProgressReport = Mapping[str, Any]
ReportsByPartition = Mapping[int, ProgressReport]


@dataclass
class SourceOffsets:
    """For each topic the offset that comes next: all below it is in the rows."""

    source: dict[str, int] = field(default_factory=dict)
    reference: dict[str, int] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Write it as a record's value."""
        return orjson.dumps({"source": self.source, "reference": self.reference})

    @classmethod
    def decode(cls, value: bytes) -> Self:
        """Read what `encode` wrote."""
        reports = orjson.loads(value)
        return cls(reports["source"], reports["reference"])

    def advance_to(self, other: Mapping[str, int]) -> None:
        """Move each source forward to at least another position."""
        for topic, offset in other.items():
            self.source[topic] = max(offset, self.source.get(topic, 0))

    def reach(self, target_offsets: Mapping[str, int]) -> bool:
        """Tell whether no source is short of a goal."""
        return all(self.source.get(topic, 0) >= offset for topic, offset in target_offsets.items())


def destination(settings: Settings) -> TopicPartition:
    """Say where progress is written."""
    return TopicPartition(topics.progress(settings), 0)


def aggregate_report(
    shard: int,
    source_offsets: SourceOffsets,
    reached: Mapping[int, int],
    moved: Mapping[int, int],
    clock: int,
) -> KeyValue:
    """Say that a shard's events up to a position are in its partials, or moved to other shards.

    `reached` holds for each partition of the partials the offset of the shard's last record,
    `moved` the same for the topic of moves.
    """
    reports = {
        "source": source_offsets.source,
        "reference": source_offsets.reference,
        "partials": {str(partition): offset for partition, offset in reached.items()},
        "reroutes": {str(partition): offset for partition, offset in moved.items()},
        "clock": clock,
    }
    return f"aggregate/{shard}".encode(), orjson.dumps(reports)


def merge_report(partition: int, offset: int, reference: Mapping[str, int], clock: int) -> KeyValue:
    """Say that partials below an offset are published and that nothing waits."""
    reports = {"partials": offset, "reference": reference, "clock": clock, "clean": True}
    return f"merge/{partition}".encode(), orjson.dumps(reports)


@dataclass(frozen=True)
class Behind:
    """What had been produced when it was asked and is not yet known to be published.

    `events` counts offsets of each `topic/partition` that no shard has folded; `partials` names
    the partitions of the partials that stage 2 has not published up to what the shards wrote;
    `moved` names the shards that have not folded all that others moved to them; `reference` names
    who has not yet heard of a reference record.
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
    """Compare what is in the crm topics now with what the shards say they have published."""
    return SettlementCheck(settings, await _targets(settings)).behind(await _read_reports(settings))


async def await_settled(settings: Settings, timeout_s: float) -> Behind:
    """Wait until every record produced before the call is published and can be read.

    When the result is settled, a read_committed reader of `sales.kpis` who reads to the end
    finds it all. Otherwise the time was up, and the result says what is missing.
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
    # Only what is committed: an open transaction is no progress, and is not waited for.
    async for _, records in read_to(settings, await ends(settings, [to], committed=True)):
        for record in records:
            reports[(record.key or b"").decode()] = orjson.loads(record.value)
    return reports


class SettlementCheck:
    """What was produced up to some offsets, on its way into the output.

    Once all of it is folded, what the shards have written by then is all that has to be published:
    what goes on coming is not waited for.
    """

    def __init__(self, settings: Settings, targets: Offsets) -> None:
        """Wait for everything before these offsets of the source and reference topics."""
        self._settings = settings
        self._targets = targets
        self._processed: ReportsByPartition | None = None

    def behind(self, reports: Mapping[str, ProgressReport]) -> Behind:
        """Give what is missing by what all owners said last, each by `stage/number`."""
        settings, targets = self._settings, self._targets
        shards = self._processed or {
            p: reports.get(f"aggregate/{p}", {}) for p in range(settings.partitions)
        }
        boards = {p.partition: reports.get(f"merge/{p.partition}", {}) for p in PARTITIONS}
        events = {}
        for target, end in targets.items():
            if target.topic in SOURCE_TOPICS:
                done = shards[target.partition].get("source", {}).get(target.topic, 0)
                if done < end:
                    events[f"{target.topic}/{target.partition}"] = end - done
        # Each shard's word is of one moment of it: events, and all it has moved because of them.
        # So whatever is still on its way comes from later events than were asked about.
        between = tuple(
            number
            for number, shard in shards.items()
            if shard.get("source", {}).get(topics.reroutes(settings), 0)
            <= _last("reroutes", number, shards)
        )
        deaf_shards = self._without_reference("aggregate", shards)
        if not (events or between or deaf_shards):
            self._processed = shards
        unpublished = tuple(
            number
            for number, board in boards.items()
            if board.get("partials", -1) <= _last("partials", number, shards)
        )
        return Behind(
            events, unpublished, (*deaf_shards, *self._without_reference("merge", boards)), between
        )

    def _without_reference(self, stage: str, owners: ReportsByPartition) -> tuple[str, ...]:
        """Name who has not heard all reference records."""
        return tuple(
            f"{stage}/{number}"
            for number, owner in owners.items()
            if any(
                owner.get("reference", {}).get(topic, 0) < self._targets[TopicPartition(topic, 0)]
                for topic in REFERENCE_TOPICS
            )
        )


def _last(what: str, partition: int, shards: ReportsByPartition) -> int:
    """Give the offset of the last record that a shard says it wrote to a partition."""
    return max(
        (shard.get(what, {}).get(str(partition), -1) for shard in shards.values()), default=-1
    )


async def _await_visible(settings: Settings, deadline: float) -> None:
    """Wait until what is in the output now can be read.

    A commit shows in one partition before it shows in another: the progress record may be
    readable while the records it speaks of are not.
    """
    written = await ends(settings, KPI_PARTITIONS, committed=False)
    while asyncio.get_running_loop().time() < deadline:
        readable = await ends(settings, KPI_PARTITIONS, committed=True)
        if all(readable[partition] >= end for partition, end in written.items()):
            return
        await asyncio.sleep(POLL_SECONDS)
