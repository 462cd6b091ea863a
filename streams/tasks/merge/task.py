"""Stage 2 of one partition: partials merged, and what changed published in transactions."""

import asyncio
import time
from collections.abc import Collection, Iterator, Sequence
from math import inf

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.merge.record_builder import NO_TAIL
from streams.internal_topics import (
    catalogue,
    partials,
    progress,
)
from streams.internal_topics.progress import BUSY_PROGRESS_SECONDS, PROGRESS_SECONDS
from streams.kafka import topics
from streams.kafka.reader import (
    Records,
    ends,
    read_to,
)
from streams.kafka.transactional_producer import (
    Pair,
    Tombstone,
    Transactions,
)
from streams.process.failpoint import armed
from streams.tasks.cooperative import in_turns
from streams.tasks.load_control import Demand, Pace
from streams.tasks.merge.output_writer import Output
from streams.tasks.merge.publish_schedule import Rhythm
from streams.tasks.merge.target_alert_publisher import PaceLog
from streams.tasks.metrics_port import Watch
from streams.tasks.ports import Core, Publication
from streams.tasks.reference_data import Reference

STAGE = "kpis"
HEARTBEAT_SECONDS = 5.0
ADVANCE_SECONDS = 1.0
# Thousands of records at once keep brokers and readers busy while everything else waits; but each
# transaction costs time, so in a long round one may have a fourth of what went before.
RECORDS_A_TRANSACTION, MOST_RECORDS, FOURTH = 500, 10_000, 4
# Wide windows are published window by window, so that a rep's day need not wait for all reps'
# years; so many scopes of them are enough for a transaction.
WIDE_SCOPES = 100
# Partials that are merged, or cells that are added to their windows, in one go.
STEPS_AT_ONCE = 10


