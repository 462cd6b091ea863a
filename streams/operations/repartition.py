"""Repartitioning: export all events, create the topics again, ingest the events.

The number decides the partition of each subject, so that everything that depends on it is
replaced: the topics of events, the state, the partials, the output. Reference data, dead letters
and the catalogue stay.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from rich.console import Console

from streams.config.settings import Settings
from streams.events import SOURCE_TOPICS
from streams.kafka import topics
from streams.kafka.client import admin_client
from streams.kafka.errors import Fatal
from streams.kafka.reader import ends
from streams.operations.export import (
    Exported,
    OnProgress,
    export,
    partitions,
)
from streams.operations.ingest import Ingested, ingest

GROUP_SECONDS = 30.0
GROUP_POLL_SECONDS = 0.1


class CannotRepartition(Fatal):
    """Nothing has been changed; the message names what has to be done first."""


@dataclass(frozen=True)
class Repartitioned:
    """The results of the export and of the ingest."""

    exported: Exported
    ingested: Ingested


def repartition(
    settings: Settings,
    count: int,
    file: Path,
    console: Console,
    on_progress: OnProgress | None = None,
    report: Callable[[str], object] = lambda _: None,
) -> Repartitioned:
    """Change the number of partitions of an installation, by way of a file, which is kept.

    Workers, gateway and all other senders of events have to be stopped; that is checked as far as
    possible. Raises CannotRepartition with nothing changed. After the topics have been deleted
    the file is the only copy: a failure from then on reports how to continue. Not to be called
    from a running event loop.
    """
    new = replace(settings, partitions=count)
    exported = asyncio.run(_exported(settings, file, on_progress))
    report(f"{exported.events:,} events are in {file}")
    names = dependent_topics(settings)
    try:
        asyncio.run(_recreate(settings, new, names))
        report(f"{len(names)} topics were created again, with {count} partitions for events")
        ingested = ingest(file, new, console)
    except BaseException:
        report(
            f"not finished: all events are in {file}. With SALES_KPIS_PARTITIONS={count} run:"
            f" sales-kpis topics apply, then: sales-kpis ingest {file}"
        )
        raise
    return Repartitioned(exported, ingested)


def dependent_topics(settings: Settings) -> list[str]:
    """Return the topics whose content depends on the number of partitions."""
    return [
        *SOURCE_TOPICS,
        topics.state(settings),
        topics.reroutes(settings),
        topics.progress(settings),
        topics.PARTIALS,
        topics.KPIS,
        topics.ALERTS,
    ]


async def _exported(settings: Settings, file: Path, on_progress: OnProgress | None) -> Exported:
    await _require_stopped(settings)
    found = await export(settings, file, on_progress)
    if found.rejected:
        raise CannotRepartition(
            f"{found.rejected:,} events could not be sent again, {found.problems[0]};"
            f" nothing was changed ({file} is kept)"
        )
    await _require_stopped(settings)
    grown = {
        f"{partition.topic}/{partition.partition}"
        for partition, end in (await ends(settings, await partitions(settings))).items()
        if end != found.ends.get(partition)
    }
    if grown:
        raise CannotRepartition(
            f"events are still being written to {', '.join(sorted(grown))}, or a producer's"
            " transaction is open there: stop the gateway and all other senders; nothing was"
            f" changed ({file} is kept)"
        )
    return found


async def _require_stopped(settings: Settings) -> None:
    for name, what in (
        (settings.app, "workers"),
        (topics.translate_group(settings), "processes that translate webhooks"),
    ):
        async with admin_client(settings) as admin:
            answers = await _described(admin, name)
        running = sum(len(group[5]) for answer in answers for group in answer.groups)
        if running:
            raise CannotRepartition(f"{running} {what} are running: stop them; nothing was changed")


async def _described(admin: AIOKafkaAdminClient, group: str) -> list[Any]:
    """Describe a consumer group; a broker that never had one has to prepare for groups first."""
    async with asyncio.timeout(GROUP_SECONDS):
        while True:
            try:
                answers: list[Any] = await admin.describe_consumer_groups([group])
            except GroupCoordinatorNotAvailableError:
                await asyncio.sleep(GROUP_POLL_SECONDS)
            else:
                return answers


async def _recreate(old: Settings, new: Settings, names: list[str]) -> None:
    await topics.delete(old, names)
    await topics.apply(new)
