"""Creation and checks of topics."""

import asyncio
from dataclasses import replace

import pytest
from aiokafka.admin import NewTopic

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.client import admin_client
from streams.kafka.errors import TopicsMissing, TopicsWrong
from streams.kafka.topics import (
    apply,
    check,
)


async def test_topics_are_created_once(settings: Settings) -> None:
    other = replace(settings, app=f"{settings.app}-other")
    created = [line for line in await apply(other) if line.startswith("created")]
    assert created == [
        f"created {other.app}.state (2 partitions)",
        f"created {other.app}.reroutes (2 partitions)",
        f"created {other.app}.progress (1 partitions)",
        f"created {other.app}.reads (1 partitions)",
        f"created {other.app}.notifications (1 partitions)",
    ]
    assert all(line.startswith("exists") for line in await apply(other))
    await check(other)


async def test_other_number_of_partitions_is_refused_with_the_reason(settings: Settings) -> None:
    with pytest.raises(TopicsMissing, match=r"crm.lead has 2 partitions and needs 3: set SALES_"):
        await apply(replace(settings, partitions=3))


async def test_topic_of_a_fixed_number_is_not_blamed_on_the_settings(settings: Settings) -> None:
    odd = replace(settings, app=f"{settings.app}-odd")
    async with admin_client(odd) as admin:
        await admin.create_topics([NewTopic(topics.progress(odd), 3, 1)])
    while not await topics.counts(odd, [topics.progress(odd)]):
        await asyncio.sleep(0.05)
    with pytest.raises(TopicsWrong, match="has 3 partitions and needs 1: another program") as found:
        await apply(odd)
    assert "SALES_KPIS_PARTITIONS" not in str(found.value)


async def test_missing_topics_are_named_with_what_to_run(settings: Settings) -> None:
    new = replace(settings, app="never-installed")
    with pytest.raises(TopicsMissing, match=r"never-installed.state.*run: sales-kpis topics apply"):
        await check(new)


def test_readers_have_a_week_to_see_a_tombstone() -> None:
    compacted = [
        topic for topic in topics.wanted(Settings()) if topic.config["cleanup.policy"] == "compact"
    ]
    assert {topic.name for topic in compacted} >= {topics.KPIS, topics.PARTIALS}
    assert {topic.config["delete.retention.ms"] for topic in compacted} == {"604800000"}
