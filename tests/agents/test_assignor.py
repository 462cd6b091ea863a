"""Whole tasks are spread evenly, and stay where they are if they can."""

from collections import Counter

from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from hypothesis import given
from hypothesis import strategies as st

from streams.agents.assignor import TaskAssignor, distribute
from streams.events import SOURCE_TOPICS
from streams.kafka.topics import MERGE_PARTITIONS, PARTIALS
from streams.tasks.task_id import TaskId, stage_of

NAMES = st.sets(st.sampled_from("abcdefgh"), min_size=1, max_size=5)


class Cluster:
    """The metadata of an installation with five partitions."""

    def partitions_for_topic(self, topic: str) -> set[int]:
        """The partitions of a topic."""
        return set(range(MERGE_PARTITIONS if topic == PARTIALS else 5))


def all_tasks(partitions: int) -> list[TaskId]:
    """The tasks of an installation."""
    aggregate = [("aggregate", number) for number in range(partitions)]
    return [*aggregate, *(("merge", number) for number in range(MERGE_PARTITIONS))]


def owned_by(owners: dict[TaskId, str], names: set[str]) -> dict[str, set[TaskId]]:
    """The tasks by owner."""
    return {name: {task_id for task_id, owner in owners.items() if owner == name} for name in names}


@given(st.integers(1, 12), NAMES, NAMES)
def test_every_task_has_one_owner_and_each_stage_is_spread_evenly(
    partitions: int, before: set[str], after: set[str]
) -> None:
    task_ids = all_tasks(partitions)
    first = distribute(task_ids, {name: set() for name in before})
    kept = owned_by(first, before)
    owners = distribute(task_ids, {name: kept.get(name, set()) for name in after})
    assert set(owners) == set(task_ids)
    for stage in ("aggregate", "merge"):
        loads = Counter(dict.fromkeys(after, 0))
        loads.update(owner for task_id, owner in owners.items() if task_id[0] == stage)
        assert max(loads.values()) - min(loads.values()) <= 1


@given(st.integers(1, 12), NAMES)
def test_same_workers_keep_their_tasks(partitions: int, names: set[str]) -> None:
    task_ids = all_tasks(partitions)
    owners = distribute(task_ids, {name: set() for name in names})
    assert distribute(task_ids, owned_by(owners, names)) == owners


@given(st.integers(1, 12), NAMES)
def test_workers_that_stay_keep_their_tasks_when_one_leaves(
    partitions: int, names: set[str]
) -> None:
    task_ids = all_tasks(partitions)
    owners = distribute(task_ids, {name: set() for name in {*names, "gone"}})
    left = distribute(task_ids, owned_by(owners, names))
    assert all(left[task_id] == owner for task_id, owner in owners.items() if owner in names)


def test_all_source_topics_of_a_task_go_to_one_worker() -> None:
    assignors = {name: TaskAssignor() for name in ("a", "b", "c")}
    topics = [*SOURCE_TOPICS, PARTIALS]
    members = {name: assignor.metadata(topics) for name, assignor in assignors.items()}
    found = assignors["a"].assign(Cluster(), members)
    owners: dict[TaskId, set[str]] = {}
    for name, assignment in found.items():
        for partition in assignment.partitions():
            task_id = stage_of(partition.topic), partition.partition
            owners.setdefault(task_id, set()).add(name)
    assert len(owners) == 5 + MERGE_PARTITIONS
    assert all(len(names) == 1 for names in owners.values())


def test_worker_sends_its_tasks_when_it_joins_again() -> None:
    assignor = TaskAssignor()
    assigned = [("crm.call", [1, 2]), ("crm.lead", [1, 2]), (PARTIALS, [4])]
    assignor.on_assignment(ConsumerProtocolMemberAssignment(0, assigned, b""))
    user_data = assignor.metadata([PARTIALS]).user_data
    assert user_data == b'[["aggregate",1],["aggregate",2],["merge",4]]'
