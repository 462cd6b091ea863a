"""Verification of the state against the events, and of cells and records against the state.

Workers go on meanwhile, so each topic is read a moment later than the one before. A published
cell must equal the value that follows from the state at some time between two of its ends, one
read before the cell and one after it. Differences are compared again, and count only if the same
value is still published: the clocks and the reference data of the owners differ a little from
those here.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.algebra.measures import Grouped
from streams.internal_topics import catalogue, forwards, partials, reroutes
from streams.internal_topics.partials import PARTITIONS
from streams.internal_topics.progress import KPI_PARTITIONS
from streams.kafka import topics
from streams.kafka.reader import ends
from streams.operations.export import OnProgress
from streams.operations.verification.recompute import ReceivedReroute, Recomputation
from streams.operations.verification.source_check import Missing, SourceCheck, TopicReader
from streams.process.cancellation import ended, stopped
from streams.tasks.commit_schedule import CELLS_INTERVAL_SECONDS
from streams.tasks.merge.published_index import REVISION_FIELD
from streams.tasks.metrics_port import NoMetrics
from streams.tasks.ports import CorePort
from streams.tasks.reference_data import ReferenceData

# Before each repeated comparison; together longer than any record may wait under load, 30 s.
PAUSES_SECONDS = (2.0, 6.0, 24.0)
# After a change of the state all its cells are published within this time, or they are late.
PUBLISHED_WITHIN_SECONDS = 3 * CELLS_INTERVAL_SECONDS
TopicKey = tuple[str, str]  # topic and key
# By source partition and cell; text where the value could not be decoded.
PartialsByPartition = dict[int, dict[str, Grouped | str]]


@dataclass(frozen=True)
class Difference:
    """A key of a topic with another value than it should have; None for no value at all."""

    topic: str
    key: str
    found: str | None
    wanted: str | None


@dataclass(frozen=True)
class Verdict:
    """The number of compared cells, records and events, and the differences.

    `missing` are events of the source topics that are not in the state of their subject.
    `unready` are partitions that could not be compared: their owner is processing the events of an
    interrupted transaction again and publishes nothing yet. `other_catalogue` are the KPIs, or
    `settings`, that the workers publish otherwise: nothing was compared then.
    """

    cells: int
    records: int
    wrong: tuple[Difference, ...]
    unready: tuple[int, ...] = ()
    events: int = 0
    missing: tuple[Missing, ...] = ()
    other_catalogue: tuple[str, ...] = ()

    @property
    def is_right(self) -> bool:
        """Whether all was compared that is ready, nothing differs, and no event is missing."""
        return not (self.wrong or self.missing or self.other_catalogue)


async def verify(
    settings: Settings,
    core: CorePort,
    on_progress: OnProgress | None = None,
    pauses_s: tuple[float, ...] = PAUSES_SECONDS,
    published_within_s: float = PUBLISHED_WITHIN_SECONDS,
) -> Verdict:
    """Look for all events in the state, compute all cells and records again, and compare.

    Changes nothing and stops nothing.

    `on_progress` is called with the number of offsets that a comparison has read, and of all.
    `pauses_s` come before the repeated comparisons; what is published later than
    `published_within_s` after its change is late: 0 where no worker runs.
    Raises Fatal if Kafka cannot be read.
    """
    other = await catalogue.other_names(settings, core.catalogue_records())
    if other:
        return Verdict(0, 0, (), other_catalogue=tuple(other))
    sources = SourceCheck(settings, core, TopicReader(settings, on_progress))
    missing = await sources.missing()
    async with _reference(settings, core) as reference:
        comparison = ComparisonPass(settings, core, reference, on_progress, published_within_s)
        await comparison.run()
        wrong = comparison.wrong
        for pause_s in pauses_s:
            if not wrong:
                break
            await asyncio.sleep(pause_s)
            again = ComparisonPass(settings, core, reference, on_progress, published_within_s)
            await again.run()
            wrong = {
                topic_key: difference
                for topic_key, difference in again.wrong.items()
                if topic_key in wrong and wrong[topic_key].found == difference.found
            }
    found = tuple(wrong[topic_key] for topic_key in sorted(wrong))
    return Verdict(
        comparison.cells,
        comparison.records,
        found,
        tuple(comparison.unready),
        sources.events,
        tuple(missing),
    )


@asynccontextmanager
async def _reference(settings: Settings, core: CorePort) -> AsyncIterator[ReferenceData]:
    """Yield the reference data, complete and kept up to date."""
    reference = ReferenceData(settings, NoMetrics(), core.known_names)
    reading = asyncio.create_task(reference.read())
    complete = asyncio.create_task(reference.is_complete.wait())
    try:
        await asyncio.wait((reading, complete), return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            reading.result()
        yield reference
    finally:
        await stopped(complete)
        await ended(reading)


class ComparisonPass:
    """One comparison of all cells and records."""

    def __init__(
        self,
        settings: Settings,
        core: CorePort,
        reference: ReferenceData,
        on_progress: OnProgress | None,
        published_within_s: float,
    ) -> None:
        self.wrong: dict[TopicKey, Difference] = {}
        self.cells = self.records = 0
        self.unready: list[int] = []
        self._settings = settings
        self._core = core
        self._reference = reference
        self._published_within_s = published_within_s
        self._reader = TopicReader(settings, on_progress)

    async def run(self) -> None:
        """Compare the cells of every aggregate task, then the records of every merge task."""
        settings = self._settings
        name = topics.state(settings)
        states = [TopicPartition(name, number) for number in range(settings.partitions)]
        # Changes before this end are in the partials after the pause, by-value cells included.
        before = await ends(settings, states, committed=True)
        await asyncio.sleep(self._published_within_s)
        published = await ends(settings, PARTITIONS)
        self._reader.total = sum(before.values()) + sum(published.values())
        by_partition = await self._partials(published)
        # The state is written before the partials: that of all partials read is before this end.
        after = await ends(settings, states)
        rerouted = await ends(settings, reroutes.partitions(settings))
        output = await ends(settings, KPI_PARTITIONS)
        ahead = (published, after, rerouted, output)
        self._reader.total = sum(sum(stops.values()) for stops in ahead)
        received = await self._received_reroutes(rerouted)
        for state, stop in after.items():
            number = state.partition
            known = by_partition.get(number, {})
            await self._compare_cells(state, before[state], stop, known, received[number])
        for topic_partition, stop in output.items():
            await self._compare_records(topic_partition, stop, by_partition)

    async def _partials(self, stops: Mapping[TopicPartition, int]) -> PartialsByPartition:
        """Return what each aggregate task has published, as text where it is not a cell's value."""
        by_partition: PartialsByPartition = defaultdict(dict)
        async for _, records in self._reader.read(stops):
            for record in records:
                number, cell = partials.locate(record.key or b"")
                vectors = _decode(record.value)
                if vectors:
                    by_partition[number][cell] = vectors
                else:
                    by_partition[number].pop(cell, None)
        return by_partition

    async def _received_reroutes(
        self, stops: Mapping[TopicPartition, int]
    ) -> dict[int, list[ReceivedReroute]]:
        received: dict[int, list[ReceivedReroute]] = defaultdict(list)
        async for partition, records in self._reader.read(stops):
            received[partition.partition] += [
                ReceivedReroute(record.offset, record.key, reroutes.parse(record)[1])
                for record in records
                if not forwards.is_forward(record.key)
            ]
        return received

    async def _compare_cells(
        self,
        state: TopicPartition,
        since: int,
        stop: int,
        published: dict[str, Grouped | str],
        received: list[ReceivedReroute],
    ) -> None:
        number = state.partition
        recomputation = Recomputation(self._settings, self._core, number, received, since)
        read_before = len(self._reference.records)
        recomputation.add_reference(self._reference.records[:read_before])
        async for _, records in self._reader.read({state: stop}):
            for record in records:
                recomputation.apply(record)
        recomputation.add_reference(self._reference.records[read_before:])
        if not recomputation.finish():
            self.unready.append(number)
            return
        self.cells += len(recomputation)
        for cell, wanted in recomputation.wrong(published).items():
            key = f"{number}|{cell}"
            self._differ(topics.PARTIALS, key, _text(published.get(cell)), _text(wanted))

    async def _compare_records(
        self, output: TopicPartition, stop: int, by_partition: PartialsByPartition
    ) -> None:
        wanted = self._expected_records(output.partition, by_partition)
        found: dict[str, str] = {}
        async for _, records in self._reader.read({output: stop}):
            for record in records:
                key = (record.key or b"").decode()
                if record.value is None:
                    found.pop(key, None)
                else:
                    body = record.value.rpartition(REVISION_FIELD)[0] or record.value
                    found[key] = body.decode(errors="replace")
        self.records += len(found)
        for key in {*found, *wanted}:
            if found.get(key) != wanted.get(key):
                self._differ(topics.KPIS, key, found.get(key), wanted.get(key))

    def _expected_records(self, number: int, by_partition: PartialsByPartition) -> dict[str, str]:
        """Return the records of a merge task that has read all the partials."""
        clock = self._settings.clock()
        merger = self._core.merger(clock, number)
        for reference in self._reference.records:
            merger.add_reference(reference)
        for source, cells in by_partition.items():
            for cell, vectors in cells.items():
                is_own = self._core.dimension_group(cell) % topics.MERGE_PARTITIONS == number
                if is_own and isinstance(vectors, dict):
                    merger.set_partial(source, cell, vectors)
        while merger.advance_clock(clock):
            pass
        records = merger.begin_round().next_batch()
        return {key: body.decode() for key, body, _ in records if body is not None}

    def _differ(self, topic: str, key: str, found: str | None, wanted: str | None) -> None:
        self.wrong[topic, key] = Difference(topic, key, found, wanted)


def _decode(value: bytes | None) -> Grouped | str:
    try:
        return partials.decode(value)
    except ValueError:
        return (value or b"").decode(errors="replace")


def _text(vectors: Grouped | str | None) -> str | None:
    if not vectors:
        return None
    return vectors if isinstance(vectors, str) else orjson.dumps(vectors).decode()
