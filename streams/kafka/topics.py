"""The topics of one installation: what they are called, how they are kept, making and checking."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from streams.config.settings import Settings
from streams.events import REFERENCE_TOPICS, SOURCE_TOPICS
from streams.kafka.client import admin_client
from streams.kafka.errors import Fatal

PARTIALS = "kpi.partials"
KPIS = "sales.kpis"
ALERTS = "sales.alerts"
CATALOGUE = "sales.catalogue"
DEAD_LETTERS = "crm.dead-letters"
# What is for others to read.
OUTPUTS = (KPIS, ALERTS, CATALOGUE)
MERGE_PARTITIONS = 7
PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.05
DAY_MS = 86_400_000
# Longer than any reader lags: a reader that misses a tombstone keeps a value for good.
TOMBSTONE_RETENTION_MS = 7 * DAY_MS

# The broker compresses, for a worker's time is what events/s are made of.
_COMPACTED = {
    "cleanup.policy": "compact",
    "delete.retention.ms": str(TOMBSTONE_RETENTION_MS),
    "compression.type": "lz4",
}
# The newest segment is never compacted, and a new owner reads it all.
_OFTEN_CHANGED = {
    **_COMPACTED,
    "segment.bytes": str(128 * 1024 * 1024),
    "min.cleanable.dirty.ratio": "0.2",
}
# Read whole by everyone who asks how far things are.
_SMALL = {**_COMPACTED, "segment.bytes": str(1024 * 1024), "min.cleanable.dirty.ratio": "0.1"}
# What the CRM said is kept for ever: a KPI added later needs it only through the rows, but a
# lost state topic is rebuilt from it.
_FOR_EVER = {"cleanup.policy": "delete", "retention.ms": "-1"}
_A_MONTH = {"cleanup.policy": "delete", "retention.ms": str(30 * DAY_MS)}


class TopicsMissing(Fatal):
    """The topics are not as the worker needs them; the message says what to run."""


@dataclass(frozen=True)
class Topic:
    """One topic as it has to be."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


def state(settings: Settings) -> str:
    """Name the topic of rows, goals and positions."""
    return f"{settings.app}.state"


def reroutes(settings: Settings) -> str:
    """Name the topic on which shards forward merged subjects' events."""
    return f"{settings.app}.reroutes"


def sources(settings: Settings) -> tuple[str, ...]:
    """Name the topics that a shard reads its own partition of."""
    return (*SOURCE_TOPICS, reroutes(settings))


def progress(settings: Settings) -> str:
    """Name the topic that says how far each shard is."""
    return f"{settings.app}.progress"


def wanted(settings: Settings) -> tuple[Topic, ...]:
    """List every topic an installation has."""
    return (
        *(Topic(name, settings.partitions, _FOR_EVER) for name in SOURCE_TOPICS),
        *(Topic(name, 1, _COMPACTED) for name in REFERENCE_TOPICS),
        Topic(state(settings), settings.partitions, _OFTEN_CHANGED),
        Topic(reroutes(settings), settings.partitions, _OFTEN_CHANGED),
        Topic(PARTIALS, MERGE_PARTITIONS, _OFTEN_CHANGED),
        Topic(KPIS, MERGE_PARTITIONS, _OFTEN_CHANGED),
        Topic(ALERTS, settings.partitions, _COMPACTED),
        Topic(CATALOGUE, 1, _SMALL),
        Topic(progress(settings), 1, _SMALL),
        Topic(DEAD_LETTERS, 1, _A_MONTH),
    )


async def apply(settings: Settings) -> list[str]:
    """Create the topics that are missing and say, a line each, what was done.

    Topics that exist are left as they are. Raises TopicsMissing if one has another number of
    partitions, for that number decides which shard a subject belongs to and cannot be changed.
    """
    async with admin_client(settings) as admin:
        missing, wrong = await _compare(admin, settings)
        if wrong:
            raise TopicsMissing("; ".join(wrong))
        if missing:
            answer = await admin.create_topics(
                [
                    NewTopic(
                        topic.name,
                        topic.partitions,
                        settings.replication,
                        topic_configs=dict(topic.config),
                    )
                    for topic in missing
                ]
            )
            _check_created(answer.topic_errors)
            await _await_there(admin, settings)
        made = {topic.name for topic in missing}
        return [
            f"{'created' if topic.name in made else 'exists '} {topic.name}"
            f" ({topic.partitions} partitions)"
            for topic in wanted(settings)
        ]


async def delete(settings: Settings, names: Collection[str]) -> None:
    """Delete topics with all they hold; returns when they are gone. Missing ones are gone."""
    async with admin_client(settings) as admin:
        there = set(names) & set(await admin.list_topics())
        if there:
            await admin.delete_topics(sorted(there))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while there & set(await admin.list_topics()):
                await asyncio.sleep(POLL_SECONDS)


async def counts(settings: Settings, names: Collection[str]) -> dict[str, int]:
    """Say how many partitions topics have; those that do not exist are left out."""
    async with admin_client(settings) as admin:
        return await _counts(admin, names)


async def check(settings: Settings) -> None:
    """Raise TopicsMissing unless every topic is there with its number of partitions."""
    async with admin_client(settings) as admin:
        await require(admin, settings)


async def require(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Do what `check` does, with a client that is there."""
    missing, wrong = await _compare(admin, settings)
    if wrong:
        raise TopicsMissing("; ".join(wrong))
    if missing:
        names = ", ".join(topic.name for topic in missing)
        raise TopicsMissing(f"topics are missing ({names}); run: sales-kpis topics apply")


async def _compare(admin: AIOKafkaAdminClient, settings: Settings) -> tuple[list[Topic], list[str]]:
    topics = wanted(settings)
    there = await _counts(admin, [topic.name for topic in topics])
    wrong = [
        f"{topic.name} has {there[topic.name]} partitions and needs {topic.partitions}:"
        " set SALES_KPIS_PARTITIONS to what it has, or move all events to another number of"
        " partitions with: sales-kpis topics repartition"
        for topic in topics
        if topic.name in there and there[topic.name] != topic.partitions
    ]
    return [topic for topic in topics if topic.name not in there], wrong


async def _counts(admin: AIOKafkaAdminClient, names: Collection[str]) -> dict[str, int]:
    there = set(await admin.list_topics())
    known = [name for name in names if name in there]
    described = await admin.describe_topics(known) if known else []
    found = {each["topic"]: len(each["partitions"]) for each in described}
    return {name: found[name] for name in known if name in found}


async def _await_there(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Wait until new topics are known to all: a worker may start right after this."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await _compare(admin, settings))[0]:
            await asyncio.sleep(POLL_SECONDS)


def _check_created(errors: list[tuple[str, int, str | None]]) -> None:
    for name, code, *rest in errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            reason = rest[0] if rest and rest[0] else error.__name__
            raise TopicsMissing(f"{name} could not be created: {reason}")
