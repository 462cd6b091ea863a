"""Another number of partitions: all events out, the topics made anew, all events in again.

The number decides which shard has a subject, so nothing that depends on it can stay: the topics
of events, the rows, the partials, the output. Reference data, dead letters and the catalogue do.
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
    Progressed,
    export,
    partitions,
)
from streams.operations.ingest import Ingested, ingest

PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.1


class CannotRepartition(Fatal):
    """Nothing has been changed; the message says what to do first."""


@dataclass(frozen=True)
class Repartitioned:
    """What was moved over."""

    exported: Exported
    ingested: Ingested


def repartition(
    settings: Settings,
    count: int,
    file: Path,
    console: Console,
    progressed: Progressed | None = None,
    report: Callable[[str], object] = lambda _: None,
) -> Repartitioned:
    """Move an installation to another number of partitions, through a file that stays.

    Workers, gateway and whoever else writes events have to be stopped; that is checked as far
    as it can be. Raises CannotRepartition with nothing changed. After the topics have been
    deleted the file is all there is: a failure from then on says how to go on. Not to be called
    from a running event loop.
    """
    new = replace(settings, partitions=count)
    exported = asyncio.run(_exported(settings, file, progressed))
    report(f"{exported.events:,} events are in {file}")
    names = dependent(settings)
    try:
        asyncio.run(_recreate(settings, new, names))
        report(f"{len(names)} topics were made anew, with {count} partitions for events")
        ingested = ingest(file, new, console)
    except BaseException:
        report(
            f"not finished: all events are in {file}. With SALES_KPIS_PARTITIONS={count} run:"
            f" sales-kpis topics apply, then: sales-kpis ingest {file}"
        )
        raise
    return Repartitioned(exported, ingested)


def dependent(settings: Settings) -> list[str]:
    """Name the topics whose content depends on the number of partitions."""
    return [
        *SOURCE_TOPICS,
        topics.state(settings),
        topics.reroutes(settings),
        topics.progress(settings),
        topics.PARTIALS,
        topics.KPIS,
        topics.ALERTS,
    ]


async def _exported(settings: Settings, file: Path, progressed: Progressed | None) -> Exported:
    await _require_no_workers(settings)
    found = await export(settings, file, progressed)
    if found.rejected:
        raise CannotRepartition(
            f"{found.rejected:,} events could not be sent again, {found.problems[0]};"
            f" nothing was changed ({file} stays)"
        )
    await _require_no_workers(settings)
    grown = {
        f"{topic_key.topic}/{topic_key.partition}"
        for topic_key, end in (await ends(settings, await partitions(settings))).items()
        if end != found.ends.get(topic_key)
    }
    if grown:
        raise CannotRepartition(
            f"somebody still writes to {', '.join(sorted(grown))}: stop the gateway and whatever"
            f" else sends events; nothing was changed ({file} stays)"
        )
    return found


async def _require_no_workers(settings: Settings) -> None:
    async with admin_client(settings) as admin:
        answers = await _described(admin, settings.app)
    workers = sum(len(group[5]) for answer in answers for group in answer.groups)
    if workers:
        raise CannotRepartition(f"{workers} workers are running: stop them; nothing was changed")


async def _described(admin: AIOKafkaAdminClient, group: str) -> list[Any]:
    """Ask about a group; a broker that never had one has to prepare for them first."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                answers: list[Any] = await admin.describe_consumer_groups([group])
            except GroupCoordinatorNotAvailableError:
                await asyncio.sleep(POLL_SECONDS)
            else:
                return answers


async def _recreate(old: Settings, new: Settings, names: list[str]) -> None:
    await topics.delete(old, names)
    await topics.apply(new)
