"""Pauses before a process is started again."""

from hypothesis import given
from hypothesis import strategies as st

from streams.process.backoff import (
    FIRST_SECONDS,
    GOOD_RUN_SECONDS,
    LONGEST_SECONDS,
    Backoff,
)


@given(st.lists(st.floats(0, GOOD_RUN_SECONDS), max_size=20))
def test_pauses_double_up_to_the_longest_while_runs_are_short(runs: list[float]) -> None:
    backoff = Backoff()
    pauses = [backoff.after(run_s) for run_s in runs]
    assert pauses == [min(FIRST_SECONDS * 2**n, LONGEST_SECONDS) for n in range(len(runs))]


def test_good_run_makes_the_next_pause_short_again() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.after(0)
    assert backoff.after(GOOD_RUN_SECONDS + 1) == FIRST_SECONDS
