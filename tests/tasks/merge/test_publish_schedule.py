"""Which rounds of publishing are due, for given times, loads and keys that wait."""

from collections.abc import Iterable
from dataclasses import replace
from math import inf

import pytest
from aiokafka import ConsumerRecord

from streams.tasks.load_control import Load
from streams.tasks.merge.publish_schedule import (
    TOTAL_PARTITION,
    TOTAL_POLICY,
    VALUES_POLICY,
    LingerPolicy,
    PublishPolicy,
    PublishSchedule,
    Round,
    RoundKind,
    Waiting,
    partitions_of,
    policy_of,
)

INTERVAL_S = 0.2
PARTITIONS = 2
NOTHING = Waiting(0, 0, 0)
ALL = Waiting(5, 5, 5)
DAILY = Round(RoundKind.DAILY, 0, False)
DAILY_WITH_EXPENSIVE = Round(RoundKind.DAILY, 0, True)
LONG_WINDOWS = Round(RoundKind.LONG_WINDOWS, 100, False)
EXPENSIVE = Round(RoundKind.EXPENSIVE, 0, True)


def schedule(policy: PublishPolicy = VALUES_POLICY, *runs: Round) -> PublishSchedule:
    """A schedule after rounds that began at 100 and took a millisecond."""
    made = PublishSchedule(policy, INTERVAL_S, PARTITIONS)
    for run in runs:
        made.record(run, 100.0, 0.001)
    return made


def partials(*shards: int) -> list[ConsumerRecord]:
    """Partials from some aggregate partitions."""
    return [
        ConsumerRecord("partials", 0, 0, 0, 0, b"%d|1|rep=ann" % shard, b"", None, 0, 0, ())
        for shard in shards
    ]


def test_total_has_a_policy_of_its_own() -> None:
    assert policy_of(TOTAL_PARTITION) is TOTAL_POLICY
    assert {policy_of(number) is VALUES_POLICY for number in (1, 2, 6)} == {True}


@pytest.mark.parametrize(
    ("policy", "waiting", "due"),
    [
        (VALUES_POLICY, NOTHING, []),
        (VALUES_POLICY, Waiting(1, 0, 0), [DAILY, LONG_WINDOWS, EXPENSIVE]),
        (VALUES_POLICY, Waiting(0, 1, 0), [LONG_WINDOWS]),
        (VALUES_POLICY, Waiting(0, 0, 1), [EXPENSIVE]),
        (VALUES_POLICY, ALL, [DAILY, LONG_WINDOWS, EXPENSIVE]),
        # Of the grand total the daily round has the expensive KPIs.
        (TOTAL_POLICY, Waiting(1, 0, 1), [DAILY_WITH_EXPENSIVE, LONG_WINDOWS]),
        (TOTAL_POLICY, Waiting(0, 0, 1), [EXPENSIVE]),
        (TOTAL_POLICY, NOTHING, []),
    ],
)
def test_everything_that_waits_is_due_at_first(
    policy: PublishPolicy, waiting: Waiting, due: list[Round]
) -> None:
    for load in Load:
        assert schedule(policy).due(0.0, load, waiting) == due


@pytest.mark.parametrize(
    ("policy", "load", "daily_s", "expensive_s"),
    [
        (VALUES_POLICY, Load.HEAVY, 2.0, 2.0),
        (VALUES_POLICY, Load.LIGHT, 0.4, 0.4),
        (VALUES_POLICY, Load.IDLE, 0.4, 0.4),
        (TOTAL_POLICY, Load.HEAVY, 0.2, 1.0),
        (TOTAL_POLICY, Load.LIGHT, 0.2, 0.2),
        (TOTAL_POLICY, Load.IDLE, 0.2, 0.2),
    ],
)
def test_rounds_of_little_work_follow_after_their_least_interval(
    policy: PublishPolicy, load: Load, daily_s: float, expensive_s: float
) -> None:
    made = schedule(policy, DAILY, LONG_WINDOWS, EXPENSIVE)
    assert made.next_due_at(load, Waiting(1, 0, 1)) == pytest.approx(100.0 + daily_s)
    assert made.next_due_at(load, Waiting(0, 0, 1)) == pytest.approx(100.0 + expensive_s)
    assert made.due(100.0 + daily_s - 0.01, load, ALL) == []
    kinds = [due.kind for due in made.due(100.0 + daily_s + 0.01, load, Waiting(1, 1, 1))]
    assert kinds[0] is RoundKind.DAILY


