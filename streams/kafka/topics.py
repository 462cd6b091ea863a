"""The topics of one installation: names and configuration, creation and checks."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from streams.config.settings import Settings
from streams.events import REFERENCE_TOPICS, SOURCE_TOPICS
from streams.kafka.client import admin_client
from streams.kafka.errors import TopicsMissing, TopicsWrong

PARTIALS = "kpi.partials"
KPIS = "sales.kpis"
ALERTS = "sales.alerts"
CATALOGUE = "sales.catalogue"
DEAD_LETTERS = "crm.dead-letters"
INBOX = "crm.inbox"
# The topics that others read.
OUTPUTS = (KPIS, ALERTS, CATALOGUE)
MERGE_PARTITIONS = 7
# Deliveries have no order, so that their partitions need not be those of the events: the inbox
# stays as it is when events are repartitioned.
INBOX_PARTITIONS = 8
# The largest body that the gateway accepts, what encryption adds, and the headers.
INBOX_RECORD_BYTES = 4 * 1024 * 1024 + 128 * 1024
CHANGE_SECONDS = 30.0
CHANGE_POLL_SECONDS = 0.05
# Longer than any reader lags: a reader that misses a tombstone keeps a value for good.
TOMBSTONE_RETENTION = timedelta(days=7)
DEAD_LETTER_RETENTION = timedelta(days=30)


def _milliseconds(period: timedelta) -> str:
    return str(period // timedelta(milliseconds=1))


# A cell may have thousands of labels, and a dead letter has its record in Base64.
_LARGE = {"max.message.bytes": str(16 * 1024 * 1024)}
# The broker compresses, because a worker's processor time limits the throughput.
_COMPACTED = {
    "cleanup.policy": "compact",
    "delete.retention.ms": _milliseconds(TOMBSTONE_RETENTION),
    "compression.type": "lz4",
}
# The newest segment is never compacted, and a new owner reads all of it.
_OFTEN_CHANGED = {
    **_COMPACTED,
    **_LARGE,
    "segment.bytes": str(128 * 1024 * 1024),
    "min.cleanable.dirty.ratio": "0.2",
}
# Read whole by everyone who waits for progress.
_SMALL = {**_COMPACTED, "segment.bytes": str(1024 * 1024), "min.cleanable.dirty.ratio": "0.1"}
# Events are kept for ever: a KPI added later is computed from the state, but a lost state topic
# is rebuilt from the events. Reference records are patches, and their history says what stood when.
_FOR_EVER = {"cleanup.policy": "delete", "retention.ms": "-1"}
_A_MONTH = {
    "cleanup.policy": "delete",
    "retention.ms": _milliseconds(DEAD_LETTER_RETENTION),
    **_LARGE,
}


def _inbox(settings: Settings) -> Mapping[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": _milliseconds(timedelta(days=settings.inbox_days)),
        # A segment is deleted once its newest record is old enough, and never while it is the
        # newest: otherwise a small installation's would be kept for long.
        "segment.ms": _milliseconds(timedelta(days=1)),
        "max.message.bytes": str(INBOX_RECORD_BYTES),
    }


@dataclass(frozen=True)
class Topic:
    """The required name, partition count and configuration of a topic."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)


def state(settings: Settings) -> str:
    """Return the name of the state topic: event sets, target offsets and source offsets."""
    return f"{settings.app}.state"


def reroutes(settings: Settings) -> str:
    """Return the name of the topic on which tasks send events to one another."""
    return f"{settings.app}.reroutes"


def sources(settings: Settings) -> tuple[str, ...]:
    """Return the topics of which an aggregate task reads its own partition."""
    return (*SOURCE_TOPICS, reroutes(settings))


def progress(settings: Settings) -> str:
    """Return the name of the topic of progress reports."""
    return f"{settings.app}.progress"


def reads(settings: Settings) -> str:
    """Return the name of the topic of records that are to be read from CRMs."""
    return f"{settings.app}.reads"


def notifications(settings: Settings) -> str:
    """Return the name of the topic of what was sent to whom."""
    return f"{settings.app}.notifications"


def translate_group(settings: Settings) -> str:
    """Return the name of the consumer group of the processes that translate the inbox."""
    return f"{settings.app}-translate"


def reads_group(settings: Settings) -> str:
    """Return the name of the consumer group of the processes that read records from CRMs."""
    return f"{settings.app}-reads"


# The topics by whose names an installation of any version is known.
OWN = (state, reroutes, progress)


def wanted(settings: Settings) -> tuple[Topic, ...]:
    """Return every topic of an installation."""
    return (
        *(Topic(name, settings.partitions, _FOR_EVER) for name in SOURCE_TOPICS),
        *(Topic(name, 1, _FOR_EVER) for name in REFERENCE_TOPICS),
        Topic(state(settings), settings.partitions, _OFTEN_CHANGED),
        Topic(reroutes(settings), settings.partitions, _OFTEN_CHANGED),
        Topic(PARTIALS, MERGE_PARTITIONS, _OFTEN_CHANGED),
        Topic(KPIS, MERGE_PARTITIONS, _OFTEN_CHANGED),
        Topic(ALERTS, settings.partitions, _COMPACTED),
        Topic(CATALOGUE, 1, _SMALL),
        Topic(progress(settings), 1, _SMALL),
        Topic(reads(settings), 1, _SMALL),
        Topic(notifications(settings), 1, {**_SMALL, **_LARGE}),
        Topic(DEAD_LETTERS, 1, _A_MONTH),
        Topic(INBOX, INBOX_PARTITIONS, _inbox(settings)),
    )


