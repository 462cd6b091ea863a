"""The memory of replays and the limit of requests, each by a clock of the test."""

from hypothesis import given
from hypothesis import strategies as st

from streams.gateway.webhooks.rate_limit import SECONDS, RateLimit
from streams.gateway.webhooks.replay_memory import ReplayMemory


def test_replay_is_remembered_for_its_time_and_no_longer() -> None:
    memory = ReplayMemory(kept_ms=1_000)
    memory.remember("mailgun", "a", 0)
    assert memory.has("mailgun", "a", 999)
    assert not memory.has("mailgun", "a", 1_000)


def test_replay_of_one_source_is_none_of_another() -> None:
    memory = ReplayMemory()
    memory.remember("mailgun", "a", 0)
    assert not memory.has("mandrill", "a", 0)


def test_oldest_replay_makes_room() -> None:
    memory = ReplayMemory(capacity=2)
    for replay in "abcb":
        memory.remember("mailgun", replay, 0)
    assert [memory.has("mailgun", each, 0) for each in "abc"] == [False, True, True]
    memory.remember("mailgun", "d", 0)
    assert [memory.has("mailgun", each, 0) for each in "bcd"] == [True, False, True]


@given(st.lists(st.tuples(st.text(max_size=2), st.integers(0, 50)), max_size=200))
def test_memory_is_bounded_in_number_and_time(seen: list[tuple[str, int]]) -> None:
    memory, now = ReplayMemory(capacity=5, kept_ms=100), 0
    for replay, passed in seen:
        now += passed
        memory.remember("mailgun", replay, now)
        assert memory.has("mailgun", replay, now)
        assert len(memory) <= 5


def test_source_may_send_at_once_what_it_may_in_ten_seconds() -> None:
    limit = RateLimit(2)
    assert [limit.admits(5.0) for _ in range(21)] == [True] * 20 + [False]
    assert [limit.admits(5.5), limit.admits(5.5)] == [True, False]


@given(st.lists(st.floats(0, 3), max_size=300))
def test_no_more_than_the_rate_and_one_burst_are_admitted(pauses: list[float]) -> None:
    limit, now, admitted = RateLimit(3), 0.0, 0
    for pause in pauses:
        now += pause
        admitted += limit.admits(now)
        assert admitted <= 3 * (now + SECONDS) + 1e-6
