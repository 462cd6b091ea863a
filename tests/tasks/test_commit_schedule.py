"""When shards speak."""

import time

import pytest

from streams.engine.catalogue.publish_priority import Priority
from streams.tasks.commit_schedule import (
    COMMIT_INTERVAL_SECONDS,
    FETCH_INTERVAL_SECONDS,
    FETCH_LEAD_SECONDS,
    commit_slot,
    every_commits,
    until_next_commit,
    until_next_fetch,
)

EARLY = 1e-6
BEAT = 1_000 * COMMIT_INTERVAL_SECONDS


def at(monkeypatch: pytest.MonkeyPatch, wall: float, monotonic: float) -> None:
    """Let both clocks stand."""
    monkeypatch.setattr(time, "time", lambda: wall)
    monkeypatch.setattr(time, "monotonic", lambda: monotonic)


def test_whoever_spoke_in_a_beat_waits_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, wall=BEAT + 0.03, monotonic=50.0)
    assert until_next_commit(49.98) == pytest.approx(COMMIT_INTERVAL_SECONDS - 0.03)
    # Whoever spoke before this beat may speak now.
    assert until_next_commit(49.96) == pytest.approx(-0.03)
    assert until_next_commit(10.0) < 0


def test_workers_with_other_monotonic_clocks_have_the_same_beat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for monotonic in (50.0, 7_777.777):
        at(monkeypatch, wall=BEAT + 0.03, monotonic=monotonic)
        assert until_next_commit(monotonic) == pytest.approx(COMMIT_INTERVAL_SECONDS - 0.03)


def test_no_commit_waits_longer_than_an_interval_when_the_clock_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for wall in (0.0, 1_000.0, 2_000_000_000.0):
        at(monkeypatch, wall=wall + 0.05, monotonic=50.0)
        assert until_next_commit(50.0) <= COMMIT_INTERVAL_SECONDS + EARLY


def test_a_fetch_comes_just_before_each_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, wall=BEAT + COMMIT_INTERVAL_SECONDS - 0.015, monotonic=50.0)
    until_fetch, until_commit = until_next_fetch(50.0), until_next_commit(50.0)
    assert until_commit - until_fetch == pytest.approx(FETCH_LEAD_SECONDS)
    # The next one follows an interval later, and one after a pause at once.
    at(monkeypatch, wall=BEAT - FETCH_LEAD_SECONDS, monotonic=60.0)
    assert until_next_fetch(60.0 + EARLY) == pytest.approx(FETCH_INTERVAL_SECONDS)
    assert until_next_fetch(60.0 - FETCH_INTERVAL_SECONDS - EARLY) <= EARLY


def slots_begin(
    monkeypatch: pytest.MonkeyPatch, priority: Priority, partition: int, kpis: int = 60
) -> tuple[int, ...]:
    """Grid steps at which a slot begins, of the first forty."""
    slots = []
    for step in range(40):
        at(monkeypatch, wall=(step + 0.5) * COMMIT_INTERVAL_SECONDS, monotonic=0.0)
        slots.append(commit_slot(priority, partition, kpis))
    return tuple(step for step in range(1, 40) if slots[step] != slots[step - 1])


@pytest.mark.parametrize("kpis", [1, 40, 60])
@pytest.mark.parametrize("priority", Priority)
def test_cells_have_one_commit_of_so_many(
    monkeypatch: pytest.MonkeyPatch, priority: Priority, kpis: int
) -> None:
    begin, *others = slots_begin(monkeypatch, priority, 0, kpis)
    every = every_commits(priority, kpis)
    assert begin == every
    assert others == [*range(2 * every, 40, every)]


def test_cells_of_few_kpis_have_more_commits() -> None:
    found = [every_commits(Priority.NEXT, kpis) for kpis in (1, 5, 35, 36, 60, 200)]
    assert found == [2, 2, 2, 3, 5, 5]
    for kpis in (1, 60):
        assert every_commits(Priority.FIRST, kpis) == 1
        assert every_commits(Priority.LATER, kpis) == 15


def test_partitions_have_the_same_commit_except_for_cells_that_come_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begins = {
        priority: {slots_begin(monkeypatch, priority, partition) for partition in range(4)}
        for priority in Priority
    }
    assert [len(begins[priority]) for priority in Priority] == [1, 1, 4]
