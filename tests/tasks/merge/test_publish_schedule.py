"""Which rounds of publishing are due, for given times, loads and keys that wait."""

from collections.abc import Iterable
from dataclasses import replace
from math import inf

import pytest
from aiokafka import ConsumerRecord

from streams.engine.catalogue.publish_priority import Priority
from streams.tasks.commit_schedule import COMMIT_INTERVAL_SECONDS, every_commits
from streams.tasks.load_control import Load
from streams.tasks.merge.publish_schedule import (
    MEMBERS_POLICY,
    OTHERS_POLICY,
    TOTAL_PARTITION,
    TOTAL_POLICY,
    LingerPolicy,
    PublishPolicy,
    PublishSchedule,
    Waiting,
    partitions_of,
    policy_of,
)

INTERVAL_S = 0.2
PARTITIONS = 2
FIRST, NEXT, LATER = Priority


def waiting(first: int, following: int, later: int) -> Waiting:
    return dict(zip(Priority, (first, following, later), strict=True))


NOTHING, ALL = waiting(0, 0, 0), waiting(5, 5, 5)


def schedule(policy: PublishPolicy = MEMBERS_POLICY, *runs: Priority) -> PublishSchedule:
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


def test_total_members_and_others_have_policies_of_their_own() -> None:
    assert policy_of(TOTAL_PARTITION) is TOTAL_POLICY
    assert [policy_of(number) for number in range(1, 7)] == [
        *(MEMBERS_POLICY, MEMBERS_POLICY),
        *4 * [OTHERS_POLICY],
    ]


@pytest.mark.parametrize("policy", [TOTAL_POLICY, MEMBERS_POLICY, OTHERS_POLICY])
@pytest.mark.parametrize(
    ("what", "due"),
    [
        (NOTHING, []),
        # The first round may leave something for the others.
        (waiting(1, 0, 0), [FIRST, NEXT, LATER]),
        (waiting(0, 1, 0), [NEXT]),
        (waiting(0, 0, 1), [LATER]),
        (ALL, [FIRST, NEXT, LATER]),
    ],
)
def test_everything_that_waits_is_due_at_first(
    policy: PublishPolicy, what: Waiting, due: list[Priority]
) -> None:
    for load in Load:
        assert schedule(policy).due(0.0, load, what) == due


@pytest.mark.parametrize(
    ("policy", "load", "first_s", "later_s"),
    [
        (MEMBERS_POLICY, Load.BACKLOG, 2.0, 10.0),
        (MEMBERS_POLICY, Load.HEAVY, 0.4, 30.0),
        (MEMBERS_POLICY, Load.LIGHT, 0.2, 5.0),
        (MEMBERS_POLICY, Load.IDLE, 0.2, 0.2),
        (TOTAL_POLICY, Load.HEAVY, 0.2, 10.0),
        (TOTAL_POLICY, Load.LIGHT, 0.2, 2.0),
        (TOTAL_POLICY, Load.IDLE, 0.2, 0.2),
    ],
)
def test_rounds_of_little_work_follow_after_their_least_interval(
    policy: PublishPolicy, load: Load, first_s: float, later_s: float
) -> None:
    made = schedule(policy, *Priority)
    assert made.next_due_at(load, waiting(1, 0, 1)) == pytest.approx(100.0 + first_s)
    assert made.next_due_at(load, waiting(0, 0, 1)) == pytest.approx(100.0 + later_s)
    assert made.due(100.0 + first_s - 0.01, load, ALL) == []
    assert made.due(100.0 + first_s + 0.01, load, ALL)[0] is FIRST


@pytest.mark.parametrize(("kpis", "round_s"), [(60, 0.07), (5, 0.02)])
def test_a_round_of_members_is_due_by_the_time_of_their_next_cells(
    kpis: int, round_s: float
) -> None:
    made = PublishSchedule(MEMBERS_POLICY, 0.05, PARTITIONS)
    made.record(FIRST, 100.0, round_s)
    next_cells_s = every_commits(NEXT, kpis) * COMMIT_INTERVAL_SECONDS
    assert made.next_due_at(Load.HEAVY, waiting(1, 0, 0)) < 100.0 + next_cells_s


def test_each_priority_has_a_pause_of_its_own() -> None:
    made = schedule()
    made.record(FIRST, 100.0, 0.001)
    made.record(NEXT, 100.0, 0.6)
    made.record(LATER, 100.0, 1.0)
    times = (100.3, 100.5, 112.1, 130.1)
    found = [made.due(at, Load.HEAVY, ALL) for at in times]
    assert found == [[], [FIRST], [FIRST, NEXT], [FIRST, NEXT, LATER]]