def written(settings: Settings) -> list[str]:
    """Return the topics that workers write to."""
    inputs = {*SOURCE_TOPICS, *REFERENCE_TOPICS, INBOX}
    return [topic.name for topic in wanted(settings) if topic.name not in inputs]


def all_partitions(settings: Settings) -> list[TopicPartition]:
    """Return every partition of every topic of an installation."""
    return [
        TopicPartition(topic.name, number)
        for topic in wanted(settings)
        for number in range(topic.partitions)
    ]


async def apply(settings: Settings) -> list[str]:
    """Create the topics that are missing; return a line of text for each topic.

    Topics that exist are left as they are. Raises TopicsWrong if one has another number of
    partitions: that number decides which partition a subject belongs to and cannot be changed.
    """
    async with admin_client(settings) as admin:
        missing, wrong = await _compare(admin, settings)
        if wrong:
            raise TopicsWrong("; ".join(wrong))
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
            await _await_created(admin, settings)
        created = {topic.name for topic in missing}
        return [
            f"{'created' if topic.name in created else 'exists '} {topic.name}"
            f" ({topic.partitions} partitions)"
            for topic in wanted(settings)
        ]


async def delete(settings: Settings, names: Collection[str]) -> None:
    """Delete topics with their records and wait until they are gone; missing ones are ignored."""
    async with admin_client(settings) as admin:
        existing = set(names) & set(await admin.list_topics())
        if existing:
            await admin.delete_topics(sorted(existing))
        async with asyncio.timeout(CHANGE_SECONDS):
            while existing & set(await admin.list_topics()):
                await asyncio.sleep(CHANGE_POLL_SECONDS)


async def counts(settings: Settings, names: Collection[str]) -> dict[str, int]:
    """Return the partition counts of those of the topics that exist."""
    async with admin_client(settings) as admin:
        return await _counts(admin, names)


async def compacted(settings: Settings, names: Collection[str]) -> list[str]:
    """Return the topics that Kafka compacts, of those whose configuration may be read."""
    policy = "cleanup.policy"
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, {policy: None}) for name in names]
    async with admin_client(settings) as admin:
        answers = await admin.describe_configs(resources)
    return [
        name
        for answer in answers
        for error_code, _, _, name, entries in answer.resources
        if not error_code and any(each[0] == policy and "compact" in each[1] for each in entries)
    ]


async def check(settings: Settings) -> None:
    """Raise TopicsMissing or TopicsWrong unless every topic exists with its partitions."""
    async with admin_client(settings) as admin:
        await require(admin, settings)


async def require(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Do the same as `check` with a started client."""
    missing, wrong = await _compare(admin, settings)
    if wrong:
        raise TopicsWrong("; ".join(wrong))
    if missing:
        raise TopicsMissing.of(topic.name for topic in missing)


class _Comparison(NamedTuple):
    missing: list[Topic]
    wrong: list[str]


async def _compare(admin: AIOKafkaAdminClient, settings: Settings) -> _Comparison:
    topics = wanted(settings)
    existing = await _counts(admin, [topic.name for topic in topics])
    wrong = [
        f"{topic.name} has {existing[topic.name]} partitions and needs {topic.partitions}:"
        f" {_correction(topic.name, settings)}"
        for topic in topics
        if topic.name in existing and existing[topic.name] != topic.partitions
    ]
    return _Comparison([topic for topic in topics if topic.name not in existing], wrong)


def _correction(name: str, settings: Settings) -> str:
    """Return what to do about a topic with another number of partitions than it has to have."""
    fixed = (*REFERENCE_TOPICS, PARTIALS, KPIS, CATALOGUE, DEAD_LETTERS, INBOX)
    own = progress(settings), reads(settings), notifications(settings)
    if name in (*fixed, *own):
        return "another program has created it, for this number is fixed; if it is empty, delete it"
    return (
        "set SALES_KPIS_PARTITIONS to what it has, or move all events to another number of"
        " partitions with: sales-kpis topics repartition"
    )


async def _counts(admin: AIOKafkaAdminClient, names: Collection[str]) -> dict[str, int]:
    existing = set(await admin.list_topics())
    known = [name for name in names if name in existing]
    described = await admin.describe_topics(known) if known else []
    found = {each["topic"]: len(each["partitions"]) for each in described}
    return {name: found[name] for name in known if name in found}


async def _await_created(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Wait until new topics are known everywhere: a worker may start right after this."""
    async with asyncio.timeout(CHANGE_SECONDS):
        while (await _compare(admin, settings)).missing:
            await asyncio.sleep(CHANGE_POLL_SECONDS)


def _check_created(errors: list[tuple[str, int, str | None]]) -> None:
    for name, code, *rest in errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            reason = rest[0] if rest and rest[0] else error.__name__
            raise TopicsMissing(f"{name} could not be created: {reason}")
