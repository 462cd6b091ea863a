"""Many schedules, on every core."""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from tests.model.judge import Found, play
from tests.model.rules import Rules

AT_ONCE = 50


def many(rules: Rules, schedules: int, first: int = 0) -> tuple[Found, Counter[str]]:
    """Play all of them."""
    found, seen = Found(), Counter[str]()
    with _pool() as pool:
        for one, what in _play(pool, rules, range(first, first + schedules)):
            found, seen = found + one, seen + what
    return found, seen


def first_caught(rules: Rules, most: int, first: int = 0) -> int | None:
    """Give the first seed from `first` on that breaks a promise; None if none of `most` does."""
    for seed in range(first, first + most):
        if not play(rules, seed)[0].is_clean:
            return seed
    return None


def _pool() -> ProcessPoolExecutor:
    # Not forked: a test run has threads, whose locks a fork would copy as they are.
    return ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("spawn"))


def _play(
    pool: ProcessPoolExecutor, rules: Rules, seeds: range
) -> Iterator[tuple[Found, Counter[str]]]:
    yield from pool.map(partial(play, rules), seeds, chunksize=AT_ONCE)
