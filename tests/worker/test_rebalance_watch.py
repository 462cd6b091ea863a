"""A worker whose assignment does not come, or is not completed, ends and names what it awaited."""

import time

import pytest

from streams.kafka.errors import Stuck
from streams.worker.rebalance_watch import RebalanceWatch


def test_nothing_is_awaited_before_a_rebalance_begins_and_after_it_is_completed() -> None:
    watch = RebalanceWatch()
    assert watch.seconds == 0.0
    watch.begin("the group to be joined")
    time.sleep(0.01)
    assert watch.seconds >= 0.01
    watch.complete()
    assert watch.seconds == 0.0
    watch.raise_if_stuck(0.0)


def test_last_thing_awaited_is_named() -> None:
    watch = RebalanceWatch()
    watch.begin("the group to be joined")
    watch.wait_for("aggregate/3 to be closed")
    time.sleep(0.01)
    watch.raise_if_stuck(60.0)
    with pytest.raises(Stuck, match="for 0 s: it waits for aggregate/3 to be closed"):
        watch.raise_if_stuck(0.005)


def test_rebalance_within_a_rebalance_does_not_restart_the_clock() -> None:
    watch = RebalanceWatch()
    watch.begin("the first")
    time.sleep(0.01)
    watch.begin("the second")
    with pytest.raises(Stuck, match="waits for the first"):
        watch.raise_if_stuck(0.005)