class OwnedBoard:
    """One partition of the partials and of the output, from taking it until another does.

    `take`, then `restore`, then any number of `work` and `rest`, one at a time. Whatever fails
    raises Fatal and leaves this object useless: the process has to end.
    """

    stage = STAGE

    def __init__(
        self, settings: Settings, core: Core, number: int, watch: Watch, pace: Pace
    ) -> None:
        """Own nothing yet."""
        self.number = number
        self.position = 0
        self._settings = settings
        self._watch = watch
        self._passing = armed(settings.failpoint)
        self._pace = pace
        self._board = core.board(settings.clock(), number)
        self._described = core.described()
        self._source = TopicPartition(topics.PARTIALS, number)
        self._output = Output(settings, number)
        self._rhythm = Rhythm(settings, number)
        self._transactions = Transactions(settings, STAGE, number)
        self._alerts = PaceLog(settings, core, number)
        # The newest of each share that was read and is not merged yet.
        self._news: dict[bytes, bytes | None] = {}
        self._reference = Reference(settings, watch)
        self._heard = 0
        self._reference_position: dict[str, int] = {}
        self._advanced_at = 0.0
        self._busy_s = self._worked_at = 0.0
        self._claimed: object = None
        self._committed_at = self._claimed_at = 0.0

    async def take(self) -> None:
        """Fence the earlier owner. Nothing may be read before this."""
        await self._transactions.take()

    async def restore(self, reference: Reference) -> None:
        """Catch up with the partials, and only then publish in what the output differs."""
        self._reference = reference
        await self._alerts.restore()
        await self._output.restore()
        self._hear()
        stops = await ends(self._settings, [self._source], committed=True)
        async for _, records in read_to(self._settings, stops):
            self._note(records)
        await self._merge()
        await in_turns(self._board.advancing(self._settings.clock()))
        await self._publish_all()
        if self.number == catalogue.KEEPER:
            await self._describe()

    @property
    def progressed_at(self) -> float:
        """When something was last got done, in seconds of a clock that never goes back."""
        return max(self._worked_at, self._transactions.answered_at)

    def seeks(self) -> dict[TopicPartition, int]:
        """Say where reading has to go on."""
        return {self._source: self.position}

    def reached(self) -> dict[TopicPartition, int]:
        """Say up to where it has read or written partitions: none can end before that."""
        return {**self._transactions.reached, **self.seeks()}

    async def work(self, lists: Sequence[Records]) -> None:
        """Merge fetched lists, and publish what is due."""
        self._rhythm.took(lists)
        for records in lists:
            self._note(records)
        await self.rest()

    async def rest(self) -> None:
        """Let time pass, publish what has become due, and now and then show that one is alive."""
        now = time.monotonic()
        if now - self._advanced_at > ADVANCE_SECONDS:
            self._advanced_at = now
            await in_turns(self._board.advancing(self._settings.clock()))
        await self._publish()
        await self._alert()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._transactions.close()

    @property
    def due_in(self) -> float:
        """Seconds until something that waits may be published; infinite if nothing waits."""
        demand, rhythm = self._pace.demand(), self._rhythm
        if self._news or self._board.dirty > self._board.slow:
            at = rhythm.narrow.next_at(demand)
        elif self._board.slow:
            at = max(rhythm.narrow.next_at(demand), rhythm.slow.next_at(demand))
        else:
            at = inf
        return at - time.monotonic()

    def gathers_for(self, waiting: Collection[Records], since: float, found_idle: bool) -> float:
        """Seconds after which to ask again whether to take what waits; 0 or less: take it now.

        `since` is when the first of it came, and `found_idle` whether that was between two steps.
        """
        return self._rhythm.gathers_for(waiting, since, found_idle, self._pace.demand())

    def _note(self, records: Records) -> None:
        """Take what was read; a share that changed again before it is merged is merged once."""
        news = self._news
        for record in records:
            if record.offset >= self.position:
                news[record.key] = record.value
        # Offsets have holes here: transactions end with a record of their own.
        self.position = max(self.position, records[-1].offset + 1)

    async def _merge(self) -> None:
        """Put all that was read on the board, a little at a time."""
        began = time.monotonic()
        for number, _ in enumerate(self._merging(), 1):
            if number % STEPS_AT_ONCE == 0 and time.monotonic() - began >= self._rhythm.turn_s:
                self._worked_at = time.monotonic()
                self._busy_s += self._worked_at - began
                await asyncio.sleep(0)
                began = time.monotonic()
        self._busy_s += time.monotonic() - began

    def _merging(self) -> Iterator[None]:
        news, self._news = self._news, {}
        for key, value in news.items():
            shard, cell = partials.locate(key)
            self._board.put(shard, cell, partials.decode(value))
            yield
        yield from self._board.placing()

    def _hear(self) -> None:
        for record in self._reference.records[self._heard :]:
            self._board.hear(record)
        self._heard = len(self._reference.records)
        self._reference_position = dict(self._reference.position)

    async def _publish_all(self) -> None:
        """Publish in what a board just restored and the output differ, tombstones included."""
        seen: set[str] = set()

        def noted() -> Iterator[Publication]:
            for publication in self._board.take():
                seen.add(publication[0])
                yield publication
            for key in self._output.standing():
                if key not in seen:
                    yield key, None, NO_TAIL

        await self._write(noted())

    async def _describe(self) -> None:
        """Say what the KPIs are, where consumers have been told otherwise."""
        pairs = await catalogue.differences(self._settings, self._described)
        if pairs:
            await self._transactions.begin([catalogue.PARTITION])
            await self._transactions.send({catalogue.PARTITION: pairs})
            await self._transactions.commit()

    async def _publish(self) -> None:
        """Publish what changed, in rounds: after a pause the first change goes out at once.

        Whoever looks at one day sees it soon, however much changes. Members' wide windows and
        slow KPIs have rounds of their own, and come at once when nothing else has changed.
        """
        self._hear()
        began, demand = time.monotonic(), self._pace.demand()
        board, rhythm = self._board, self._rhythm
        is_quiet = False
        if rhythm.narrow.is_due(began, demand):
            self._busy_s = 0.0
            if rhythm.is_of_all and self._news:
                # What is written is mostly known by the time that merging takes.
                await self._transactions.begin([self._output.place])
            await self._merge()
            is_quiet = board.dirty == board.wide + board.slow
            if not is_quiet:
                with_slow = rhythm.slow_come_along and rhythm.slow.is_due(began, demand)
                await self._write(board.take(wide=0, with_slow=with_slow))
                rhythm.narrow.done(began, self._busy_s)
                if with_slow:
                    rhythm.slow.done(began, self._busy_s)
            await self._transactions.end()
        if board.wide and (is_quiet or rhythm.wide.is_due(began, demand)):
            await self._publish_wide()
        if board.slow and rhythm.slow.is_due(began, demand):
            began, self._busy_s = time.monotonic(), 0.0
            await self._write(board.take(wide=0))
            rhythm.slow.done(began, self._busy_s)
        is_idle = demand is Demand.NOTHING
        if self._claim(PROGRESS_SECONDS if is_idle else BUSY_PROGRESS_SECONDS):
            await self._commit([], True)

    async def _publish_wide(self) -> None:
        """Publish those of members' wide windows that wait longest."""
        began, self._busy_s, waited = time.monotonic(), 0.0, self._board.wide
        await self._write(self._board.take(WIDE_SCOPES, with_slow=False))
        self._rhythm.wide.done(began, self._busy_s, 1 - self._board.wide / waited)

    async def _alert(self) -> None:
        """Say which targets are off their pace, once all that was read is on the board."""
        pairs = [] if self._news else await self._alerts.news(self._board, time.monotonic())
        if pairs:
            await self._transactions.begin([self._alerts.place])
            await self._transactions.send({self._alerts.place: pairs})
            await self._transactions.commit()
            self._committed_at = time.monotonic()

    async def _write(self, publications: Iterator[Publication]) -> None:
        is_more, written = True, 0
        while is_more:
            began = time.monotonic()
            enough = min(MOST_RECORDS, max(RECORDS_A_TRANSACTION, written // FOURTH))
            pairs: list[Pair | Tombstone] = []
            while is_more and len(pairs) < enough:
                async with self._pace.turn():
                    turn = time.monotonic()
                    rendered, is_more = self._output.records(publications, self._rhythm.turn_s)
                    self._busy_s += time.monotonic() - turn
                pairs += rendered
                self._worked_at = time.monotonic()
                # What is rendered in one go keeps the event loop from everything else, and what
                # waits there has many steps to take.
                took_s = self._worked_at - turn
                await asyncio.sleep(self._rhythm.leaves_for(took_s, self._pace.demand()))
            written += len(pairs)
            claim = not is_more and self._claim(PROGRESS_SECONDS)
            if pairs or claim:
                await self._commit(pairs, claim)
                self._watch.committed(STAGE, len(pairs), self._committed_at - began)

    async def _commit(self, pairs: list[Pair | Tombstone], claim: bool) -> None:
        writes: dict[TopicPartition, Sequence[Pair | Tombstone]] = {}
        if pairs:
            writes[self._output.place] = pairs
        if claim:
            writes[progress.destination(self._settings)] = [self._say_how_far()]
        await self._transactions.begin(writes)
        await self._transactions.send(writes)
        if pairs:
            self._passing("while_publishing")
        self._passing("before_stage2_commit")
        await self._transactions.commit()
        self._committed_at = time.monotonic()
        self._watch.published(len(pairs))

    def _claim(self, pause_s: float) -> bool:
        """Tell whether to say that all is published up to here: only if nothing waits."""
        if self._board.dirty or self._news:
            return False
        now = time.monotonic()
        is_news = self._claimed != (self.position, self._reference_position)
        return (is_news and now - self._claimed_at > pause_s) or (
            now - self._committed_at > HEARTBEAT_SECONDS
        )

    def _say_how_far(self) -> Pair:
        self._claimed = self.position, self._reference_position
        self._claimed_at = time.monotonic()
        return progress.of_kpis(
            self.number, self.position, self._reference_position, self._settings.clock()
        )
