"""The assignor of the workers' group: whole tasks, evenly, with few reassignments."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)

from streams.tasks.task_id import TaskId, stage_of

VERSION = 0


class TaskAssignor(AbstractPartitionAssignor):  # type: ignore[misc]  # ships no types
    """Assigns one partition number of all source topics to one worker, and merge tasks one by one.

    A worker sends its tasks when it joins the group, and keeps them up to an even share.

    Attributes:
        owned: The tasks of this worker by the last assignment.
    """

    name = "sales-kpis"

    def __init__(self) -> None:
        self.owned: set[TaskId] = set()

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        """The topics that this worker subscribes to, and its tasks."""
        return ConsumerProtocolMemberMetadata(
            VERSION, sorted(topics), orjson.dumps(sorted(self.owned))
        )

    def assign(
        self, cluster: Any, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Distribute all partitions; every worker subscribes to the same topics."""
        topics = sorted({topic for member in members.values() for topic in member.subscription})
        partitions = {topic: cluster.partitions_for_topic(topic) or set() for topic in topics}
        owned = {
            name: {(stage, number) for stage, number in orjson.loads(member.user_data or b"[]")}
            for name, member in members.items()
        }
        owners = distribute(task_ids(partitions), owned)
        return {name: _assignment(name, partitions, owners) for name in members}

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Keep the tasks that were assigned to this worker."""
        self.owned = {(stage_of(tp.topic), tp.partition) for tp in assignment.partitions()}


def _assignment(
    name: str, partitions: Mapping[str, Iterable[int]], owners: Mapping[TaskId, str]
) -> ConsumerProtocolMemberAssignment:
    owned = {
        topic: sorted(number for number in numbers if owners[stage_of(topic), number] == name)
        for topic, numbers in partitions.items()
    }
    return ConsumerProtocolMemberAssignment(
        VERSION, [(topic, numbers) for topic, numbers in owned.items() if numbers], b""
    )


def task_ids(partitions: Mapping[str, Iterable[int]]) -> list[TaskId]:
    """All tasks of some topics' partitions, in a fixed order."""
    return sorted(
        {(stage_of(topic), number) for topic, numbers in partitions.items() for number in numbers}
    )


def distribute(task_ids: list[TaskId], owned: Mapping[str, set[TaskId]]) -> dict[TaskId, str]:
    """Choose an owner for each task, so that the tasks of each stage are spread evenly.

    A worker keeps what it has, by `owned`, within an even share.
    """
    owners: dict[TaskId, str] = {}
    load = dict.fromkeys(sorted(owned), 0)
    for stage in sorted({stage for stage, _ in task_ids}):
        of_stage = [task_id for task_id in task_ids if task_id[0] == stage]
        # Larger shares go to those with most tasks of the stage, then to the least loaded.
        share, extra = divmod(len(of_stage), len(load))
        count = {name: len(owned[name].intersection(of_stage)) for name in load}
        order = sorted(load, key=lambda name: (-count[name], load[name], name))
        capacity = {name: share + (rank < extra) for rank, name in enumerate(order)}
        for task_id in of_stage:
            owner = next(
                (name for name in order if task_id in owned[name] and capacity[name]), None
            )
            if owner is not None:
                owners[task_id] = owner
                capacity[owner] -= 1
        for task_id in of_stage:
            if task_id not in owners:
                owner = max(sorted(capacity), key=lambda name: (capacity[name], -load[name]))
                owners[task_id] = owner
                capacity[owner] -= 1
        for task_id in of_stage:
            load[owners[task_id]] += 1
    return owners
