"""What is published held against what the rows come to, while workers go on publishing.

Nothing is stopped, so what is read of one topic is a moment older than what is read of the next.
A published cell has to be as the rows made it at some time between two ends of the state, one
taken before the cell was read and one after it. What is wrong nevertheless is looked at again,
and counts only if the very same value still stands: the clocks and the reference data of the
owners are not quite those of the one who looks.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.algebra.measures import Grouped
from streams.internal_topics import partials, reroutes
from streams.internal_topics.partials import PARTITIONS
from streams.internal_topics.progress import KPI_PARTITIONS
from streams.kafka import topics
from streams.kafka.reader import (
    Records,
    ends,
    read_to,
)
from streams.operations.recompute import ReceivedReroute, Recomputation
from streams.process.cancellation import ended, stopped
from streams.tasks.commit_schedule import VALUES_INTERVAL_SECONDS
from streams.tasks.merge.published_index import REVISION_FIELD
from streams.tasks.metrics_port import NoMetrics
from streams.tasks.ports import CorePort
from streams.tasks.reference_data import ReferenceData

# Before each further look; the last is longer than the slowest KPI may wait for its turn.
PAUSES_SECONDS = (2.0, 6.0)
# So long after a change of the rows every cell they reach is published, or it is late.
PUBLISHED_WITHIN_SECONDS = 3 * VALUES_INTERVAL_SECONDS
TopicKey = tuple[str, str]  # topic and key
PartialsByShard = dict[int, dict[str, Grouped | str]]
Progressed = Callable[[int, int], object]


@dataclass(frozen=True)
class Difference:
    """A key of a topic that holds something else than it should; None is for nothing at all."""

    topic: str
    key: str
    found: str | None
    wanted: str | None


@dataclass(frozen=True)
class Verdict:
    """How many cells and records were looked at, what is wrong, and who could not be judged."""

    cells: int
    records: int
    wrong: tuple[Difference, ...]
    # Shards that are reading again what a torn transaction left: they publish nothing yet.
    unready: tuple[int, ...] = ()


async def verify(
    settings: Settings,
    core: CorePort,
    progressed: Progressed | None = None,
    pauses_s: tuple[float, ...] = PAUSES_SECONDS,
) -> Verdict:
    """Work out all cells and records again and compare; changes nothing and stops nothing.

    `progressed` is told how many offsets of how many the look under way has read. Raises Fatal
    as reading does.
    """
    async with _reference(settings) as reference:
        comparison = ComparisonPass(settings, core, reference, progressed)
        await comparison.run()
        wrong = comparison.wrong
        for pause_s in pauses_s:
            if not wrong:
                break
            await asyncio.sleep(pause_s)
            again = ComparisonPass(settings, core, reference, progressed)
            await again.run()
            wrong = {
                topic_key: difference
                for topic_key, difference in again.wrong.items()
                if topic_key in wrong and wrong[topic_key].found == difference.found
            }
    found = tuple(wrong[topic_key] for topic_key in sorted(wrong))
    return Verdict(comparison.cells, comparison.records, found, tuple(comparison.unready))


@asynccontextmanager
async def _reference(settings: Settings) -> AsyncIterator[ReferenceData]:
    """Give the reference data, complete and kept up to date."""
    reference = ReferenceData(settings, NoMetrics())
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
    """One comparison of everything."""

    def __init__(
        self,
        settings: Settings,
        core: CorePort,
        reference: ReferenceData,
        progressed: Progressed | None,
    ) -> None:
        """Begin with nothing seen."""
        self.wrong: dict[TopicKey, Difference] = {}
        self.cells = self.records = 0
        self.unready: list[int] = []
        self._settings = settings
        self._core = core
        self._reference = reference
        self._progressed = progressed
        self._done = self._total = 0

    async def run(self) -> None:
        """Look at the cells of every shard, then at the records of every board."""
        settings = self._settings
        name = topics.state(settings)
        states = [TopicPartition(name, number) for number in range(settings.partitions)]
        # What changed before this end is in the partials by then, members' cells included.
        before = await ends(settings, states, committed=True)
        await asyncio.sleep(PUBLISHED_WITHIN_SECONDS)
        shown = await ends(settings, PARTITIONS)
        self._total = sum(before.values()) + sum(shown.values())
        by_shard = await self._partials(shown)
        # Rows are written before partials, so those of all partials just read are before this.
        after = await ends(settings, states)
        reports = await ends(settings, reroutes.partitions(settings))
        written = await ends(settings, KPI_PARTITIONS)
        self._total = sum(sum(stops.values()) for stops in (shown, after, reports, written))
        received = await self._received_reroutes(reports)
        for topic_key, stop in after.items():
            known = by_shard.get(topic_key.partition, {})
            await self._compare_cells(
                topic_key, before[topic_key], stop, known, received[topic_key.partition]
            )
        for topic_key, stop in written.items():
            await self._compare_records(topic_key, stop, by_shard)

    async def _partials(self, stops: Mapping[TopicPartition, int]) -> PartialsByShard:
        """Give what each shard has published, as text where that is no cell's value."""
        by_shard: PartialsByShard = defaultdict(dict)
        async for _, records in self._read(stops):
            for record in records:
                shard, cell = partials.locate(record.key or b"")
                vectors = _read(record.value)
                if vectors:
                    by_shard[shard][cell] = vectors
                else:
                    by_shard[shard].pop(cell, None)
        return by_shard

    async def _received_reroutes(
        self, stops: Mapping[TopicPartition, int]
    ) -> dict[int, list[ReceivedReroute]]:
        received: dict[int, list[ReceivedReroute]] = defaultdict(list)
        async for topic_key, records in self._read(stops):
            received[topic_key.partition] += [
                ReceivedReroute(record.offset, record.key, reroutes.parse(record)[1])
                for record in records
            ]
        return received

    async def _compare_cells(
        self,
        topic_key: TopicPartition,
        since: int,
        stop: int,
        by_shard: dict[str, Grouped | str],
        received: list[ReceivedReroute],
    ) -> None:
        recomputation = Recomputation(
            self._settings, self._core, topic_key.partition, received, since
        )
        heard = len(self._reference.records)
        recomputation.add_reference(self._reference.records[:heard])
        async for _, records in self._read({topic_key: stop}):
            for record in records:
                recomputation.apply(record)
        recomputation.add_reference(self._reference.records[heard:])
        if not recomputation.finish():
            self.unready.append(topic_key.partition)
            return
        self.cells += len(recomputation)
        for cell, wanted in recomputation.wrong(by_shard).items():
            key = f"{topic_key.partition}|{cell}"
            self._differ(topics.PARTIALS, key, _text(by_shard.get(cell)), _text(wanted))

    async def _compare_records(
        self, topic_key: TopicPartition, stop: int, by_shard: PartialsByShard
    ) -> None:
        wanted = self._expected_records(topic_key.partition, by_shard)
        found: dict[str, str] = {}
        async for _, records in self._read({topic_key: stop}):
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

    def _expected_records(self, number: int, by_shard: PartialsByShard) -> dict[str, str]:
        """Give what a board that has read all the partials would have published."""
        clock = self._settings.clock()
        board = self._core.merger(clock, number)
        for reports in self._reference.records:
            board.add_reference(reports)
        for shard, cells in by_shard.items():
            for cell, vectors in cells.items():
                is_own = self._core.dimension_group(cell) % topics.MERGE_PARTITIONS == number
                if is_own and isinstance(vectors, dict):
                    board.set_partial(shard, cell, vectors)
        while board.advance_clock(clock):
            pass
        records = board.begin_round().next_batch()
        return {key: body.decode() for key, body, _ in records if body is not None}

    def _differ(self, topic: str, key: str, found: str | None, wanted: str | None) -> None:
        self.wrong[topic, key] = Difference(topic, key, found, wanted)

    async def _read(
        self, stops: Mapping[TopicPartition, int]
    ) -> AsyncIterator[tuple[TopicPartition, Records]]:
        """Read partitions to their stops, telling how far that is."""
        reached = dict.fromkeys(stops, 0)
        async for topic_key, records in read_to(self._settings, stops):
            yield topic_key, records
            self._done += records[-1].offset + 1 - reached[topic_key]
            reached[topic_key] = records[-1].offset + 1
            self._report_progress()
        self._done += sum(stops.values()) - sum(reached.values())
        self._report_progress()

    def _report_progress(self) -> None:
        if self._progressed is not None:
            self._progressed(self._done, self._total)


def _read(value: bytes | None) -> Grouped | str:
    try:
        return partials.decode(value)
    except ValueError:
        return (value or b"").decode(errors="replace")


def _text(vectors: Grouped | str | None) -> str | None:
    if not vectors:
        return None
    return vectors if isinstance(vectors, str) else orjson.dumps(vectors).decode()
