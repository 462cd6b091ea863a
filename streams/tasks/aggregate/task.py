"""Stage 1 of one shard: events into rows, and in one transaction rows, position and cells.

The order in which things happen here is the protocol; each step's reason is beside it.
"""

import time
from collections.abc import Callable, Collection, Sequence
from math import inf

from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.engine.aggregate.reroutes import Move
from streams.internal_topics import (
    dead_letters,
    partials,
    progress,
    reroutes,
)
from streams.internal_topics.partials import Published
from streams.internal_topics.progress import (
    BUSY_PROGRESS_SECONDS,
    PROGRESS_SECONDS,
    Position,
)
from streams.internal_topics.reroutes import Moved
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.reader import (
    Records,
    beginnings,
    ends,
    read_to,
)
from streams.kafka.transactional_producer import Pair, Transactions
from streams.process.failpoint import armed
from streams.tasks.aggregate.alert_publisher import AlertLog
from streams.tasks.aggregate.catch_up import EndOf, nothing_more
from streams.tasks.aggregate.intake import Intake
from streams.tasks.aggregate.quarantine import (
    NOTE,
    Crashed,
    Note,
    named,
    told,
)
from streams.tasks.aggregate.restore import (
    GOAL,
    POSITION,
    Kept,
)
from streams.tasks.commit_schedule import members_turn, until_beat_after
from streams.tasks.cooperative import in_turns
from streams.tasks.early_begin import Ahead
from streams.tasks.load_control import Demand
from streams.tasks.metrics_port import Watch
from streams.tasks.ports import Core, Vectors
from streams.tasks.reference_data import Reference

STAGE = "journeys"
HEARTBEAT_SECONDS = 5.0
# More would outlast the transaction's time or the client's memory.
CELLS_AT_ONCE = 20_000
Change = tuple[str, Vectors]
Outgoing = dict[TopicPartition, list[Pair]]


