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
from streams.internal_topics import partials, reroutes
from streams.internal_topics.partials import PARTITIONS
from streams.internal_topics.progress import KPI_PARTITIONS
from streams.kafka import topics
from streams.kafka.reader import (
    Records,
    ends,
    read_to,
)
from streams.operations.recompute import Recount, Word
from streams.process.cancellation import ended, stopped
from streams.tasks.commit_schedule import MEMBERS_SECONDS
from streams.tasks.merge.published_index import MARK
from streams.tasks.metrics_port import Nobody
from streams.tasks.ports import Core, Vectors
from streams.tasks.reference_data import Reference

# Before each further look; the last is longer than the slowest KPI may wait for its turn.
PAUSES_SECONDS = (2.0, 6.0)
# So long after a change of the rows every cell they reach is published, or it is late.
SETTLED_SECONDS = 3 * MEMBERS_SECONDS
Place = tuple[str, str]  # topic and key
Shares = dict[int, dict[str, Vectors | str]]
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
    core: Core,
    progressed: Progressed | None = None,
    pauses_s: tuple[float, ...] = PAUSES_SECONDS,
) -> Verdict:
    """Work out all cells and records again and compare; changes nothing and stops nothing.

    `progressed` is told how many offsets of how many the look under way has read. Raises Fatal
    as reading does.
    """
    async with _reference(settings) as reference:
        look = Look(settings, core, reference, progressed)
        await look.take()
        wrong = look.wrong
        for pause_s in pauses_s:
            if not wrong:
                break
            await asyncio.sleep(pause_s)
            again = Look(settings, core, reference, progressed)
            await again.take()
            wrong = {
                place: difference
                for place, difference in again.wrong.items()
                if place in wrong and wrong[place].found == difference.found
            }
    found = tuple(wrong[place] for place in sorted(wrong))
    return Verdict(look.cells, look.records, found, tuple(look.unready))


@asynccontextmanager
async def _reference(settings: Settings) -> AsyncIterator[Reference]:
    """Give the reference data, complete and kept up to date."""
    reference = Reference(settings, Nobody())
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


class Look:
    """One comparison of everything."""

    def __init__(
        self, settings: Settings, core: Core, reference: Reference, progressed: Progressed | None
    ) -> None:
        """Begin with nothing seen."""
        self.wrong: dict[Place, Difference] = {}
        self.cells = self.records = 0
        self.unready: list[int] = []
        self._settings = settings
        self._core = core
        self._reference = reference
        self._progressed = progressed
        self._done = self._total = 0

    async def take(self) -> None:
        """Look at the cells of every shard, then at the records of every board."""
        settings = self._settings
        name = topics.state(settings)
        states = [TopicPartition(name, number) for number in range(settings.partitions)]
        # What changed before this end is in the partials by then, members' cells included.
        before = await ends(settings, states, committed=True)
        await asyncio.sleep(SETTLED_SECONDS)
        shown = await ends(settings, PARTITIONS)
        self._total = sum(before.values()) + sum(shown.values())
        shares = await self._shares(shown)
        # Rows are written before partials, so those of all partials just read are before this.
        after = await ends(settings, states)
        said = await ends(settings, reroutes.partitions(settings))
        written = await ends(settings, KPI_PARTITIONS)
        self._total = sum(sum(stops.values()) for stops in (shown, after, said, written))
        words = await self._words(said)
        for place, stop in after.items():
            known = shares.get(place.partition, {})
            await self._shard(place, before[place], stop, known, words[place.partition])
        for place, stop in written.items():
            await self._board(place, stop, shares)

    async def _shares(self, stops: Mapping[TopicPartition, int]) -> Shares:
        """Give what each shard has published, as text where that is no cell's value."""
        shares: Shares = defaultdict(dict)
        async for _, records in self._read(stops):
            for record in records:
                shard, cell = partials.locate(record.key or b"")
                vectors = _read(record.value)
                if vectors:
                    shares[shard][cell] = vectors
                else:
                    shares[shard].pop(cell, None)
        return shares

    async def _words(self, stops: Mapping[TopicPartition, int]) -> dict[int, list[Word]]:
        words: dict[int, list[Word]] = defaultdict(list)
        async for place, records in self._read(stops):
            words[place.partition] += [
                Word(record.offset, record.key, reroutes.read(record)[1]) for record in records
            ]
        return words

    async def _shard(
        self,
        place: TopicPartition,
        since: int,
        stop: int,
        shares: dict[str, Vectors | str],
        words: list[Word],
    ) -> None:
        recount = Recount(self._settings, self._core, place.partition, words, since)
        heard = len(self._reference.records)
        recount.hear(self._reference.records[:heard])
        async for _, records in self._read({place: stop}):
            for record in records:
                recount.take(record)
        recount.hear(self._reference.records[heard:])
        if not recount.finish():
            self.unready.append(place.partition)
            return
        self.cells += len(recount)
        for cell, wanted in recount.wrong(shares).items():
            key = f"{place.partition}|{cell}"
            self._differ(topics.PARTIALS, key, _text(shares.get(cell)), _text(wanted))

    async def _board(self, place: TopicPartition, stop: int, shares: Shares) -> None:
        wanted = self._bodies(place.partition, shares)
        found: dict[str, str] = {}
        async for _, records in self._read({place: stop}):
            for record in records:
                key = (record.key or b"").decode()
                if record.value is None:
                    found.pop(key, None)
                else:
                    body = record.value.rpartition(MARK)[0] or record.value
                    found[key] = body.decode(errors="replace")
        self.records += len(found)
        for key in {*found, *wanted}:
            if found.get(key) != wanted.get(key):
                self._differ(topics.KPIS, key, found.get(key), wanted.get(key))

    def _bodies(self, number: int, shares: Shares) -> dict[str, str]:
        """Give what a board that has read all the partials would have published."""
        clock = self._settings.clock()
        board = self._core.board(clock, number)
        for said in self._reference.records:
            board.hear(said)
        for shard, cells in shares.items():
            for cell, vectors in cells.items():
                is_own = self._core.family(cell) % topics.FAMILY_PARTITIONS == number
                if is_own and isinstance(vectors, dict):
                    board.put(shard, cell, vectors)
        for _ in board.advancing(clock):
            pass
        return {key: body.decode() for key, body, _ in board.take() if body is not None}

    def _differ(self, topic: str, key: str, found: str | None, wanted: str | None) -> None:
        self.wrong[topic, key] = Difference(topic, key, found, wanted)

    async def _read(
        self, stops: Mapping[TopicPartition, int]
    ) -> AsyncIterator[tuple[TopicPartition, Records]]:
        """Read partitions to their stops, telling how far that is."""
        reached = dict.fromkeys(stops, 0)
        async for place, records in read_to(self._settings, stops):
            yield place, records
            self._done += records[-1].offset + 1 - reached[place]
            reached[place] = records[-1].offset + 1
            self._tell()
        self._done += sum(stops.values()) - sum(reached.values())
        self._tell()

    def _tell(self) -> None:
        if self._progressed is not None:
            self._progressed(self._done, self._total)


def _read(value: bytes | None) -> Vectors | str:
    try:
        return partials.decode(value)
    except ValueError:
        return (value or b"").decode(errors="replace")


def _text(vectors: Vectors | str | None) -> str | None:
    if not vectors:
        return None
    return vectors if isinstance(vectors, str) else orjson.dumps(vectors).decode()
