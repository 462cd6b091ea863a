"""When a merge task publishes what: policies and schedule, so that little time goes into it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import inf

from streams.engine.catalogue.publish_priority import DIMENSIONS, Priority
from streams.engine.merge.dimension_groups import group_of
from streams.internal_topics import partials
from streams.kafka.reader import Records
from streams.kafka.topics import MERGE_PARTITIONS
from streams.tasks.load_control import (
    Load,
    Pace,
    RateLimiter,
)

TOTAL_PARTITION = 0
# Rounds of lower priorities are short, but for windows of thousands of reps.
OVERDUE_SECONDS = 0.5


@dataclass(frozen=True)
class LingerPolicy:
    """How long to wait until the partials of all aggregate partitions have come.

    While many events come, aggregate partitions commit with every tick of their schedule, all at
    once: one round after the last of them carries what would else be one round for each.

    Attributes:
        timeout_s: Seconds after the first partials at which the round begins anyway: some
            partitions may have nothing to send.
        poll_s: Seconds between two looks at what has come; a latency that is added at most.
        idle_s: Seconds without a round after which the first change goes out at once.
    """

    timeout_s: float = 0.06
    poll_s: float = 0.005
    idle_s: float = 0.25


@dataclass(frozen=True, slots=True)
class ByLoad:
    """A number for each load."""

    idle: float
    light: float
    heavy: float
    backlog: float

    def of(self, load: Load) -> float:
        """The number for a load."""
        return (self.idle, self.light, self.heavy, self.backlog)[load]


@dataclass(frozen=True)
class RoundPolicy:
    """How often rounds of one priority are, and how they use the event loop.

    Rounds are as far apart as their share of the time demands, within their bounds (see `Pace`).

    Attributes:
        interval_factor: By load, rounds are at least this many `publish_interval` apart.
        min_s: By load, seconds from one round to the next, at least. What changes with every
            event is written once for all changes between two rounds.
        max_s: Seconds until everything of the priority has been published, at most.
        share: By load, the part of the time for these rounds.
        max_scopes: Scopes of windows in one round, of lower priorities than the first. They go
            out window by window, so that a rep's day need not wait for all reps' years; the
            other parts follow within the same time.
        slice_s: Seconds of work before a slice ends and the event loop runs. 0: after every
            batch.
        yield_factor: By load, the pause after a slice in multiples of what the slice took: each
            slice delays every step of a commit of the other tasks.
    """

    interval_factor: ByLoad
    min_s: ByLoad
    max_s: float
    share: ByLoad
    max_scopes: int | None = None
    slice_s: float = 0.002
    yield_factor: ByLoad = ByLoad(0.0, 1.0, 1.0, 3.0)

    def pace(self, load: Load, interval_s: float) -> Pace:
        """Pace under a load; `interval_s` is the publish interval."""
        min_s = max(self.min_s.of(load), interval_s * self.interval_factor.of(load))
        return Pace(self.share.of(load), min_s, self.max_s)


@dataclass(frozen=True)
class PublishPolicy:
    """How often records are published, and how much of a worker's time that may take.

    Attributes:
        first: Rounds of what people look at. Partials are merged with them.
        following: Rounds of what comes next.
        later: Rounds of everything else.
        begin_early: Open the transaction of a first round before merging, so that the broker
            answers meanwhile.
        linger: When to wait for the partials of all partitions; None: never.
    """

    first: RoundPolicy
    following: RoundPolicy
    later: RoundPolicy
    begin_early: bool
    linger: LingerPolicy | None

    def of(self, priority: Priority) -> RoundPolicy:
        """Policy of the rounds of a priority."""
        return (self.first, self.following, self.later)[priority]


ONCE = ByLoad(1, 1, 1, 1)
NEVER_WAITS = ByLoad(0, 0, 0, 0)
# Few keys, and everybody looks at them. In each pause of a slice all that has come up meanwhile
# would be done first, so that a round has few.
TOTAL_POLICY = PublishPolicy(
    first=RoundPolicy(ONCE, NEVER_WAITS, 2.0, ByLoad(1, 0.2, 0.2, 0.2), None, 0.005, NEVER_WAITS),
    following=RoundPolicy(ONCE, ByLoad(0, 0.5, 2, 2), 5.0, ByLoad(1, 0.125, 0.1, 0.1)),
    later=RoundPolicy(ONCE, ByLoad(0, 2, 10, 5), 10.0, ByLoad(1, 0.125, 0.05, 0.05)),
    begin_early=True,
    linger=LingerPolicy(),
)
# Days of reps, teams and channels, as soon as their cells have come from all partitions. With time
# to spare a round that is cheap, of a choice of KPIs, follows each commit.
MEMBERS_POLICY = PublishPolicy(
    first=RoundPolicy(
        ByLoad(1, 1, 2, 10),
        NEVER_WAITS,
        2.0,
        ByLoad(1, 0.1, 0.2, 0.025),
        None,
        0.005,
        ByLoad(0, 0, 0, 3),
    ),
    following=RoundPolicy(
        ByLoad(1, 2, 10, 10), ByLoad(0, 2, 10, 5), 15.0, ByLoad(1, 0.05, 0.05, 0.025), 50
    ),
    later=RoundPolicy(
        ByLoad(1, 2, 10, 10), ByLoad(0, 5, 30, 10), 30.0, ByLoad(1, 0.05, 0.04, 0.025), 50
    ),
    begin_early=True,
    # Their cells come less often, and take the aggregate tasks longer.
    linger=LingerPolicy(timeout_s=0.1, idle_s=0.6),
)
# Dimensions of which nothing comes first: their cells come later, too.
OTHERS_POLICY = replace(
    MEMBERS_POLICY,
    first=replace(MEMBERS_POLICY.first, interval_factor=ByLoad(1, 2, 10, 10)),
    begin_early=False,
    linger=None,
)
MEMBERS_PARTITIONS = {group_of(name) % MERGE_PARTITIONS for name in DIMENSIONS}


def policy_of(partition: int) -> PublishPolicy:
    """Policy of the merge task of a partition."""
    if partition == TOTAL_PARTITION:
        return TOTAL_POLICY
    return MEMBERS_POLICY if partition in MEMBERS_PARTITIONS else OTHERS_POLICY


# How many windows of a scope wait, by priority.
Waiting = Mapping[Priority, int]


class PublishSchedule:
    """When the rounds of one merge task are due.

    Times are seconds of the monotonic clock. After a pause the first change is due at once.
    `partitions` is the number of aggregate partitions.
    """

    def __init__(self, policy: PublishPolicy, publish_interval_s: float, partitions: int) -> None:
        self.policy = policy
        self._partitions = partitions
        self._limiters = {
            each: RateLimiter(partial(policy.of(each).pace, interval_s=publish_interval_s))
            for each in Priority
        }
        self._first = self._limiters[Priority.FIRST]
        # The partitions that the last partials were from, and those before.
        self._recent_partitions: tuple[set[int], set[int]] = set(), set()

    def restored(self, now: float) -> None:
        """Let all that was restored wait like what changes: only the first round is due at once."""
        for each in (Priority.NEXT, Priority.LATER):
            self._limiters[each].record(now, 0.0)

    def is_first_due(self, now: float, load: Load) -> bool:
        """Whether a first round may begin: just before it, what was read is merged."""
        return self._first.is_due(now, load)

    def is_interrupted(self, priority: Priority, now: float, load: Load) -> bool:
        """Whether a round has to end for a first one: something may have been read meanwhile."""
        is_overdue = self._first.is_due(now - OVERDUE_SECONDS, load)
        return priority is not Priority.FIRST and load is not Load.IDLE and is_overdue

    def due(self, now: float, load: Load, waiting: Waiting) -> list[Priority]:
        """Rounds to run, in order, once everything that was read is merged.

        The first round may leave work for others: these are listed where they would be due, and
        have nothing to do if none is left.
        """
        if not self._first.is_due(now, load):
            return []
        is_any = bool(waiting[Priority.FIRST])
        return [
            each
            for each, limiter in self._limiters.items()
            if (waiting[each] or is_any)
            and (each is Priority.FIRST or limiter.is_due(now, load))
            and (is_any or each is not Priority.FIRST)
        ]

    def record(self, priority: Priority, began: float, busy_s: float, part: float = 1.0) -> None:
        """Record a round that has begun at an instant and has taken so many seconds of work.

        `part` is how much of what waited it has published.
        """
        self._limiters[priority].record(began, busy_s, part)

    def next_due_at(self, load: Load, waiting: Waiting) -> float:
        """When the next round for what waits is due; infinite if nothing waits."""
        times = (limiter.next_at(load) for each, limiter in self._limiters.items() if waiting[each])
        return max(self._first.next_at(load), min(times, default=inf))

    def linger_s(
        self, lists: Collection[Records], since: float, found_idle: bool, now: float, load: Load
    ) -> float:
        """Seconds after which to ask again whether to process `lists`; 0 or less: process now.

        `since` is when the first of them came, and `found_idle` whether the task had nothing to
        do then.
        """
        due_in_s = self._first.next_at(load) - now
        linger = self.policy.linger
        if linger is None:
            return 0.0 if found_idle else due_in_s
        if now - self._first.began > linger.idle_s:
            return due_in_s
        if found_idle and len(set.union(*self._recent_partitions)) < self._partitions:
            # Few events: the other partitions may have nothing to send.
            return 0.0
        if len(partitions_of(lists)) >= self._partitions:
            return due_in_s
        return max(due_in_s, min(linger.poll_s, since + linger.timeout_s - now))

    def received(self, lists: Collection[Records]) -> None:
        """Record which partitions the partials to process are from."""
        if self.policy.linger is not None:
            self._recent_partitions = partitions_of(lists), self._recent_partitions[0]


def partitions_of(lists: Collection[Records]) -> set[int]:
    """Aggregate partitions that partials are from."""
    return {partials.locate(record.key)[0] for records in lists for record in records}
