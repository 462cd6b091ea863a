"""Keeps the history: reads the published topics and writes what they hold, until it is stopped."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from typing import NamedTuple, TypeVar

from streams.config.settings import Settings
from streams.history.database import Database, Unavailable
from streams.history.metrics import HistoryMetrics
from streams.history.opening import open_database
from streams.history.origin import require_origin
from streams.history.recorder import Recorder
from streams.history.store import address
from streams.kafka.client import cluster_id
from streams.kafka.topics import OUTPUTS
from streams.output.reader import offsets, read_from
from streams.process.backoff import Backoff

logger = logging.getLogger(__name__)
T = TypeVar("T")

LONGEST_PAUSE_SECONDS = 5.0


class How(NamedTuple):
    """How a history is kept.

    Attributes:
        is_whole: Read the topics from their first records on, then delete what they no longer hold.
        until_caught_up: End once all that was published before is written.
    """

    is_whole: bool = False
    until_caught_up: bool = False


async def keep(settings: Settings, metrics: HistoryMetrics, how: How) -> int:
    """Write all published records and each new one; return how many were read.

    Rows and offsets are committed together, so that it may be killed at any time. While the
    database cannot be reached, it waits. Raises what `read` raises, and BadHistory.
    """
    async with AsyncExitStack() as stack:
        database = await _patiently(
            lambda: stack.enter_async_context(open_database(address(settings), is_writer=True)),
            metrics,
        )
        cluster = await cluster_id(settings)
        await _patiently(lambda: require_origin(database, cluster, is_whole=how.is_whole), metrics)
        topics = [_keep_topic(settings, database, topic, metrics, how) for topic in OUTPUTS]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(each) for each in topics]
        except BaseExceptionGroup as failed:
            # The others were cancelled because of it.
            raise failed.exceptions[0] from failed
    return sum(task.result() for task in tasks)


async def _keep_topic(
    settings: Settings, database: Database, topic: str, metrics: HistoryMetrics, how: How
) -> int:
    recorder = Recorder(database, topic, _now_ms)
    there = await offsets(settings, topic)
    starts = await _patiently(lambda: recorder.start(there, is_whole=how.is_whole), metrics)
    count, is_caught_up = 0, False
    async with aclosing(read_from(settings, topic, starts)) as batches:
        async for batch in batches:
            await _patiently(lambda batch=batch: recorder.write(batch), metrics)  # type: ignore[misc]  # bound at once
            count += len(batch.entries)
            metrics.written(topic, len(batch.entries), is_caught_up=batch.is_caught_up)
            if batch.is_caught_up and not is_caught_up:
                is_caught_up = True
                logger.info("%s: all that was published is written", topic)
            if how.until_caught_up and is_caught_up:
                break
    return count


async def _patiently(work: Callable[[], Awaitable[T]], metrics: HistoryMetrics) -> T:
    """Try again until the database can be reached."""
    backoff = Backoff(longest_s=LONGEST_PAUSE_SECONDS)
    while True:
        try:
            done = await work()
        except Unavailable as error:
            pause_s = backoff.after(0)
            logger.warning("the history cannot be reached, next try in %.1f s: %s", pause_s, error)
            metrics.reached(str(error))
            await asyncio.sleep(pause_s)
        else:
            metrics.reached(None)
            return done


def _now_ms() -> int:
    """The machine's time: how long this was away has nothing to do with a fixed clock."""
    return time.time_ns() // 1_000_000
