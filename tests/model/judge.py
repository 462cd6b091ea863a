"""What a schedule's readers saw, against a slow and plain computation of the same."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from functools import reduce
from itertools import combinations, product
from typing import Any

from tests.model.broker import Partition
from tests.model.facts import (
    CELLS,
    Cell,
    Cells,
    Event,
    fold,
    home_of,
    plus,
    rows_of,
)
from tests.model.journeys import POSITION, START
from tests.model.rules import Rules
from tests.model.world import World

LEAST, MOST = 100, 900


@dataclass(frozen=True)
class Found:
    """In how many schedules which promise was broken."""

    wrong: int = 0  # when all is quiet the output is not what the events give
    wrong_after_restart: int = 0  # nor after everything was started anew
    restless: int = 0  # quiet never came
    unexplained: int = 0  # a committed value that no prefix of each shard's events gives
    went_back: int = 0  # a shard's prefix in one cell went back
    left_over: int = 0  # a forwarded event stays, though the rows of its shard have it
    unread: int = 0  # when all is quiet the source offsets are not the ends: `status` waits on
    gaps: int = 0  # a gap was counted, though nothing was deleted

    def __add__(self, other: "Found") -> "Found":
        """Add up."""
        return Found(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def is_clean(self) -> bool:
        """Whether every promise was kept."""
        return not any(astuple(self))


def play(rules: Rules, seed: int) -> tuple[Found, Counter[str]]:
    """Play one schedule to its end, and again after restarting everything."""
    world = World(rules, seed)
    for _ in range(world.random.randint(LEAST, MOST)):
        world.fault()
    world.quieten()
    judge = Judge(world)
    first = world.settle()
    is_wrong = first and judge.is_wrong()
    is_unread = first and judge.is_unread()
    world.members.clear()
    second = world.settle()
    is_wrong_again = second and judge.is_wrong()
    world.members.clear()
    unexplained, went_back = judge.promises()
    is_restless = not (first and second)
    left_over = not is_restless and judge.is_left_over()
    is_unread |= second and judge.is_unread()
    has_gaps = world.topics.gaps > 0
    return Found(
        is_wrong,
        is_wrong_again,
        is_restless,
        unexplained,
        went_back,
        left_over,
        is_unread,
        has_gaps,
    ), world.seen


def added_up(shares: Iterable[Cell | None]) -> Cell | None:
    """Add up the shares of all shards."""
    return reduce(plus, shares, None)


class Judge:
    """Knows what is right in one world."""

    def __init__(self, world: World) -> None:
        """Look at a world whose faults are over."""
        self._world = world
        self._known: dict[Any, list[Cells]] = {}

    def prefixes(
        self, shard: int, position: tuple[int, ...], now: int, version: int
    ) -> list[Cells]:
        """Give what a shard's cells may be after the first events of each of its topics.

        The last of these are the events that others have forwarded.
        """
        key = shard, position, now, version
        if key not in self._known:
            *stops, received = position
            topics = self._world.topics.source[shard]
            own = [
                [
                    record.value[0]
                    for record in topic.committed
                    if record.offset < stop and home_of(record.value[0], shard) == shard
                ]
                for topic, stop in zip(topics, stops, strict=True)
            ]
            self._known[key] = [
                fold(rows_of([*own, forwarded]), now, version)
                for forwarded in self._forwarded(shard, received)
            ]
        return self._known[key]

    def _forwarded(self, shard: int, received: int) -> Iterator[list[Event]]:
        """Give the forwarded events that may be known before an offset.

        An event that was forwarded before and after it may be known or not: where the first
        record was compacted away before it was read, the event comes with the second.
        """
        records = [
            record
            for record in self._world.topics.forwards[shard].committed
            if record.value[0] is not None
        ]
        before = {record.key: record.value[0] for record in records if record.offset < received}
        again = {record.key for record in records if record.offset >= received} & before.keys()
        for count in range(len(again) + 1):
            for absent in combinations(sorted(again), count):
                yield [event for key, event in before.items() if key not in absent]

    def is_left_over(self) -> bool:
        """Whether forwarded events are still there when all is quiet."""
        for partition in self._world.topics.forwards:
            found = {r.key: r.value[0] for r in partition.read(0, partition.stable_end)}
            if any(event is not None for event in found.values()):
                return True
        return False

    def is_unread(self) -> bool:
        """Whether a stored source offset is not its topic's end, markers included."""
        for state, topics in zip(self._world.topics.state, self._world.topics.source, strict=True):
            found = {r.key: r.value for r in state.read(0, state.stable_end)}
            offsets = found.get(POSITION, START)[: len(topics)]
            if offsets != tuple(topic.end for topic in topics):
                return True
        return False

    def is_wrong(self) -> bool:
        """Compare what a reader finds in the output with the fold of all events."""
        world = self._world
        whole: dict[str, Cell | None] = {}
        for shard in range(len(world.topics.source)):
            events = [
                record.value[0]
                for source, topics in enumerate(world.topics.source)
                for topic in topics
                for record in topic.committed
                if home_of(record.value[0], source) == shard
            ]
            cells = fold(rows_of([events]), world.topics.clock, world.versions[0])
            for cell, value in cells.items():
                whole[cell] = plus(whole.get(cell), value)
        view: dict[str, Cell | None] = {}
        for partition in world.topics.output:
            world.compact(partition, 1)
            for record in partition.read(0, partition.stable_end):
                view[record.key] = record.value[0]
        return any(view.get(cell) != whole.get(cell) for cell in CELLS)

    def promises(self) -> tuple[bool, bool]:
        """Tell whether a readable value was unexplained, and whether a prefix went back."""
        found = [self._promises_of(partition) for partition in self._world.topics.output]
        return any(a for a, _ in found), any(b for _, b in found)

    def _promises_of(self, output: Partition) -> tuple[bool, bool]:
        is_unexplained = has_gone_back = False
        floor: dict[tuple[str, int], tuple[int, ...]] = {}
        for record in sorted(output.committed, key=lambda record: record.offset):
            value, ghosts = record.value
            possible: list[list[Cell | None]] = []
            for shard, (position, now, version) in ghosts.items():
                cells = self.prefixes(shard, position, now, version)
                possible.append([each.get(record.key) for each in cells])
                before = floor.get((record.key, shard), position)
                high = floor[record.key, shard] = tuple(map(max, before, position))
                has_gone_back |= high != position
            is_unexplained |= all(added_up(shares) != value for shares in product(*possible))
        return is_unexplained, has_gone_back
