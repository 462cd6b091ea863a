"""When repeated work may begin next."""

from dataclasses import replace
from math import inf

import pytest

from streams.tasks.load_control import (
    Load,
    LoadControl,
    Pace,
    RateLimiter,
)

# It may take a fiftieth of the time, an eighth under light load.
BUSY = Pace(share=0.02, min_interval_s=1.0, max_interval_s=30.0)
LIGHT = Pace(share=0.125, min_interval_s=0.2, max_interval_s=30.0)
PACES = {Load.IDLE: replace(LIGHT, share=1e9), Load.LIGHT: LIGHT, Load.HEAVY: BUSY}


def limiter_after(busy_s: float, part: float = 1.0) -> RateLimiter:
    """A limiter of work that began at 100."""
    limiter = RateLimiter(PACES.__getitem__)
    limiter.record(100.0, busy_s, part)
    return limiter


@pytest.mark.parametrize(
    ("load", "busy_s", "pause_s"),
    [
        (Load.HEAVY, 0.01, 1.0),
        (Load.HEAVY, 0.1, 5.0),
        (Load.HEAVY, 9.0, 30.0),
        (Load.LIGHT, 0.01, 0.2),
        (Load.LIGHT, 0.1, 0.8),
        (Load.LIGHT, 9.0, 30.0),
        (Load.IDLE, 0.01, 0.2),
        (Load.IDLE, 9.0, 0.2),
    ],
)
def test_pause_is_in_proportion_to_the_work_within_the_bounds_of_the_load(
    load: Load, busy_s: float, pause_s: float
) -> None:
    assert limiter_after(busy_s).next_at(load) == pytest.approx(100.0 + pause_s)


@pytest.mark.parametrize("load", PACES)
def test_first_work_may_begin_at_once(load: Load) -> None:
    assert RateLimiter(PACES.__getitem__).next_at(load) == -inf


@pytest.mark.parametrize(("busy_s", "pause_s"), [(0.1, 3.0), (0.001, 0.1)])
def test_a_part_of_what_waits_brings_the_next_part_sooner(busy_s: float, pause_s: float) -> None:
    limiter = limiter_after(busy_s, part=0.1)
    assert limiter.next_at(Load.HEAVY) == pytest.approx(100.0 + pause_s)


def test_least_interval_holds_where_it_is_longer_than_the_longest() -> None:
    limiter = RateLimiter(lambda _: Pace(share=0.5, min_interval_s=60.0, max_interval_s=30.0))
    limiter.record(100.0, 0.1)
    assert limiter.next_at(Load.HEAVY) == 160.0


def test_work_is_due_from_the_end_of_the_pause() -> None:
    limiter = limiter_after(9.0)
    assert [limiter.is_due(at, Load.IDLE) for at in (100.1, 100.3)] == [False, True]
    assert not limiter.is_due(100.3, Load.LIGHT)


async def test_slots_are_given_at_once_while_no_backlog_waits() -> None:
    control = LoadControl(lambda: Load.HEAVY)
    given = 0
    for _ in range(3):
        async with control.slot():
            given += 1
    assert given == 3


async def test_slot_waits_only_as_long_as_a_backlog_does() -> None:
    answers = iter([Load.BACKLOG, Load.BACKLOG, Load.HEAVY])
    control = LoadControl(lambda: next(answers))
    control._next_at = inf
    async with control.slot():
        pass
    assert next(answers, None) is None
