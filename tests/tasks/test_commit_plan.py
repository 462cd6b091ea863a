"""What a commit of the aggregate task writes, in which order, without Kafka."""

from dataclasses import replace

import pytest
from aiokafka import TopicPartition

from streams.internal_topics.dead_letters import DESTINATION
from streams.internal_topics.progress import SourceOffsets
from streams.tasks.aggregate import commit_plan
from streams.tasks.aggregate.commit_plan import (
    Change,
    CommitPlan,
    CommitStep,
    Uncommitted,
    plan_commit,
    transaction_steps,
)
from tests.model.steps import COMMIT

STATE, PROGRESS = TopicPartition("state", 3), TopicPartition("progress", 0)
ALERTS, REROUTES = TopicPartition("alerts", 3), TopicPartition("reroutes", 3)
OFFSETS = SourceOffsets({"crm.lead": 7, "crm.call": 2})
NOTHING = Uncommitted(
    state=STATE,
    progress=PROGRESS,
    source_offsets=OFFSETS,
    target_offsets={},
    committed=OFFSETS.encode(),
    is_heartbeat_due=False,
    is_report_due=False,
)
EVENT_RECORD = (b"r1", b"event")
CELLS: list[Change] = [(f"1|rep=r{n}", {"call_count": {"n": n}}) for n in range(5)]
EVERYTHING = replace(
    NOTHING,
    is_report_due=True,
    dead_letters=[(b"k", b"letter")],
    forwards={REROUTES: [(b"event|crm.lead|3|6", b"event")]},
    event_records=[EVENT_RECORD],
    cells=CELLS[:1],
    forward_removals={REROUTES: [(b"event|crm.lead|1|8", None)]},
)


def test_a_commit_has_the_steps_of_the_model_in_their_order() -> None:
    assert list(map(str, planned(EVERYTHING).steps)) == list(map(str, COMMIT))


@pytest.mark.parametrize(
    "pending",
    [
        replace(NOTHING, dead_letters=[(b"k", b"letter")]),
        replace(NOTHING, event_records=[EVENT_RECORD]),
        replace(NOTHING, forwards={REROUTES: [(b"event|crm.lead|3|6", b"event")]}),
        replace(NOTHING, forward_removals={REROUTES: [(b"event|crm.lead|1|8", None)]}),
        replace(NOTHING, committed=b""),
        replace(NOTHING, is_heartbeat_due=True),
        replace(NOTHING, is_report_due=True),
        replace(NOTHING, cells=CELLS),
        replace(EVERYTHING, event_records=[]),
        replace(EVERYTHING, cells=[], alerts={ALERTS: [(b"a", b"alert")]}),
    ],
)
def test_a_commit_without_everything_leaves_steps_out_and_changes_no_order(
    pending: Uncommitted,
) -> None:
    rest = iter(map(str, COMMIT))
    assert all(str(step) in rest for step in planned(pending).steps)


def test_nothing_is_planned_where_nothing_waits() -> None:
    assert plan_commit(NOTHING) is None


def test_target_offsets_are_the_first_and_source_offsets_the_last_state_record() -> None:
    pending = replace(EVERYTHING, note_removal=[(b"n", None)])
    assert [key for key, _ in records(planned(pending), STATE)] == [b"g", b"r1", b"n", b"p"]


def test_heartbeat_writes_the_source_offsets_alone() -> None:
    plan = planned(replace(NOTHING, is_heartbeat_due=True, note_removal=[]))
    assert records(plan, STATE) == [(b"p", OFFSETS.encode())]
    assert plan.target_offsets == {}


def test_cells_that_time_changed_leave_the_state_alone() -> None:
    plan = planned(replace(NOTHING, cells=CELLS, note_removal=[(b"n", None)]))
    assert plan.state_records == 0
    assert CommitStep.SOURCE_OFFSETS not in plan.steps


def test_target_offsets_never_go_back() -> None:
    plan = planned(replace(EVERYTHING, target_offsets={"crm.lead": 9, "crm.deal": 1}))
    assert plan.target_offsets == {"crm.lead": 9, "crm.call": 2, "crm.deal": 1}


def test_dead_letters_go_to_their_topic() -> None:
    assert records(planned(EVERYTHING), DESTINATION) == [(b"k", b"letter")]


def test_cells_beyond_one_transaction_follow_and_the_report_comes_with_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commit_plan, "CELLS_PER_TRANSACTION", 2)
    plan = planned(replace(EVERYTHING, cells=CELLS, alerts={ALERTS: [(b"a", b"alert")]}))
    chunks = [[cell for write in writes for cell in write.cells] for writes in plan.transactions]
    assert chunks == [CELLS[:2], CELLS[2:4], CELLS[4:]]
    first, second, last = map(transaction_steps, plan.transactions)
    assert CommitStep.EVENTS in first
    assert CommitStep.PROGRESS_REPORT not in first
    begin, acknowledged, end = CommitStep.BEGIN, CommitStep.ACKNOWLEDGED, CommitStep.END
    assert second == (begin, CommitStep.PARTIALS, acknowledged, end)
    report = CommitStep.PROGRESS_REPORT
    assert last == (begin, CommitStep.PARTIALS, acknowledged, report, acknowledged, end)
    assert [ALERTS in write.records for write in plan.transactions[0]] == [
        *(False, False, False),
        True,
        False,
    ]
    assert not any(ALERTS in write.records for write in plan.transactions[1])


def test_failpoints_stand_after_forwards_state_and_partials() -> None:
    (writes,) = planned(EVERYTHING).transactions
    points = [write.failpoint for write in writes]
    assert points == ["", "after_forwards", "after_state", "after_partials", "", ""]


def planned(pending: Uncommitted) -> CommitPlan:
    """The plan of a commit that has something to write."""
    plan = plan_commit(pending)
    assert plan is not None
    return plan


def records(plan: CommitPlan, to: TopicPartition) -> list[tuple[bytes, bytes | None]]:
    """All that a plan writes to one partition."""
    return [
        record
        for writes in plan.transactions
        for write in writes
        for record in write.records.get(to, ())
    ]
