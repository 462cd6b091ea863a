"""Whole shards, evenly shared, and not moved without need."""

from collections import Counter

from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from hypothesis import given
from hypothesis import strategies as st

from streams.agents.assignor import ShardAssignor, distribute
from streams.events import SOURCE_TOPICS
from streams.kafka.topics import MERGE_PARTITIONS, PARTIALS
from streams.tasks.task_id import TaskId, stage_of

NAMES = st.sets(st.sampled_from("abcdefgh"), min_size=1, max_size=5)


class Cluster:
    """The topics of an installation of five shards."""

    def partitions_for_topic(self, topic: str) -> set[int]:
        """Give a topic's partitions."""
        return set(range(MERGE_PARTITIONS if topic == PARTIALS else 5))


def all_units(shards: int) -> list[TaskId]:
    """List the units of an installation."""
    journeys = [("aggregate", number) for number in range(shards)]
    return [*journeys, *(("merge", number) for number in range(MERGE_PARTITIONS))]


def held(owners: dict[TaskId, str], names: set[str]) -> dict[str, set[TaskId]]:
    """Turn owners round."""
    return {name: {task_id for task_id, owner in owners.items() if owner == name} for name in names}


@given(st.integers(1, 12), NAMES, NAMES)
def test_every_unit_has_one_owner_and_no_stage_is_uneven(
    shards: int, before: set[str], after: set[str]
) -> None:
    task_ids = all_units(shards)
    first = distribute(task_ids, {name: set() for name in before})
    kept = held(first, before)
    owners = distribute(task_ids, {name: kept.get(name, set()) for name in after})
    assert set(owners) == set(task_ids)
    for stage in ("aggregate", "merge"):
        loads = Counter(dict.fromkeys(after, 0))
        loads.update(owner for task_id, owner in owners.items() if task_id[0] == stage)
        assert max(loads.values()) - min(loads.values()) <= 1


@given(st.integers(1, 12), NAMES)
def test_same_workers_keep_what_they_hold(shards: int, names: set[str]) -> None:
    task_ids = all_units(shards)
    owners = distribute(task_ids, {name: set() for name in names})
    assert distribute(task_ids, held(owners, names)) == owners


@given(st.integers(1, 12), NAMES)
def test_workers_that_stay_lose_nothing_when_one_leaves(shards: int, names: set[str]) -> None:
    task_ids = all_units(shards)
    owners = distribute(task_ids, {name: set() for name in {*names, "gone"}})
    left = distribute(task_ids, held(owners, names))
    assert all(left[task_id] == owner for task_id, owner in owners.items() if owner in names)


def test_all_source_topics_of_a_shard_go_to_one_worker() -> None:
    assignors = {name: ShardAssignor() for name in ("a", "b", "c")}
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


def test_worker_says_what_it_holds_when_it_joins_again() -> None:
    assignor = ShardAssignor()
    given_now = [("crm.call", [1, 2]), ("crm.lead", [1, 2]), (PARTIALS, [4])]
    assignor.on_assignment(ConsumerProtocolMemberAssignment(0, given_now, b""))
    said = assignor.metadata([PARTIALS]).user_data
    assert said == b'[["aggregate",1],["aggregate",2],["merge",4]]'
