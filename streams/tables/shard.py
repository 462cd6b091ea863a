"""Stage 1 of one shard: events into rows, and in one transaction rows, position and cells.

The order in which things happen here is the protocol; each step's reason is beside it.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import inf

from aiokafka import ConsumerRecord, TopicPartition

from streams.events import SOURCE_TOPICS, Event, Rejected, decode
from streams.failpoint import armed
from streams.settings import Settings
from streams.tables import deadletters, partials, progress, topics
from streams.tables.core import Core, Vector
from streams.tables.fatal import Fatal
from streams.tables.partials import Published
from streams.tables.position import Position
from streams.tables.reading import Records, beginnings, ends, read_to
from streams.tables.reference import Reference
from streams.tables.transactions import Pair, Transactions
from streams.tables.watch import Watch

STAGE = "journeys"
ROW, GOAL, POSITION = b"r", b"g", b"p"
HEARTBEAT_SECONDS = 5.0
PROGRESS_SECONDS = 0.1
# More would outlast the transaction's time or the client's memory.
CELLS_AT_ONCE = 20_000
# After so many events others on the event loop get their turn.
EVENTS_AT_ONCE = 500
Change = tuple[str, Vector]


class OwnedShard:
    """One partition number of all source topics, from taking it until another worker does.

    `take`, then `restore`, then any number of `work` and `rest`, one at a time. Whatever fails
    raises Fatal and leaves this object useless: the process has to end.
    """

    stage = STAGE

    def __init__(self, settings: Settings, core: Core, number: int, watch: Watch) -> None:
        """Own nothing yet."""
        self.number = number
        self.position = Position()
        self._settings = settings
        self._core = core
        self._watch = watch
        self._passing = armed(settings.failpoint)
        self._cells = core.shard(settings.clock(), number)
        self._state = TopicPartition(topics.state(settings), number)
        self._transactions = Transactions(settings, STAGE, number)
        self._goal: dict[str, int] = {}
        # What readers of the partials know; None once the difference has been published.
        self._published: Published | None = Published()
        self._reached: dict[int, int] = {}
        self._reference = Reference(settings, watch)
        self._heard = 0
        self._rows: list[Pair] = []
        self._letters: list[Pair] = []
        self._committed = b""
        self._claimed = b""
        self._committed_at = self._claimed_at = 0.0
        # Topics of which nothing was read since the restore.
        self._unseen: set[str] = set()

    async def take(self) -> None:
        """Fence the shard's earlier owner. Nothing may be read before this."""
        await self._transactions.take()

    async def restore(self, published: Published, reference: Reference) -> None:
        """Become what the last commit left, and publish what readers lack of that.

        `published` must have been read after `take`; `reference` must be complete.
        """
        self._reference, self._published, self._reached = reference, published, published.reached
        # Reference data first: rows are read once, and right.
        self._take_reference()
        stops = await ends(self._settings, [self._state])
        async for _, records in read_to(self._settings, stops):
            for record in records:
                self._restore(record)
            self._passing("during_restore")
        self.position.raise_to(dict.fromkeys(SOURCE_TOPICS, 0))
        self._cells.fold(self._settings.clock())
        await self._check_sources()
        self._unseen = set(SOURCE_TOPICS)
        self._committed = self.position.encode()
        await self._commit()

    @property
    def due_in(self) -> float:
        """Seconds until time alone changes a cell; infinite if it will not."""
        due = self._cells.next_due
        if due is None or self._settings.now is not None:
            return inf
        return (due - self._settings.clock()) / 1000

    def seeks(self) -> dict[TopicPartition, int]:
        """Say where reading has to go on in each source partition."""
        return {
            TopicPartition(topic, self.number): offset
            for topic, offset in self.position.source.items()
        }

    async def work(self, lists: Sequence[Records]) -> None:
        """Fold fetched lists, each of one partition in the order of its offsets, and commit."""
        for records in lists:
            unread = self._unread(records)
            for first in range(0, len(unread), EVENTS_AT_ONCE):
                self._fold(unread[first : first + EVENTS_AT_ONCE])
                await asyncio.sleep(0)
            if unread:
                self.position.source[unread[0].topic] = unread[-1].offset + 1
        await self._commit()

    async def rest(self) -> None:
        """Let time pass: publish what has matured, and now and then show that one is alive."""
        await self._commit()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._transactions.close()

    def _restore(self, record: ConsumerRecord) -> None:
        key, value = record.key, record.value
        if not key or value is None:
            raise Fatal(f"{self._state.topic}/{self.number} holds a record that is none of ours")
        if key[:1] == ROW:
            self._cells.restore(key[1:], value)
        elif key == POSITION:
            self.position = Position.decode(value)
        elif key == GOAL:
            self._goal = Position.decode(value).source

    async def _check_sources(self) -> None:
        """Compare the position with what the source partitions still hold."""
        wanted = list(self.seeks())
        first, last = await beginnings(self._settings, wanted), await ends(self._settings, wanted)
        for source, offset in self.seeks().items():
            if last[source] < offset:
                raise Fatal(
                    f"{source.topic}/{self.number} ends at {last[source]}, but {offset} were read:"
                    f" it was made anew; begin with a new SALES_KPIS_APP as well"
                )
            if first[source] > offset:
                self._watch.gap(source.topic, self.number, first[source] - offset)
                self.position.source[source.topic] = first[source]

    def _unread(self, records: Records) -> Records:
        """Drop what is below the position, and refuse a list that leaves something out."""
        topic, number = records[0].topic, records[0].partition
        expected = self.position.source[topic]
        if records[0].offset < expected:
            records = [record for record in records if record.offset >= expected]
            if not records:
                return records
        missing = records[-1].offset + 1 - expected - len(records)
        if missing:
            # Right after a restore the list comes straight from the log, so what is missing is
            # missing there. Later, a list may have been lost on its way here.
            if topic not in self._unseen:
                raise Fatal(
                    f"{missing} offsets of {topic}/{number} are missing after {expected}:"
                    " they were deleted unread, or somebody writes there in transactions"
                )
            self._watch.gap(topic, number, missing)
        self._unseen.discard(topic)
        return records

    def _fold(self, records: Records) -> None:
        add, rows, refused = self._cells.add, self._rows, 0
        old = datetime.fromtimestamp(self._settings.clock() / 1000, UTC) - timedelta(
            milliseconds=self._settings.lateness_ms
        )
        late = 0
        for record in records:
            event = decode(record.value)
            if isinstance(event, Event) and record.key != event.subject.encode():
                # Keyed otherwise, a subject's events would lie in several shards.
                refused += 1
                self._refuse(record, Rejected("the record's key is not its subject", "subject"))
            elif isinstance(event, Event):
                element = add(event)
                if element is not None:
                    rows.append((ROW + element[0], element[1]))
                if event.at < old:
                    late += 1
            else:
                refused += 1
                self._refuse(record, event)
        self._watch.folded(records[0].topic, len(records) - refused, late)

    def _refuse(self, record: ConsumerRecord, what: object) -> None:
        why = what if isinstance(what, Rejected) else Rejected("does not belong here", "type")
        self._letters.append(deadletters.letter(record, why, self._settings.clock()))
        self._watch.rejected(record.topic, why.reason)

    def _take_reference(self) -> None:
        for record in self._reference.records[self._heard :]:
            self._cells.hear(record)
        self._heard = len(self._reference.records)

    def _hear(self) -> None:
        """Take the reference records that came since the last time."""
        self._take_reference()
        # Shard 0 keeps the reference topics' dead letters, each once: its position says which.
        if self.number == 0:
            known = self.position.reference
            self._letters += [
                pair
                for topic, offset, pair in self._reference.rejected
                if offset >= known.get(topic, 0)
            ]
        self.position.reference = dict(self._reference.position)

    def _changes(self, clock: int) -> list[Change]:
        """Give the cells to publish; none while short of the goal.

        A goal beyond the position is what a torn transaction leaves: cells of its rows may
        already be published, and without the events that are read again they would go back.
        """
        if not self.position.reaches(self._goal):
            return []
        changed = self._cells.settle(clock)
        if self._published is None:
            return list(changed.items())
        self._passing("during_reconcile")
        known, self._published = self._published.cells, None
        return list(partials.difference(self._cells.cells(), known))

    async def _commit(self) -> None:
        """Make what was folded, matured and refused since the last commit visible at once."""
        began = time.monotonic()
        self._hear()
        clock = self._settings.clock()
        changes = self._changes(clock)
        position = self.position.encode()
        is_due = began - self._committed_at > HEARTBEAT_SECONDS
        state = self._state_records(position) if self._rows or self._letters or is_due else []
        if not state and position != self._committed:
            state = [(POSITION, position)]
        claim = self._claim(position, began, is_due)
        parts = [
            changes[first : first + CELLS_AT_ONCE]
            for first in range(0, len(changes), CELLS_AT_ONCE)
        ]
        if not (state or parts or claim):
            return
        self._rows, letters, self._letters = [], self._letters, []
        first, last = parts[:1], parts[1:]
        await self._transact(state, first[0] if first else [], letters, claim and not last, clock)
        for number, part in enumerate(last, 1):
            await self._transact([], part, [], claim and number == len(last), clock)
        self._committed, self._committed_at = position, began
        if claim:
            self._claimed, self._claimed_at = position, began
        self._watch.committed(STAGE, len(state), time.monotonic() - began)

    def _state_records(self, position: bytes) -> list[Pair]:
        """Give the rows between goal and position.

        The goal is the first and the position the last record of them all, so that any part of
        a torn transaction tells a new owner where it has to get before it may publish.
        """
        if not self._rows:
            return [(POSITION, position)]
        for topic, offset in self.position.source.items():
            self._goal[topic] = max(offset, self._goal.get(topic, 0))
        goal = Position(dict(self._goal)).encode()
        return [(GOAL, goal), *self._rows, (POSITION, position)]

    def _claim(self, position: bytes, now: float, is_due: bool) -> bool:
        """Tell whether to say how far the shard is: not for every commit, but soon after."""
        if self._published is not None:
            return False
        is_news = position != self._claimed and now - self._claimed_at > PROGRESS_SECONDS
        return is_news or is_due

    async def _transact(
        self,
        state: list[Pair],
        changes: list[Change],
        letters: list[Pair],
        claim: bool,
        clock: int,
    ) -> None:
        outgoing = partials.writes(self._core, self.number, changes)
        kept = {deadletters.DESTINATION: letters} if letters else {}
        rows = {self._state: state} if state else {}
        claims = [progress.destination(self._settings)] if claim else []
        await self._transactions.begin([*kept, *rows, *outgoing, *claims])
        # Before the position that passes them: a torn transaction may show one twice, and
        # never loses one.
        if kept:
            await self._transactions.send(kept)
        # Rows and position are with the broker before the first partial leaves, so that no
        # part of a torn transaction shows a cell without the rows behind it.
        if rows:
            await self._transactions.send(rows)
            self._passing("after_rows")
        if outgoing:
            for to, offset in (await self._transactions.send(outgoing)).items():
                if to.topic == topics.PARTIALS:
                    self._reached[to.partition] = offset
            self._passing("after_partials")
        for to in claims:
            said = progress.of_journeys(self.number, self.position, self._reached, clock)
            await self._transactions.send({to: [said]})
        self._passing("before_commit")
        await self._transactions.commit()
