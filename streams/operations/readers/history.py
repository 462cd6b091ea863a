"""The history: how far it is behind what is published, and what keeps it from being written."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from aiokafka import TopicPartition

from streams.config.settings import PREFIX, Settings
from streams.history.database import BadHistory, NoHistory, Unavailable
from streams.history.opening import open_database
from streams.history.origin import require_same_origin
from streams.history.recorder import written
from streams.history.store import address, shown
from streams.kafka.client import cluster_id
from streams.kafka.reader import ends
from streams.kafka.topics import OUTPUTS
from streams.operations.findings import Finding
from streams.output.reader import partitions

# A process that writes has written by then what there was before.
RECHECK_SECONDS = 3.0
Offsets = Mapping[TopicPartition, int]
Unwritten = Counter[str]


def is_kept(settings: Settings) -> bool:
    """Return whether a history is named, or has been begun where it is by default."""
    return bool(settings.history) or Path(address(settings)).exists()


async def published(settings: Settings) -> Offsets:
    """Return where the output ends for readers of committed records."""
    return await ends(
        settings,
        [each for topic in OUTPUTS for each in partitions(settings, topic)],
        committed=True,
    )


async def unwritten(settings: Settings, stops: Offsets) -> Unwritten:
    """Count by topic the offsets below `stops` that the history has not written.

    Raises NoHistory, Unavailable and BadHistory.
    """
    cluster = await cluster_id(settings)
    async with open_database(address(settings), is_writer=False) as database:
        await require_same_origin(database, cluster)
        positions = await written(database)
    found: Unwritten = Counter()
    for partition, stop in stops.items():
        found[partition.topic] += max(stop - positions.get(partition, 0), 0)
    return +found


async def check_history(settings: Settings, recheck_s: float = RECHECK_SECONDS) -> list[Finding]:
    """Check that the history can be read, and that somebody writes it; nothing where none is kept.

    Where something is missing it is looked at again after some seconds.
    """
    if not is_kept(settings):
        return []
    try:
        stops = await published(settings)
        first = second = await unwritten(settings, stops)
        if first:
            await asyncio.sleep(recheck_s)
            second = await unwritten(settings, stops)
    except (NoHistory, Unavailable, BadHistory) as error:
        return [_unusable(settings, error)]
    if not second:
        return [Finding("the history has all that is published")]
    missing = f"the history is behind: {listed(second)}"
    if second < first:
        return [Finding(missing, advice="it is being written: look again", is_doubtful=True)]
    advice = "start `sales-kpis history`; if it runs, its last lines name what it waits for"
    return [Finding(missing, is_fine=False, advice=advice)]


def listed(missing: Unwritten) -> str:
    """Write out what is missing."""
    return ", ".join(f"{count:,} offsets of {topic}" for topic, count in sorted(missing.items()))


def _unusable(settings: Settings, error: Exception) -> Finding:
    place = shown(address(settings))
    if isinstance(error, NoHistory):
        return Finding(str(error), is_fine=False, advice=f"or correct {PREFIX}HISTORY")
    if isinstance(error, Unavailable):
        return Finding(
            f"the history at {place} cannot be reached: {error}",
            is_fine=False,
            advice=f"start the database, or correct {PREFIX}HISTORY; `sales-kpis history` and the"
            " page go on by themselves once it answers",
        )
    return Finding(
        f"the history at {place} cannot be used: {error}",
        is_fine=False,
        advice=f"correct {PREFIX}HISTORY, or give its user the rights: docs/guide/history.md",
    )
