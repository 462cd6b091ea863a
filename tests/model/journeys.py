"""Stage 1 of the model: events into rows, and in one transaction rows, position and cells."""

from collections.abc import Sequence
from random import Random

from tests.model.broker import Partition, Refused
from tests.model.client import AT_ONCE, Client
from tests.model.facts import (
    CELLS,
    TOPICS,
    Cell,
    Cells,
    Event,
    Row,
    Rows,
    added,
    fold,
    home_of,
    plus,
)
from tests.model.member import (
    DONE,
    WAITING,
    Life,
    Member,
    Sends,
)
from tests.model.snapshots import added as added_cells
from tests.model.snapshots import error_of, records_of, restored
from tests.model.steps import (
    COMMIT,
    Step,
    state_order,
)
from tests.model.topics import Topics

Position = tuple[int, ...]
# After the source topics, the events that others have forwarded.
FORWARDED = TOPICS
START: Position = (0,) * (TOPICS + 1)
POSITION, GOAL = "position", "goal"
# How often a cell that changed is told with the events that changed it.
TOLD = 0.5
# How often a snapshot comes after a turn.
SNAPSHOTS = 0.2


class Shard:
    """What an owner of a shard has in memory."""

    def __init__(self, member: Member, topics: Topics) -> None:
        """Know nothing yet."""
        self.me, self.rules = member, member.rules
        self.topics, self.number = topics, member.place.number
        self.state = topics.state[self.number]
        self.source = topics.source[self.number]
        self.received = topics.forwards[self.number]
        self.client = Client(self.source, self.rules, member.random)
        # Topics of which this owner has read nothing yet.
        self.unseen = set(range(TOPICS))
        # What is forwarded, and removed, with the next transaction.
        self.forwards: Sends = []
        self.removals: Sends = []
        self.rows: Rows = {}
        self.position = self.goal = START
        self.published: Cells = {}
        self.is_fresh = True
        # What a snapshot has made of the cells; by rights nothing.
        self.error: Cells = {}
        self._in_snapshot: Rows = self.rows
        self._folded: tuple[Rows, int, Cells] | None = None
        partials_come_after = COMMIT.index(Step.PARTIALS) > COMMIT.index(Step.EVENTS)
        assert partials_come_after, "the model writes rows first"

    def live(self) -> Life:
        """Take the shard, then work until the end."""
        if self.rules.fence_first:
            yield from self.me.fence()
        yield DONE
        ends = [partition.end for partition in self.topics.partials]
        yield from self._wait_for(ends)
        published = self._read_partials()
        yield DONE
        self._read_state()
        self._resume_forwarded()
        self.client.seek(self.position[:TOPICS])
        yield DONE
        if not self.rules.fence_first:
            yield from self.me.fence()
        self.published = published
        if not self.rules.reconcile or not self.rules.absolute:
            self.published = self._cells()
        while True:
            yield from self._turn()
            if self.me.has_snapshots and self.me.random.random() < SNAPSHOTS:
                yield from self._write_snapshot()

    def _write_snapshot(self) -> Life:
        """Write the cells as they are now, each part in a transaction of its own."""
        if self.position != self.goal or self._in_snapshot is self.rows:
            return
        self._in_snapshot = self.rows
        now = self.topics.clock - self.me.skew
        other = {POSITION: self.position, GOAL: self.goal}
        for key, value in records_of(self._cells(), self.rows, other, now, self.me.version):
            if not (yield from self.me.transact([(self.state, key, value)])):
                return

    def _wait_for(self, ends: Sequence[int]) -> Life:
        """Wait until all is decided that was in the partials when the shard was taken."""
        while self.rules.reconcile and any(
            partition.stable_end < end
            for partition, end in zip(self.topics.partials, ends, strict=True)
        ):
            yield WAITING

    def _read_partials(self) -> Cells:
        return {
            record.key[0]: record.value[0]
            for partition in self.topics.partials
            for record in partition.read(0, partition.stable_end)
            if record.key[1] == self.number
        }

    def _read_state(self) -> None:
        records = self.state.read(0, self.state.stable_end)
        now, version = self.topics.clock - self.me.skew, self.me.version
        found, snapshot = restored(records, self.rules, now, version)
        self.position = found.pop(POSITION, START)
        self.goal = self._aim(found.pop(GOAL, START))
        self.rows = {subject: value[0] for subject, value in found.items()}
        self.error = error_of(snapshot, self.rows, self.rules, now, version)

    def _resume_forwarded(self) -> None:
        """Remove again what the rows have, and go on with the rest."""
        stop = self.received.stable_end
        if not self.rules.forwards_anew:
            self.position = (*self.position[:FORWARDED], stop)
        found = {r.key: r for r in self.received.read(0, stop)}
        for record in found.values():
            is_stored = record.offset < self.position[FORWARDED]
            if self.rules.removal_again and is_stored and record.value[0] is not None:
                self.removals.append((self.received, record.key, (None,)))

    def _aim(self, goal: Position) -> Position:
        if not self.rules.goal:
            return self.position
        return tuple(map(max, goal, self.position))

    def _cells(self) -> Cells:
        """Fold the rows, unless neither they nor the time have changed."""
        now = self.topics.clock - self.me.skew
        if self._folded is None or self._folded[0] is not self.rows or self._folded[1] != now:
            cells = fold(self.rows, now, self.me.version)
            self._folded = self.rows, now, added_cells(cells, self.error)
        return self._folded[2]

    def _turn(self) -> Life:
        """Read a batch, if there is one, and commit what came of it and of time."""
        before = self.rows, self.position, self.goal
        offsets = self.client.offsets
        unread = [topic for topic in range(TOPICS) if self.client.has_more(topic)]
        if self.received.read(self.position[FORWARDED], self.received.stable_end):
            unread.append(FORWARDED)
        # A fresh owner reconciles before it reads on.
        is_reading = bool(unread) and not (self.is_fresh and self.position == self.goal)
        now = self.topics.clock - self.me.skew
        changed = self._read(self.me.random.choice(unread)) if is_reading else {}
        news = self._news(is_all=self.is_fresh or not is_reading)
        self.is_fresh = False
        if not is_reading and not news and not self.removals:
            yield DONE if unread else self.me.rest()
            return
        sends = self._sends(changed, is_reading, news, now)
        yield from self._aside("before", is_reading)
        if (yield from self.me.transact(sends)):
            self.published = {**self.published, **news}  # type: ignore[dict-item]  # None: gone
            yield from self._aside("after", is_reading)
        else:
            self.rows, self.position, self.goal = before
            self.client.seek(offsets)
        self.forwards, self.removals = [], []

    def _news(self, is_all: bool) -> dict[str, Cell | None]:
        """Give the cells to tell: all that changed, or some, for members' cells may wait."""
        if self.position != self.goal:
            return {}
        cells = self._cells()
        changed = [cell for cell in CELLS if cells.get(cell) != self.published.get(cell)]
        told = changed if is_all else [c for c in changed if self.me.random.random() < TOLD]
        return {cell: cells.get(cell) for cell in told}

    def _read(self, topic: int) -> dict[str, Row]:
        batch, stop = self._forwarded() if topic == FORWARDED else self._own(topic)
        changed: dict[str, Row] = {}
        for event in batch:
            row = changed.get(event.subject) or self.rows.get(event.subject, {})
            new = added(row, event, self.rules.sets)
            if new != row:
                changed[event.subject] = new
        self.rows = {**self.rows, **changed}
        self.position = (*self.position[:topic], stop, *self.position[topic + 1 :])
        self.goal = self._aim(self.goal)
        return changed

    def _own(self, topic: int) -> tuple[list[Event], int]:
        """Read some of a source topic; what belongs to others is forwarded."""
        own, fetched = [], self.client.fetch(topic)
        stop = fetched.next
        if not self.rules.offsets_pass:
            stop = fetched.records[-1].offset + 1 if fetched.records else self.position[topic]
        first = fetched.start
        if not self.rules.ranges and fetched.records:
            first = fetched.records[0].offset
        if first > self.position[topic]:
            self._gap(topic)
        self.unseen.discard(topic)
        for record in fetched.records:
            event: Event = record.value[0]
            home = home_of(event, self.number)
            if home == self.number:
                own.append(event)
            else:
                key = self.number, topic, record.offset
                self.forwards.append((self.topics.forwards[home], key, (event,)))
        return own, stop

    def _gap(self, topic: int) -> None:
        """Count offsets as deleted unread; unless this is the first read, the process ends."""
        self.topics.gaps += 1
        if topic not in self.unseen:
            raise Refused("gap")

    def _forwarded(self) -> tuple[list[Event], int]:
        """Read some of what others have forwarded, and remove it."""
        records = self.received.read(self.position[FORWARDED], self.received.stable_end)
        records = records[: self.me.random.randint(1, AT_ONCE)]
        present = [record for record in records if record.value[0] is not None]
        self.removals += [(self.received, record.key, (None,)) for record in present]
        return [record.value[0] for record in present], records[-1].offset + 1

    def _sends(
        self, changed: dict[str, Row], is_reading: bool, news: dict[str, Cell | None], now: int
    ) -> Sends:
        """Put a transaction's records in the order that code and model share."""
        of_step: dict[Step, Sends] = {
            Step.TARGET_OFFSETS: [(self.state, GOAL, self.goal)]
            if self.rules.goal and changed
            else [],
            Step.EVENTS: [(self.state, subject, (row,)) for subject, row in changed.items()],
            Step.SOURCE_OFFSETS: [(self.state, POSITION, self.position)] if is_reading else [],
        }
        sends = [send for step in state_order(self.rules.position) for send in of_step[step]]
        if self.rules.forward_first:
            sends = self.forwards + sends
        if not self.rules.removal_last:
            sends = self.removals + sends
        for cell, value in news.items():
            said = value if self.rules.absolute else plus(value, self.published.get(cell), -1)
            told = said, (self.position, now, self.me.version)
            sends.append((self.topics.partials[CELLS[cell]], (cell, self.number), told))
        sends += self.removals if self.rules.removal_last else []
        sends += [] if self.rules.forward_first else self.forwards
        return sends if self.rules.ordered else shuffled(sends, self.me.random)

    def _aside(self, when: str, is_reading: bool) -> Life:
        """Write the position outside the transaction, which is a mutant's way."""
        if self.rules.position == when and is_reading:
            yield from self.me.transact([(self.state, POSITION, self.position)], False)


def shuffled(sends: Sends, random: Random) -> Sends:
    """Mix partitions; within each the order stays. So may arrive what nobody waited for."""
    queues: dict[Partition, Sends] = {}
    for send in sends:
        queues.setdefault(send[0], []).append(send)
    return [queues[partition].pop(0) for partition, *_ in random.sample(sends, len(sends))]
