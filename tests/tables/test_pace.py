"""When a work that is done again and again may be done next."""

from math import inf

import pytest

from streams.tables.pace import Rounds


def test_round_is_followed_by_a_pause_in_proportion_to_it_within_bounds() -> None:
    rounds = Rounds(share=0.1, least_s=1.0, most_s=30.0)
    assert rounds.next_at == -inf
    for busy_s, pause_s in ((0.01, 1.0), (0.5, 5.0), (9.0, 30.0)):
        rounds.done(100.0, busy_s)
        assert rounds.next_at == pytest.approx(100.0 + pause_s)


def test_where_nobody_wants_the_time_the_least_pause_is_enough() -> None:
    rounds = Rounds(share=0.1, least_s=1.0, most_s=30.0)
    rounds.done(100.0, 0.5)
    dues = [(at, rounds.is_due(at, False), rounds.is_due(at, True)) for at in (100.9, 101.0, 105.0)]
    assert dues == [(100.9, False, False), (101.0, False, True), (105.0, True, True)]
