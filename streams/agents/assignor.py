"""Which worker gets which shard: whole shards, evenly, and moved as little as can be."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import (
    ConsumerProtocolMemberAssignment,
    ConsumerProtocolMemberMetadata,
)

from streams.kafka.topics import PARTIALS

VERSION = 0
Unit = tuple[str, int]  # stage, partition


class ShardAssignor(AbstractPartitionAssignor):  # type: ignore[misc]  # ships no types
    """Gives one partition number of all source topics to one worker, and boards one by one.

    A worker says what it holds when it joins, and keeps it up to its fair share.
    """

    name = "sales-kpis"

    def __init__(self) -> None:
        """Hold nothing yet."""
        self.held: set[Unit] = set()

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
        owners = share_out(units(partitions), held)
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
                            if owners[stage_of(topic), number] == name
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


def stage_of(topic: str) -> str:
    """Name the stage that reads a topic."""
    return "kpis" if topic == PARTIALS else "journeys"


def units(partitions: Mapping[str, Iterable[int]]) -> list[Unit]:
    """List what can be given away, in a fixed order."""
    return sorted(
        {(stage_of(t), number) for t, numbers in partitions.items() for number in numbers}
    )


def share_out(units: list[Unit], held: Mapping[str, set[Unit]]) -> dict[Unit, str]:
    """Give each unit an owner: stage by stage as evenly as whole units go.

    Whoever holds a unit keeps it while that is within an even share.
    """
    owners: dict[Unit, str] = {}
    load = dict.fromkeys(sorted(held), 0)
    for stage in sorted({stage for stage, _ in units}):
        of_stage = [unit for unit in units if unit[0] == stage]
        # Who holds most keeps most; else the least loaded so far get the greater shares.
        smaller, extra = divmod(len(of_stage), len(load))
        now = {name: len(held[name].intersection(of_stage)) for name in load}
        order = sorted(load, key=lambda name: (-now[name], load[name], name))
        room = {name: smaller + (place < extra) for place, name in enumerate(order)}
        for unit in of_stage:
            holder = next((name for name in order if unit in held[name] and room[name]), None)
            if holder is not None:
                owners[unit] = holder
                room[holder] -= 1
        for unit in of_stage:
            if unit not in owners:
                name = max(sorted(room), key=lambda name: (room[name], -load[name]))
                owners[unit] = name
                room[name] -= 1
        for unit in of_stage:
            load[owners[unit]] += 1
    return owners
