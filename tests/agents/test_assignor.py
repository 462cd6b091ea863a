"""Whole shards, evenly shared, and not moved without need."""

from collections import Counter

from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from hypothesis import given
from hypothesis import strategies as st

from streams.agents.assignor import (
    ShardAssignor,
    Unit,
    share_out,
    stage_of,
)
from streams.events import SOURCE_TOPICS
from streams.kafka.topics import FAMILY_PARTITIONS, PARTIALS

NAMES = st.sets(st.sampled_from("abcdefgh"), min_size=1, max_size=5)


class Cluster:
    """The topics of an installation of five shards."""

    def partitions_for_topic(self, topic: str) -> set[int]:
        """Give a topic's partitions."""
        return set(range(FAMILY_PARTITIONS if topic == PARTIALS else 5))


def all_units(shards: int) -> list[Unit]:
    """List the units of an installation."""
    journeys = [("journeys", number) for number in range(shards)]
    return [*journeys, *(("kpis", number) for number in range(FAMILY_PARTITIONS))]


def held(owners: dict[Unit, str], names: set[str]) -> dict[str, set[Unit]]:
    """Turn owners round."""
    return {name: {unit for unit, owner in owners.items() if owner == name} for name in names}


@given(st.integers(1, 12), NAMES, NAMES)
def test_every_unit_has_one_owner_and_no_stage_is_uneven(
    shards: int, before: set[str], after: set[str]
) -> None:
    units = all_units(shards)
    first = share_out(units, {name: set() for name in before})
    kept = held(first, before)
    owners = share_out(units, {name: kept.get(name, set()) for name in after})
    assert set(owners) == set(units)
    for stage in ("journeys", "kpis"):
        loads = Counter(dict.fromkeys(after, 0))
        loads.update(owner for unit, owner in owners.items() if unit[0] == stage)
        assert max(loads.values()) - min(loads.values()) <= 1


@given(st.integers(1, 12), NAMES)
def test_same_workers_keep_what_they_hold(shards: int, names: set[str]) -> None:
    units = all_units(shards)
    owners = share_out(units, {name: set() for name in names})
    assert share_out(units, held(owners, names)) == owners


@given(st.integers(1, 12), NAMES)
def test_workers_that_stay_lose_nothing_when_one_leaves(shards: int, names: set[str]) -> None:
    units = all_units(shards)
    owners = share_out(units, {name: set() for name in {*names, "gone"}})
    left = share_out(units, held(owners, names))
    assert all(left[unit] == owner for unit, owner in owners.items() if owner in names)


def test_all_source_topics_of_a_shard_go_to_one_worker() -> None:
    assignors = {name: ShardAssignor() for name in ("a", "b", "c")}
    topics = [*SOURCE_TOPICS, PARTIALS]
    members = {name: assignor.metadata(topics) for name, assignor in assignors.items()}
    found = assignors["a"].assign(Cluster(), members)
    owners: dict[Unit, set[str]] = {}
    for name, assignment in found.items():
        for partition in assignment.partitions():
            unit = stage_of(partition.topic), partition.partition
            owners.setdefault(unit, set()).add(name)
    assert len(owners) == 5 + FAMILY_PARTITIONS
    assert all(len(names) == 1 for names in owners.values())


def test_worker_says_what_it_holds_when_it_joins_again() -> None:
    assignor = ShardAssignor()
    given_now = [("crm.call", [1, 2]), ("crm.lead", [1, 2]), (PARTIALS, [4])]
    assignor.on_assignment(ConsumerProtocolMemberAssignment(0, given_now, b""))
    said = assignor.metadata([PARTIALS]).user_data
    assert said == b'[["journeys",1],["journeys",2],["kpis",4]]'
