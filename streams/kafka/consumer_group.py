"""The state of the workers' consumer group, as Kafka describes it."""

import asyncio
from dataclasses import dataclass

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
    for_code,
)

from streams.config.settings import Settings
from streams.kafka.client import admin_client

POLL_SECONDS = 1.0
# For some seconds the answer of a Kafka that has just started, or has never had a group.
NOT_YET = (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
)
UNKNOWN = "Unknown"
REBALANCING = ("PreparingRebalance", "CompletingRebalance")


@dataclass(frozen=True, slots=True)
class ConsumerGroup:
    """A consumer group's state, by Kafka's name for it, and the number of its members.

    Attributes:
        rebalancing_s: Seconds for which it was seen rebalancing without an assignment.
    """

    state: str
    members: int
    rebalancing_s: float = 0.0

    @property
    def is_rebalancing(self) -> bool:
        """Whether its members wait for an assignment."""
        return self.state in REBALANCING


async def describe_group(
    settings: Settings, max_wait_s: float, name: str | None = None
) -> ConsumerGroup:
    """Return a group's state, once it no longer rebalances or after `max_wait_s`.

    `name` None is the workers' group. Raises KafkaError: GroupAuthorizationFailedError without the
    right to describe the group.
    """
    loop = asyncio.get_running_loop()
    name = name or settings.app
    async with admin_client(settings) as admin:
        started_at = loop.time()
        group = await _describe(admin, name)
        while group.is_rebalancing or group.state == UNKNOWN:
            if loop.time() - started_at >= max_wait_s:
                break
            await asyncio.sleep(POLL_SECONDS)
            group = await _describe(admin, name)
        rebalancing_s = loop.time() - started_at if group.is_rebalancing else 0.0
        return ConsumerGroup(group.state, group.members, rebalancing_s)


async def _describe(admin: AIOKafkaAdminClient, name: str) -> ConsumerGroup:
    try:
        (answer,) = await admin.describe_consumer_groups([name])
        error_code, _, state, _, _, members = answer.groups[0][:6]
        if error_code:
            raise for_code(error_code)(name)
    except NOT_YET:
        return ConsumerGroup(UNKNOWN, 0)
    return ConsumerGroup(state, len(members))


async def committed_offsets(settings: Settings, name: str) -> dict[TopicPartition, int]:
    """Return the offsets that a group has committed; none if there is no such group.

    Raises KafkaError: GroupAuthorizationFailedError without the right to describe the group.
    """
    async with admin_client(settings) as admin:
        try:
            found = await admin.list_consumer_group_offsets(name)
        except NOT_YET:
            return {}
    return {TopicPartition(*at): each.offset for at, each in found.items()}
