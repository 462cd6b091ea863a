"""What `doctor` reports about a second installation on the same Kafka."""

from dataclasses import replace

from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener

from streams.config.settings import Settings
from streams.kafka import topics
from streams.operations.installations import check_installations, other_apps
from tests.operations.test_doctor_group import group_member


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # ships no types
    """Does nothing about what it is given."""

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Do nothing."""

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Do nothing."""


async def test_installation_whose_workers_run_is_named(settings: Settings) -> None:
    other = replace(settings, app=f"{settings.app}-copy")
    await topics.apply(other)
    assert other.app in await other_apps(settings)
    # Left behind by a change of the name: no workers, no fault.
    assert [each for each in await check_installations(settings) if other.app in each.what] == []
    async with group_member(other, Listener()) as member:
        while not member.assignment():
            await member.getmany(timeout_ms=100)
        (found,) = [each for each in await check_installations(settings) if other.app in each.what]
    assert found.verdict == "WRONG"
    assert found.what == (f"another installation runs on this Kafka: {other.app}, with 1 workers")
    assert "kpi.partials, sales.kpis and sales.alerts" in found.advice


async def test_own_topics_are_no_other_installation(settings: Settings) -> None:
    assert settings.app not in await other_apps(settings)
