"""When a merge task publishes what: policies and schedule, so that little time goes into it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import NamedTuple

from streams.internal_topics import partials
from streams.kafka.reader import Records
from streams.tasks.load_control import (
    Load,
    RateLimit,
    RateLimiter,
)

TOTAL_PARTITION = 0


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


@dataclass(frozen=True)
class PublishPolicy:
    """How often records are published, and how much of a worker's time that may take.

    Daily windows, long windows of dimension values and expensive KPIs have rounds of their own:
    who looks at one day sees it soon, however much changes. Rounds of one kind are as far apart
    as their share of the time demands, within their bounds (see `RateLimit`).

    Attributes:
        interval_factor: Rounds are at least this many `publish_interval` apart under heavy load.
            The grand total has few keys and each changes with every event; dimension values have
            many, and a later round writes several changes of a key as one.
        spare_interval_factor: The same under light load or none: there is time to be faster.
        daily_share: Part of the time for merging and for rounds of daily windows. Rounds of the
            grand total are short, and everybody looks at it.
        daily_max_s: Seconds from one daily round to the next, at most.
        long_windows_share: Part of the time for rounds of long windows of dimension values.
        long_windows_max_s: Seconds until each of them has been published, at most.
        long_window_scopes: Scopes of long windows in one round. They go out window by window, so
            that a rep's day need not wait for all reps' years; this many fill a transaction.
        expensive_share: Part of the time for rounds of expensive KPIs.
        expensive_min_s: Seconds between two of these under heavy load, at least: expensive KPIs
            change with every event, but not by much.
        expensive_max_s: Seconds between two of these, at most.
        expensive_with_daily: Publish expensive KPIs that are due in a daily round, not in one of
            their own. The grand total has one such record per window: less to write than a
            transaction costs.
        begin_early: Open the transaction of a daily round before merging, so that the broker
            answers meanwhile.
        spare_share: Part of the time for each kind of round under light load.
        slice_s: Seconds of work before a slice ends and the event loop runs. The grand total
            waits in each pause for all that has come up meanwhile, and without this a round of
            it would have a dozen pauses. 0: after every batch.
        yield_factor: By load, the pause after a slice in multiples of what the slice took: each
            slice delays every step of a commit of the other tasks.
        linger: When to wait for the partials of all partitions; None: never.
    """

    interval_factor: float
    spare_interval_factor: float
    daily_share: float
    expensive_with_daily: bool
    begin_early: bool
    slice_s: float
    yield_factor: Mapping[Load, float]
    linger: LingerPolicy | None
    daily_max_s: float = 2.0
    long_windows_share: float = 0.025
    long_windows_max_s: float = 10.0
    long_window_scopes: int = 100
    expensive_share: float = 0.1
    expensive_min_s: float = 1.0
    expensive_max_s: float = 5.0
    spare_share: float = 0.125

    def limit(self, interval_s: float, share: float, max_s: float, min_s: float = 0.0) -> RateLimit:
        """Limit of one kind of round; `interval_s` is the publish interval."""
        min_s = max(min_s, interval_s * self.interval_factor)
        spare_s = interval_s * self.spare_interval_factor
        return RateLimit(share, self.spare_share, min_s, spare_s, max(min_s, max_s))


TOTAL_POLICY = PublishPolicy(
    interval_factor=1,
    spare_interval_factor=1,
    daily_share=0.2,
    expensive_with_daily=True,
    begin_early=True,
    slice_s=0.005,
    yield_factor={Load.IDLE: 0.0, Load.LIGHT: 0.0, Load.HEAVY: 0.0},
    linger=LingerPolicy(),
)
VALUES_POLICY = PublishPolicy(
    interval_factor=10,
    spare_interval_factor=2,
    daily_share=0.025,
    expensive_with_daily=False,
    begin_early=False,
    slice_s=0.0,
    yield_factor={Load.IDLE: 0.0, Load.LIGHT: 1.0, Load.HEAVY: 3.0},
    linger=None,
)


def policy_of(partition: int) -> PublishPolicy:
    """Policy of the merge task of a partition."""
    return TOTAL_POLICY if partition == TOTAL_PARTITION else VALUES_POLICY


class RoundKind(Enum):
    """What a round is for."""

    DAILY = "daily windows, and all windows of the grand total"
    LONG_WINDOWS = "long windows of dimension values"
    EXPENSIVE = "expensive KPIs"


class Round(NamedTuple):
    """A round that is due; `max_long_windows` and `with_expensive` as in `MergerPort`."""

    kind: RoundKind
    max_long_windows: int
    with_expensive: bool


class Waiting(NamedTuple):
    """What waits to be published: keys by the kind of round."""

    daily: int
    long_windows: int
    expensive: int

    def of(self, kind: RoundKind) -> int:
        """Keys that wait for a kind of round."""
        if kind is RoundKind.DAILY:
            return self.daily
        return self.long_windows if kind is RoundKind.LONG_WINDOWS else self.expensive


class PublishSchedule:
    """When the rounds of one merge task are due.

    Times are seconds of the monotonic clock. After a pause the first change is due at once.
    `partitions` is the number of aggregate partitions.
    """

    def __init__(self, policy: PublishPolicy, publish_interval_s: float, partitions: int) -> None:
        self.policy = policy
        self._partitions = partitions
        self._daily = RateLimiter(
            policy.limit(publish_interval_s, policy.daily_share, policy.daily_max_s)
        )
        self._long_windows = RateLimiter(
            policy.limit(publish_interval_s, policy.long_windows_share, policy.long_windows_max_s)
        )
        self._expensive = RateLimiter(
            policy.limit(
                publish_interval_s,
                policy.expensive_share,
                policy.expensive_max_s,
                policy.expensive_min_s,
            )
        )
        # The partitions that the last partials were from, and those before.
        self._recent_partitions: tuple[set[int], set[int]] = set(), set()

    def is_merge_due(self, now: float, load: Load) -> bool:
        """Whether to merge what was read: just before a daily round may begin."""
        return self._daily.is_due(now, load)

    def due(self, now: float, load: Load, waiting: Waiting) -> list[Round]:
        """Rounds to run, in order, once everything that was read is merged if that was due.

        The daily round may leave long windows and expensive KPIs: rounds for those are listed
        where they would be due, and have nothing to do if none is left. Long windows are due
        at once when nothing else has changed.
        """
        policy, rounds = self.policy, []
        is_daily_due = self._daily.is_due(now, load)
        is_expensive_due = self._expensive.is_due(now, load)
        has_expensive = False
        if is_daily_due and waiting.daily:
            has_expensive = policy.expensive_with_daily and is_expensive_due
            rounds.append(Round(RoundKind.DAILY, 0, has_expensive))
        is_quiet = is_daily_due and not waiting.daily
        may_leave = bool(rounds)
        if (waiting.long_windows or may_leave) and (
            is_quiet or self._long_windows.is_due(now, load)
        ):
            rounds.append(Round(RoundKind.LONG_WINDOWS, policy.long_window_scopes, False))
        if (waiting.expensive or may_leave) and is_expensive_due and not has_expensive:
            rounds.append(Round(RoundKind.EXPENSIVE, 0, True))
        return rounds

    def record(self, run: Round, began: float, busy_s: float, part: float = 1.0) -> None:
        """Record a round that has begun at an instant and has taken so many seconds of work.

        `part` is how much of what waited it has published.
        """
        if run.kind is RoundKind.DAILY:
            self._daily.record(began, busy_s)
        elif run.kind is RoundKind.LONG_WINDOWS:
            self._long_windows.record(began, busy_s, part)
        if run.with_expensive:
            self._expensive.record(began, busy_s)

    def next_due_at(self, load: Load, waiting: Waiting) -> float:
        """When the next round for what waits is due; infinite if nothing waits."""
        if waiting.daily or waiting.long_windows:
            return self._daily.next_at(load)
        if waiting.expensive:
            return max(self._daily.next_at(load), self._expensive.next_at(load))
        return inf

    def linger_s(
        self, lists: Collection[Records], since: float, found_idle: bool, now: float, load: Load
    ) -> float:
        """Seconds after which to ask again whether to process `lists`; 0 or less: process now.

        `since` is when the first of them came, and `found_idle` whether the task had nothing to
        do then.
        """
        due_in_s = self._daily.next_at(load) - now
        linger = self.policy.linger
        if linger is None:
            return 0.0 if found_idle else due_in_s
        if now - self._daily.began > linger.idle_s:
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

    def yield_s(self, took_s: float, load: Load) -> float:
        """Seconds to leave the event loop to others after a slice that took so long."""
        return self.policy.yield_factor[load] * took_s


def partitions_of(lists: Collection[Records]) -> set[int]:
    """Aggregate partitions that partials are from."""
    return {partials.locate(record.key)[0] for records in lists for record in records}