class OwnedShard:
    """One partition number of all source topics, from taking it until another worker does.

    `take`, then `restore`, then any number of `work` and `rest`, one at a time. Whatever fails
    raises Fatal and leaves this object useless: the process has to end.
    """

    stage = STAGE

    def __init__(
        self,
        settings: Settings,
        core: Core,
        number: int,
        watch: Watch,
        end_of: EndOf = nothing_more,
        demand: Callable[[], Demand] = lambda: Demand.MUCH,
    ) -> None:
        """Own nothing yet; `end_of` says where a source partition ends, None if unknown.

        `demand` says how much else the worker has to do.
        """
        self.number = number
        self._settings = settings
        self._core = core
        self._watch = watch
        self._passing = armed(settings.failpoint)
        self._cells = core.shard(settings.clock(), number)
        self._state = TopicPartition(topics.state(settings), number)
        self._transactions = Transactions(settings, STAGE, number)
        self._ahead = Ahead(self._transactions, self._state)
        self._alerts = AlertLog(settings, number, end_of)
        self._intake = Intake(settings, number, self._cells, watch, self._alerts.quiet)
        self._goal: dict[str, int] = {}
        # What readers of the partials know; None once the difference has been published.
        self._published: Published | None = Published()
        self._reached: dict[int, int] = {}
        # The same of what was moved to other shards.
        self._moved_to: dict[int, int] = {}
        self._reference = Reference(settings, watch)
        self._heard = 0
        self._moved = topics.moved(settings)
        self._committed = b""
        self._claimed = b""
        self._committed_at = self._claimed_at = 0.0
        self._demand = demand
        self._members_turn = 0

    async def take(self) -> None:
        """Fence the shard's earlier owner. Nothing may be read before this."""
        await self._transactions.take()

    async def restore(self, published: Published, reference: Reference) -> None:
        """Become what the last commit left, and publish what readers lack of that.

        `published` must have been read after `take`; `reference` must be complete.
        """
        self._reference, self._published, self._reached = reference, published, published.reached
        await self._alerts.restore()
        # Reference data first: rows are read once, and right.
        self._take_reference()
        kept = Kept(self._settings, self._cells, self.number)
        stops = await ends(self._settings, [self._state])
        async for _, records in read_to(self._settings, stops):
            for record in records:
                kept.take(record)
            self._passing("during_restore")
        await self._fold_kept(kept, published.moved)
        self._goal = kept.goal
        self._intake.begin(kept.position, kept.care)
        await self._check_sources()
        self._moved_to = published.moved.reached
        self._committed = self.position.encode()
        await self._commit()

    @property
    def position(self) -> Position:
        """Up to where events and reference records are folded."""
        return self._intake.position

    @property
    def due_in(self) -> float:
        """Seconds until time alone changes a cell and it may be told; infinite if it will not."""
        due = self._cells.next_due
        if due is None or self._settings.now is not None:
            return inf
        return max((due - self._settings.clock()) / 1000, until_beat_after(self._committed_at))

    def gathers_for(
        self,
        waiting: Collection[Records],  # noqa: ARG002 - of an Owner
        since: float,  # noqa: ARG002
        found_idle: bool,
    ) -> float:
        """Seconds until events may be committed; 0 or less if they may be now.

        Those that come when nothing else is to be done need not wait for the beat.
        """
        return 0.0 if found_idle else until_beat_after(self._committed_at)

    @property
    def progressed_at(self) -> float:
        """When something was last got done, in seconds of a clock that never goes back."""
        return max(self._intake.folded_at, self._transactions.answered_at)

    def seeks(self) -> dict[TopicPartition, int]:
        """Say where reading has to go on in each source partition."""
        return {
            TopicPartition(topic, self.number): offset
            for topic, offset in self.position.source.items()
        }

    def reached(self) -> dict[TopicPartition, int]:
        """Say up to where it has read or written partitions: none can end before that."""
        return {**self._transactions.reached, **self.seeks()}

    async def work(self, lists: Sequence[Records]) -> None:
        """Fold fetched lists, each of one partition in the order of its offsets, and commit.

        If a KPI raises, which of them were being folded is noted for the next owner: Crashed.
        """
        since, to = dict(self.position.source), dict[str, int]()
        for records in lists:
            to[records[0].topic] = records[-1].offset + 1
        try:
            await self._ahead.begin(lists, self._is_members_turn())
            await self._intake.fold(lists)
            await self._commit()
        except Crashed as crash:
            await self._leave_note(Note(since, to, told(crash.__cause__ or crash)))
            raise Crashed(
                f"{crash}; noted: the next owner looks for the event and sets it aside"
            ) from crash.__cause__

    async def rest(self) -> None:
        """Let time pass: publish what has matured, and now and then show that one is alive."""
        await self._commit()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._transactions.close()

    async def _fold_kept(self, kept: Kept, said: Moved) -> None:
        """Fold what the state holds, and what was moved here since.

        Not the state tells what was moved: that topic is itself all that has to be known of it.
        """
        since, note = dict(kept.position.source), kept.care.note
        known = said.position if note is None else note.since.get(self._moved, 0)
        try:
            await in_turns(kept.folding(said.before(known), self._settings.clock()))
        except Crashed as crash:
            if note is None:
                # It may be a move that nobody has folded before.
                to = {**since, self._moved: said.next_offset}
                await self._leave_note(Note(since, to, told(crash.__cause__ or crash)))
            raise
        kept.position.source[self._moved] = known
        if known < said.next_offset:
            # What is tried one by one was folded once, and cells of it may be published.
            kept.goal[self._moved] = said.next_offset

    async def _leave_note(self, note: Note) -> None:
        """Say in the state what was being folded; nothing that was folded is written."""
        await self._transactions.begin([self._state])
        await self._transactions.send({self._state: [(NOTE, note.encode())]})
        await self._transactions.commit()

    async def _check_sources(self) -> None:
        """Compare the position with what the source partitions still hold."""
        wanted = list(self.seeks())
        first, last = await beginnings(self._settings, wanted), await ends(self._settings, wanted)
        self._alerts.quiet.aim(self._from_outside(last))
        for source, offset in self.seeks().items():
            if last[source] < offset:
                raise Fatal(
                    f"{source.topic}/{self.number} ends at {last[source]}, but {offset} were read:"
                    f" it was made anew; begin with a new SALES_KPIS_APP as well"
                )
            if first[source] > offset:
                self._watch.gap(source.topic, self.number, first[source] - offset)
                self.position.source[source.topic] = first[source]

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
            self._intake.letters += [
                pair
                for topic, offset, pair in self._reference.rejected
                if offset >= known.get(topic, 0)
            ]
        self.position.reference = dict(self._reference.position)

    async def _changes(self, clock: int, with_members: bool) -> tuple[list[Change], list[Move]]:
        """Give the cells to publish and what has to be moved; not while short of the goal.

        A goal beyond the position is what a torn transaction leaves: cells of its rows may
        already be published, and without the events that are read again they would go back.
        """
        with named(self.number):
            await in_turns(self._cells.settling(clock))
            if with_members and self._cells.untold:
                self._members_turn = members_turn(self.number)
            changed, moves = self._cells.changed(with_members=with_members), self._cells.moves()
        if self._published is None:
            return list(changed.items()), moves
        self._passing("during_reconcile")
        known, self._published = self._published, None
        # A torn transaction may have moved what its rows lack, or have rows without their moves.
        moves = reroutes.difference(self._cells.standing_moves(), known.moved.said)
        return list(partials.difference(self._cells.cells(), known.cells)), moves

    def _is_members_turn(self) -> bool:
        """Tell whether members' cells may be told: with every beat only when there is time."""
        is_busy = self._demand() is Demand.MUCH
        is_next = members_turn(self.number) != self._members_turn
        return self._published is not None or is_next or not is_busy

    async def _raised(self, clock: int, now: float) -> list[Pair]:
        if not await self._alerts.is_time(self._from_outside(self.seeks()), now):
            return []
        with named(self.number):
            return self._alerts.news(self._cells, clock)

    def _from_outside(self, offsets: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Leave out what shards tell each other: its ends are those of transactions."""
        return {place: offset for place, offset in offsets.items() if place.topic != self._moved}

    async def _commit(self) -> None:
        """Make what was folded, matured and refused since the last commit visible at once."""
        began = time.monotonic()
        self._hear()
        clock = self._settings.clock()
        is_complete = self.position.reaches(self._goal)
        with_members = self._is_members_turn()
        changes, moves = await self._changes(clock, with_members) if is_complete else ([], [])
        alerts = await self._raised(clock, began) if is_complete else []
        position = self.position.encode()
        is_due = began - self._committed_at > HEARTBEAT_SECONDS
        is_news = bool(self._intake.rows or self._intake.letters) or position != self._committed
        state = self._state_records(position) if is_news or is_due else []
        claim = self._claim(position, began, is_due)
        parts = [
            (changes[first : first + CELLS_AT_ONCE], moves[first : first + CELLS_AT_ONCE])
            for first in range(0, max(len(changes), len(moves)), CELLS_AT_ONCE)
        ]
        if not (state or parts or alerts or claim):
            await self._transactions.end()
            return
        letters = self._intake.leave()
        first, last = parts[:1], parts[1:]
        outgoing = self._outgoing(*first[0]) if first else {}
        if outgoing:
            self._ahead.note(outgoing, with_members)
        if alerts:
            outgoing[self._alerts.place] = alerts
        await self._transact(letters, state, outgoing, claim and not last, clock)
        for number, part in enumerate(last, 1):
            is_end = number == len(last)
            await self._transact([], [], self._outgoing(*part), claim and is_end, clock)
        self._committed, self._committed_at = position, began
        if claim:
            self._claimed, self._claimed_at = position, began
        self._watch.committed(STAGE, len(state), time.monotonic() - began)

    def _outgoing(self, changes: list[Change], moves: list[Move]) -> Outgoing:
        return {
            **partials.writes(self._core, self.number, changes),
            **reroutes.writes(self._settings, self.number, moves),
        }

    def _state_records(self, position: bytes) -> list[Pair]:
        """Give the rows between goal and position.

        The goal is the first and the position the last record of them all, so that any part of
        a torn transaction tells a new owner where it has to get before it may publish.
        """
        rows = self._intake.rows
        last = [*self._intake.care.passed(self.position.source), (POSITION, position)]
        if not rows:
            return last
        for topic, offset in self.position.source.items():
            self._goal[topic] = max(offset, self._goal.get(topic, 0))
        goal = Position(dict(self._goal)).encode()
        return [(GOAL, goal), *rows, *last]

    def _claim(self, position: bytes, now: float, is_due: bool) -> bool:
        """Tell whether to say how far the shard is: not for every commit, but soon after."""
        if self._published is not None or self._cells.untold:
            return False
        pause_s = BUSY_PROGRESS_SECONDS if self._intake.rows else PROGRESS_SECONDS
        is_news = position != self._claimed and now - self._claimed_at > pause_s
        return is_news or is_due

    async def _transact(
        self,
        letters: list[Pair],
        state: list[Pair],
        outgoing: Outgoing,
        claim: bool,
        clock: int,
    ) -> None:
        kept = {dead_letters.DESTINATION: letters} if letters else {}
        rows = {self._state: state} if state else {}
        claims = [progress.destination(self._settings)] if claim else []
        await self._transactions.begin([*kept, *rows, *outgoing, *claims])
        # Before the position that passes them: a torn transaction may show one twice, and
        # never loses one.
        if kept:
            await self._transactions.send(kept)
        # Rows and position are with the broker before the first partial or move leaves, so that
        # no part of a torn transaction shows one without the rows behind it.
        if rows:
            await self._transactions.send(rows)
            self._passing("after_rows")
        if outgoing:
            for to, offset in (await self._transactions.send(outgoing)).items():
                if to.topic == topics.PARTIALS:
                    self._reached[to.partition] = offset
                elif to.topic == self._moved:
                    self._moved_to[to.partition] = offset
            self._passing("after_partials")
        for to in claims:
            said = progress.of_journeys(
                self.number, self.position, self._reached, self._moved_to, clock
            )
            await self._transactions.send({to: [said]})
        self._passing("before_commit")
        await self._transactions.commit()
