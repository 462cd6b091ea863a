"""Once a frontier has passed an epoch, readers have nothing that is older than it.

While events come, days pass and rounds are broken off, so that something waits all the time: this
is what a merge task's progress report promises.
"""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from streams.config.settings import Settings
from streams.engine.catalogue.publish_priority import Priority
from streams.engine.merge.dimension_groups import dimension_of, group_of
from streams.engine.merge.merger import Merger
from tests.histories.strategies import nows, settings_of_reporting, small_histories
from tests.laws.published import EventDict, bodies
from tests.laws.test_law_of_sets import Stream

DAY_MS = 86_400_000
# A priority, scopes of a round, and how many of its records are read; the whole of everything.
SCOPES, SIZES = st.sampled_from((9, 40, None)), st.sampled_from((30, None, None))
ROUNDS = st.tuples(st.sampled_from(Priority), SCOPES, SIZES)
WHOLE = (None, None, None)


class Follower:
    """Reads what one merger gives, and notes when an epoch has begun."""

    def __init__(self, merger: Merger, group: int) -> None:
        """Begin with nothing read."""
        self.merger = merger
        self.group = group
        self.records: dict[str, bytes] = {}
        self._began: list[tuple[int, int]] = []

    def read(
        self, step: int, priority: Priority | None, scopes: int | None, limit: int | None
    ) -> None:
        """Read a part of a round that begins after a step."""
        begun = self.merger.begin_round(priority, scopes)
        self._began.append((self.merger.epoch, step))
        for name, body, _ in begun.next_batch(limit):
            self.records.pop(name, None)
            if body is not None:
                self.records[name] = body

    @property
    def reached(self) -> int:
        """The last step that is published, -1 for none."""
        frontier = self.merger.frontier
        return max((step for epoch, step in self._began if epoch <= frontier), default=-1)

    def check(self, truths: list[dict[str, bytes]]) -> None:
        """Compare what was read with what was true after the step that is published, or later."""
        if self.reached >= 0:
            since = [self._own(truth) for truth in truths[self.reached :]]
            for name in {*self.records, *(name for truth in since for name in truth)}:
                assert self.records.get(name) in [truth.get(name) for truth in since], name

    def _own(self, truth: dict[str, bytes]) -> dict[str, bytes]:
        return {name: body for name, body in truth.items() if group_of_key(name) == self.group}


@given(data=st.data())
def test_readers_have_what_a_frontier_has_passed(data: st.DataObject) -> None:
    events = data.draw(small_histories())
    options = data.draw(settings_of_reporting())
    now = data.draw(nows(events))
    stream = Stream(replace(Settings(), **options), now)
    followers = [Follower(merger, number) for number, merger in enumerate(stream.mergers)]
    truths: list[dict[str, bytes]] = []
    arrived: list[EventDict] = []
    for step, part in enumerate(parts(data, data.draw(st.permutations(events)))):
        now += data.draw(st.sampled_from((0, 0, 0, DAY_MS)))
        stream.process(part, now)
        arrived += part
        truths.append(bodies(arrived, Settings(now=now, **options)))
        for follower in followers:
            for drawn in data.draw(st.lists(ROUNDS | st.just(WHOLE), max_size=8)):
                follower.read(step, *drawn)
                follower.check(truths)
    for follower in followers:
        follower.read(len(truths) - 1, *WHOLE)
        assert follower.reached == len(truths) - 1
        follower.check(truths)


def parts(data: st.DataObject, events: list[EventDict]) -> Iterator[list[EventDict]]:
    """Cut events into parts of a few."""
    while events:
        size = data.draw(st.integers(1, 8))
        yield events[:size]
        events = events[size:]


def group_of_key(key: str) -> int:
    """Give the number of the group of a published key."""
    scope = key.split("|")[1]
    return group_of("" if scope == "all" else dimension_of(scope))
