"""When a shard has caught up, and when it may not say so yet."""

from collections.abc import Mapping

from aiokafka import TopicPartition

from streams.tasks.catch_up import (
    FEW_OLD_EVENTS,
    FEW_RECORDS,
    OLD_EVENT_GRACE_SECONDS,
    OLD_EVENTS_WINDOW_SECONDS,
    CatchUpDetector,
)

LEADS = TopicPartition("crm.lead", 0)
CALLS = TopicPartition("crm.call", 0)


def catch_up(ends: Mapping[TopicPartition, int | None]) -> CatchUpDetector:
    """One that knows where the sources end, as far as the mapping does when it is asked."""
    return CatchUpDetector(ends.get)


def test_few_records_on_their_way_are_no_backlog() -> None:
    assert catch_up({LEADS: 5 + FEW_RECORDS}).is_caught_up({LEADS: 5}, 0.0)


def test_backlog_is_over_only_when_all_of_it_has_been_read() -> None:
    ends: dict[TopicPartition, int | None] = {LEADS: 100, CALLS: 1 + FEW_RECORDS}
    shard = catch_up(ends)
    assert not shard.is_caught_up({LEADS: 100, CALLS: 0}, 0.0)
    assert not shard.is_caught_up({LEADS: 100, CALLS: FEW_RECORDS}, 0.1)
    assert shard.is_caught_up({LEADS: 100, CALLS: 1 + FEW_RECORDS}, 0.2)


def test_source_of_unknown_end_may_hold_a_backlog() -> None:
    assert not catch_up({LEADS: 1}).is_caught_up({LEADS: 1, CALLS: 0}, 0.0)


def test_restored_shard_first_reads_all_there_was() -> None:
    shard = catch_up({LEADS: 7, CALLS: 7})
    shard.set_targets({LEADS: 7, CALLS: 7})
    assert not shard.is_caught_up({LEADS: 7, CALLS: 6}, 0.0)
    assert shard.is_caught_up({LEADS: 7, CALLS: 7}, 0.0)


def test_much_history_keeps_it_silent_until_there_has_been_none_for_a_while() -> None:
    shard = catch_up({})
    shard.processed(FEW_OLD_EVENTS + 1, 10.0)
    assert not shard.is_caught_up({}, 10.0 + OLD_EVENTS_WINDOW_SECONDS / 2)
    shard.processed(1, 10.0 + OLD_EVENTS_WINDOW_SECONDS / 2)
    assert not shard.is_caught_up({}, 10.0 + OLD_EVENTS_WINDOW_SECONDS)
    assert shard.is_caught_up({}, 10.0 + OLD_EVENTS_WINDOW_SECONDS * 1.5)


def test_an_old_event_now_and_then_is_waited_for_a_moment_only() -> None:
    shard = catch_up({})
    for second in range(100):
        shard.processed(1, float(second))
        assert not shard.is_caught_up({}, float(second))
        assert shard.is_caught_up({}, second + OLD_EVENT_GRACE_SECONDS)