def test_each_kind_of_round_has_a_pause_of_its_own() -> None:
    made = schedule()
    made.record(DAILY, 100.0, 0.001)
    made.record(LONG_WINDOWS, 100.0, 0.2)
    made.record(EXPENSIVE, 100.0, 0.4)
    times = (101.9, 102.1, 104.1, 108.1)
    found = [made.due(at, Load.HEAVY, ALL) for at in times]
    assert found == [
        [],
        [DAILY],
        [DAILY, EXPENSIVE],
        [DAILY, LONG_WINDOWS, EXPENSIVE],
    ]


def test_long_windows_are_due_at_once_when_nothing_else_waits() -> None:
    made = schedule()
    made.record(LONG_WINDOWS, 100.0, 9.0)
    assert made.due(100.1, Load.HEAVY, Waiting(0, 5, 0)) == [LONG_WINDOWS]
    assert made.due(100.1, Load.HEAVY, Waiting(1, 5, 0)) == [DAILY, EXPENSIVE]
    # It is not known that nothing else waits until a daily round is due.
    made.record(DAILY, 100.0, 0.001)
    assert made.due(100.1, Load.HEAVY, Waiting(0, 5, 0)) == []


def test_a_part_of_the_long_windows_brings_the_next_part_sooner() -> None:
    made = schedule(replace(VALUES_POLICY, interval_factor=1), DAILY)
    made.record(LONG_WINDOWS, 100.0, 9.0, part=0.1)
    assert made.due(100.9, Load.HEAVY, Waiting(1, 5, 0))[1:] == [EXPENSIVE]
    assert made.due(101.1, Load.HEAVY, Waiting(1, 5, 0))[1] == LONG_WINDOWS


def test_expensive_kpis_of_a_daily_round_count_for_both_kinds() -> None:
    made = schedule(TOTAL_POLICY, DAILY_WITH_EXPENSIVE)
    assert made.due(100.5, Load.HEAVY, Waiting(1, 0, 1))[0] == DAILY
    assert made.due(101.1, Load.HEAVY, Waiting(1, 0, 1))[0] == DAILY_WITH_EXPENSIVE


def test_merging_is_due_with_the_daily_round() -> None:
    made = schedule(VALUES_POLICY, DAILY)
    assert [made.is_merge_due(at, Load.HEAVY) for at in (101.9, 102.1)] == [False, True]


def test_nothing_is_due_ever_if_nothing_waits() -> None:
    assert schedule().next_due_at(Load.HEAVY, NOTHING) == inf


@pytest.mark.parametrize(("load", "factor"), [(Load.IDLE, 0), (Load.LIGHT, 1), (Load.HEAVY, 3)])
def test_slices_of_values_leave_the_event_loop_to_others(load: Load, factor: float) -> None:
    assert schedule().yield_s(0.01, load) == pytest.approx(factor * 0.01)
    assert schedule(TOTAL_POLICY).yield_s(0.01, load) == 0.0


def linger_s(made: PublishSchedule, now: float, *shards: int, found_idle: bool = False) -> float:
    """Linger of the partials of these partitions, the first of which came at 100.3."""
    return made.linger_s([partials(*shards)], 100.3, found_idle, now, Load.HEAVY)


def busy(policy: PublishPolicy, *recent: Iterable[int]) -> PublishSchedule:
    """A schedule whose last round was at 100, and which is never idle."""
    linger = policy.linger and replace(policy.linger, idle_s=inf)
    made = schedule(replace(policy, linger=linger), DAILY)
    for shards in recent:
        made.received([partials(*shards)])
    return made


def test_values_do_not_linger_when_idle_and_wait_for_their_round_otherwise() -> None:
    assert linger_s(busy(VALUES_POLICY), 100.3, 0, found_idle=True) == 0.0
    assert linger_s(busy(VALUES_POLICY), 100.3, 0) == pytest.approx(1.7)


def test_total_lingers_until_all_partitions_have_come_or_for_the_timeout() -> None:
    made, policy = busy(TOTAL_POLICY), LingerPolicy()
    assert linger_s(made, 100.3, 0) == pytest.approx(policy.poll_s)
    assert linger_s(made, 100.3, 0, 1) <= 0
    assert linger_s(made, 100.3 + policy.timeout_s, 0) <= 0


def test_total_does_not_linger_after_a_pause() -> None:
    assert linger_s(schedule(TOTAL_POLICY, DAILY), 100.3, 0) <= 0


@pytest.mark.parametrize(("recent", "waits"), [([[0], [1]], True), ([[0], [0]], False)])
def test_idle_total_lingers_if_all_partitions_have_come_lately(
    recent: list[list[int]], waits: bool
) -> None:
    made = busy(TOTAL_POLICY, *recent)
    assert (linger_s(made, 100.3, 0, found_idle=True) > 0) is waits


def test_partials_name_their_partitions() -> None:
    assert partitions_of([partials(0, 3), partials(3)]) == {0, 3}
