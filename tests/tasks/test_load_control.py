"""When a work that is done again and again may be done next."""

from math import inf

import pytest

from streams.tasks.load_control import (
    SPARE_SHARE,
    Load,
    RateLimiter,
)


def rounds_after(busy_s: float) -> RateLimiter:
    """Give rounds that may take a fiftieth of the time, one of which began at 100."""
    rounds = RateLimiter(share=0.02, least_s=1.0, most_s=30.0, spare_s=0.2)
    rounds.done(100.0, busy_s)
    return rounds


def test_round_is_followed_by_a_pause_in_proportion_to_it_within_bounds() -> None:
    assert RateLimiter(0.02, 1.0, 30.0, 0.2).next_at(Load.HEAVY) == -inf
    for busy_s, pause_s in ((0.01, 1.0), (0.1, 5.0), (9.0, 30.0)):
        assert rounds_after(busy_s).next_at(Load.HEAVY) == pytest.approx(100.0 + pause_s)


def test_with_time_to_spare_the_pause_is_shorter_and_still_in_proportion() -> None:
    for busy_s, pause_s in ((0.01, 0.2), (0.1, 0.1 / SPARE_SHARE), (9.0, 30.0)):
        assert rounds_after(busy_s).next_at(Load.LIGHT) == pytest.approx(100.0 + pause_s)


def test_all_parts_of_what_waits_are_done_within_the_upper_bound() -> None:
    rounds = rounds_after(0.1)
    rounds.done(100.0, 0.1, part=0.1)
    assert rounds.next_at(Load.HEAVY) == pytest.approx(103.0)


def test_a_share_that_is_greater_anyway_stays_so() -> None:
    rounds = RateLimiter(share=0.5, least_s=0.0, most_s=30.0, spare_s=0.0)
    rounds.done(100.0, 1.0)
    assert rounds.next_at(Load.LIGHT) == rounds.next_at(Load.HEAVY) == 102.0


def test_where_nobody_wants_the_time_the_least_pause_is_enough() -> None:
    rounds = rounds_after(9.0)
    dues = [rounds.is_due(at, Load.IDLE) for at in (100.1, 100.3)]
    assert dues == [False, True]
    assert not rounds.is_due(100.3, Load.LIGHT)
