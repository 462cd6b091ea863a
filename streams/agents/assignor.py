"""Which worker gets which shard: whole shards, evenly, and moved as little as can be."""

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


class ShardAssignor(AbstractPartitionAssignor):  # type: ignore[misc]  # ships no types
    """Gives one partition number of all source topics to one worker, and boards one by one.

    A worker says what it holds when it joins, and keeps it up to its fair share.
    """

    name = "sales-kpis"

    def __init__(self) -> None:
        """Hold nothing yet."""
        self.held: set[TaskId] = set()

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        """Say what this worker subscribes to and holds."""
        return ConsumerProtocolMemberMetadata(
            VERSION, sorted(topics), orjson.dumps(sorted(self.held))
        )

    def assign(
        self, cluster: Any, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Share out all partitions; every worker subscribes to the same topics."""
        topics = sorted({topic for member in members.values() for topic in member.subscription})
        partitions = {topic: cluster.partitions_for_topic(topic) or set() for topic in topics}
        held = {
            name: {(stage, number) for stage, number in orjson.loads(member.user_data or b"[]")}
            for name, member in members.items()
        }
        tasks = distribute(task_ids(partitions), held)
        return {
            name: ConsumerProtocolMemberAssignment(
                VERSION,
                [
                    (topic, numbers)
                    for topic in topics
                    if (
                        numbers := sorted(
                            number
                            for number in partitions[topic]
                            if tasks[stage_of(topic), number] == name
                        )
                    )
                ],
                b"",
            )
            for name in members
        }

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Remember what this worker holds now."""
        self.held = {(stage_of(tp.topic), tp.partition) for tp in assignment.partitions()}


def task_ids(partitions: Mapping[str, Iterable[int]]) -> list[TaskId]:
    """List what can be given away, in a fixed order."""
    return sorted(
        {(stage_of(t), number) for t, numbers in partitions.items() for number in numbers}
    )


def distribute(task_ids: list[TaskId], held: Mapping[str, set[TaskId]]) -> dict[TaskId, str]:
    """Give each unit an owner: stage by stage as evenly as whole units go.

    Whoever holds a unit keeps it while that is within an even share.
    """
    tasks: dict[TaskId, str] = {}
    load = dict.fromkeys(sorted(held), 0)
    for stage in sorted({stage for stage, _ in task_ids}):
        of_stage = [task_id for task_id in task_ids if task_id[0] == stage]
        # Who holds most keeps most; else the least loaded so far get the greater shares.
        smaller, extra = divmod(len(of_stage), len(load))
        now = {name: len(held[name].intersection(of_stage)) for name in load}
        order = sorted(load, key=lambda name: (-now[name], load[name], name))
        room = {name: smaller + (partition < extra) for partition, name in enumerate(order)}
        for task_id in of_stage:
            holder = next((name for name in order if task_id in held[name] and room[name]), None)
            if holder is not None:
                tasks[task_id] = holder
                room[holder] -= 1
        for task_id in of_stage:
            if task_id not in tasks:
                name = max(sorted(room), key=lambda name: (room[name], -load[name]))
                tasks[task_id] = name
                room[name] -= 1
        for task_id in of_stage:
            load[tasks[task_id]] += 1
    return tasks