def test_what_comes_later_waits_for_its_round_even_if_nothing_else_waits() -> None:
    made = schedule(MEMBERS_POLICY, FIRST, LATER)
    assert made.due(101.0, Load.HEAVY, waiting(0, 0, 5)) == []
    assert made.due(101.0, Load.IDLE, waiting(0, 0, 5)) == [LATER]


def test_a_part_of_what_comes_later_brings_the_next_part_sooner() -> None:
    made = schedule(MEMBERS_POLICY, FIRST)
    made.record(LATER, 100.0, 9.0, part=0.1)
    assert LATER not in made.due(102.9, Load.HEAVY, ALL)
    assert LATER in made.due(103.1, Load.HEAVY, ALL)


def test_everything_goes_out_within_half_a_minute_however_long_rounds_take() -> None:
    for policy in (TOTAL_POLICY, MEMBERS_POLICY, OTHERS_POLICY):
        made = PublishSchedule(policy, 0.05, PARTITIONS)
        for priority in Priority:
            made.record(priority, 100.0, 60.0)
        for load in Load:
            assert made.next_due_at(load, waiting(0, 0, 1)) <= 160.0
            assert load is Load.IDLE or made.due(130.1, load, ALL) == [FIRST, NEXT, LATER]


@pytest.mark.parametrize(
    ("priority", "load", "at", "ends"),
    [
        (LATER, Load.HEAVY, 100.8, False),
        (LATER, Load.HEAVY, 101.0, True),
        (NEXT, Load.HEAVY, 101.0, True),
        (LATER, Load.IDLE, 101.4, False),
        (FIRST, Load.HEAVY, 101.4, False),
    ],
)
def test_round_ends_early_for_a_first_one_that_is_overdue(
    priority: Priority, load: Load, at: float, ends: bool
) -> None:
    assert schedule(MEMBERS_POLICY, FIRST).is_interrupted(priority, at, load) is ends


def test_merging_is_due_with_the_first_round() -> None:
    made = schedule(MEMBERS_POLICY, FIRST)
    assert [made.is_first_due(at, Load.HEAVY) for at in (100.3, 100.5)] == [False, True]


def test_nothing_is_due_ever_if_nothing_waits() -> None:
    assert schedule().next_due_at(Load.HEAVY, NOTHING) == inf


def linger_s(made: PublishSchedule, now: float, *shards: int, found_idle: bool = False) -> float:
    """Linger of the partials of these partitions, the first of which came at 100.3."""
    return made.linger_s([partials(*shards)], 100.3, found_idle, now, Load.HEAVY)


def busy(policy: PublishPolicy, *recent: Iterable[int]) -> PublishSchedule:
    """A schedule whose last round was at 100, and which is never idle."""
    linger = policy.linger and replace(policy.linger, idle_s=inf)
    made = schedule(replace(policy, linger=linger), FIRST)
    for shards in recent:
        made.received([partials(*shards)])
    return made


def test_others_do_not_linger_when_idle_and_wait_for_their_round_otherwise() -> None:
    assert linger_s(busy(OTHERS_POLICY), 100.3, 0, found_idle=True) == 0.0
    assert linger_s(busy(OTHERS_POLICY), 100.3, 0) == pytest.approx(1.7)


def test_total_lingers_until_all_partitions_have_come_or_for_the_timeout() -> None:
    made, policy = busy(TOTAL_POLICY), LingerPolicy()
    assert linger_s(made, 100.3, 0) == pytest.approx(policy.poll_s)
    assert linger_s(made, 100.3, 0, 1) <= 0
    assert linger_s(made, 100.3 + policy.timeout_s, 0) <= 0


def test_total_does_not_linger_after_a_pause() -> None:
    assert linger_s(schedule(TOTAL_POLICY, FIRST), 100.3, 0) <= 0


@pytest.mark.parametrize("kpis", [5, 60])
def test_members_linger_although_their_cells_pause_between_two_commits(kpis: int) -> None:
    made = PublishSchedule(MEMBERS_POLICY, 0.05, PARTITIONS)
    made.record(FIRST, 100.0, 0.02)
    came = 100.0 + every_commits(NEXT, kpis) * COMMIT_INTERVAL_SECONDS
    assert made.linger_s([partials(0)], came, False, came, Load.HEAVY) > 0
    assert made.linger_s([partials(0, 1)], came, False, came, Load.HEAVY) <= 0


@pytest.mark.parametrize(("recent", "waits"), [([[0], [1]], True), ([[0], [0]], False)])
def test_idle_total_lingers_if_all_partitions_have_come_lately(
    recent: list[list[int]], waits: bool
) -> None:
    made = busy(TOTAL_POLICY, *recent)
    assert (linger_s(made, 100.3, 0, found_idle=True) > 0) is waits


def test_partials_name_their_partitions() -> None:
    assert partitions_of([partials(0, 3), partials(3)]) == {0, 3}
