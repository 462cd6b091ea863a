"""When shards speak."""

import time

import pytest

from streams.tasks.commit_schedule import (
    COMMIT_INTERVAL_SECONDS,
    VALUES_EVERY_COMMITS,
    until_next_commit,
    values_slot,
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


def test_values_have_one_commit_in_three_and_shards_alternate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begins: dict[int, set[int]] = {}
    for shard in range(VALUES_EVERY_COMMITS):
        turns = []
        for beat in range(4 * VALUES_EVERY_COMMITS):
            at(monkeypatch, wall=(beat + 0.5) * COMMIT_INTERVAL_SECONDS, monotonic=0.0)
            turns.append(values_slot(shard))
        begins[shard] = {n % VALUES_EVERY_COMMITS for n in range(1, 12) if turns[n] != turns[n - 1]}
        assert len(set(turns)) in (4, 5)
    assert sorted(map(sorted, begins.values())) == [[0], [1], [2]]
