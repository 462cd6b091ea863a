"""Workers that leave snapshots when they end in order, or are killed while they write them."""

import asyncio
import re
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from streams.config.settings import Settings
from streams.internal_topics.progress import await_settled
from tests.faults.reading import without
from tests.installation.installed import event, eventually, output, produce
from tests.laws.published import replayed
from tests.worker.processes import Worker, worker_processes

PRODUCT = "streams.cli"
# More than a snapshot has to be worth in each partition.
EVENTS = 2_600
SETTLED_SECONDS, END_SECONDS, LOOK_SECONDS = 60.0, 10.0, 1.0
UNUSED = re.compile(r"restores without a snapshot: there is none")
USED = re.compile(r"restores a snapshot, and 0 later records")


async def settled(settings: Settings) -> dict[str, Any]:
    """Wait until all events are published; returns what is published."""
    assert (await await_settled(settings, SETTLED_SECONDS)).is_settled
    return await output(settings)


async def settled_or_ended(settings: Settings, worker: Worker) -> None:
    """Wait until all events are published, or a worker has killed itself before.

    What has been read is in a snapshot as soon as there is time for it, published or not.
    """

    async def is_over() -> bool:
        is_alive = worker.process.poll() is None
        return not is_alive or (await await_settled(settings, LOOK_SECONDS)).is_settled

    await eventually(is_over)


async def end(worker: Worker) -> int:
    """End a worker in order, unless it kills itself; returns its status."""
    worker.signal(signal.SIGTERM)
    async with asyncio.timeout(END_SECONDS):
        return await worker.ended()


async def test_worker_that_ends_in_order_leaves_a_snapshot_to_the_next(
    settings: Settings, tmp_path: Path
) -> None:
    with worker_processes(settings, tmp_path, PRODUCT) as workers:
        first = await workers.start("worker").is_ready()
        await produce(settings, [event(number) for number in range(EVENTS)])
        published = await settled(settings)
        assert await end(first) == 0
        second = await workers.start("worker").is_ready()
        assert len(USED.findall(second.log_text())) == settings.partitions
        assert await settled(settings) == published


# Both tasks write their parts, and then a manifest each.
@pytest.mark.parametrize("passing", [1, 3])
async def test_worker_killed_while_it_writes_snapshots_leaves_none_that_is_torn(
    settings: Settings, tmp_path: Path, passing: int
) -> None:
    mortal = replace(settings, failpoint=f"during_snapshot:{passing}")
    events = [event(number) for number in range(EVENTS)]
    expected = {key: without(record) for key, record in replayed(events, settings).items()}
    with worker_processes(mortal, tmp_path, PRODUCT) as workers:
        first = await workers.start("worker").is_ready()
        await produce(settings, events)
        await settled_or_ended(settings, first)
        assert await end(first) == -signal.SIGKILL
    (tmp_path / "next").mkdir()
    with worker_processes(settings, tmp_path / "next", PRODUCT) as workers:
        second = await workers.start("worker").is_ready()
        assert len(UNUSED.findall(second.log_text())) == settings.partitions
        before = await settled(settings)
        assert {key: without(record) for key, record in before.items()} == expected
        assert await end(second) == 0
        third = await workers.start("worker").is_ready()
        assert len(USED.findall(third.log_text())) == settings.partitions
        assert await settled(settings) == before
