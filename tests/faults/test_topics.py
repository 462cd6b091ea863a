"""Topics that are deleted under a worker: it ends and names them, and nothing is counted wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streams.config.settings import Settings
from streams.kafka import topics
from tests.installation.installed import (
    event,
    eventually,
    produce,
    values,
)
from tests.worker.processes import (
    Worker,
    WorkerProcesses,
    worker_processes,
)


async def test_worker_whose_events_are_deleted_names_the_topic_and_counts_no_less(
    settings: Settings, tmp_path: Path
) -> None:
    async with at_work(settings, tmp_path) as (_, worker):
        await topics.delete(settings, ["crm.lead"])
        assert await worker.ended() == 1
        assert is_named(worker, "crm.lead")
    assert await values(settings) == {"crm.lead": 300}


async def test_worker_whose_state_and_output_are_deleted_names_them_and_a_new_one_counts_again(
    settings: Settings, tmp_path: Path
) -> None:
    async with at_work(settings, tmp_path) as (workers, worker):
        await topics.delete(settings, [topics.state(settings), topics.KPIS])
        assert await worker.ended() == 1
        assert is_named(worker, topics.state(settings))
        assert is_named(worker, topics.KPIS)
        await topics.apply(settings)
        await produce(settings, [event(300 + number) for number in range(100)])
        await counting(settings, workers.start(), 400)


async def test_state_topic_created_again_at_once_is_rebuilt_whole(
    settings: Settings, tmp_path: Path
) -> None:
    async with at_work(settings, tmp_path) as (workers, worker):
        await topics.delete(settings, [topics.state(settings)])
        await topics.apply(settings)
        # Rows of these alone, in a new state, would be all that the next owner finds.
        await produce(settings, [event(300 + number) for number in range(100)])
        assert await worker.ended() == 1
        assert topics.state(settings) in stopping(worker)
        await counting(settings, workers.start(), 400)


@pytest.mark.parametrize("emptied", ["crm.lead", "sales.kpis"])
async def test_topic_created_again_at_once_ends_the_worker(
    settings: Settings, tmp_path: Path, emptied: str
) -> None:
    async with at_work(settings, tmp_path) as (_, worker):
        await topics.delete(settings, [emptied])
        await topics.apply(settings)
        assert await worker.ended() == 1
        assert emptied in stopping(worker)


@asynccontextmanager
async def at_work(
    settings: Settings, folder: Path
) -> AsyncIterator[tuple[WorkerProcesses, Worker]]:
    """Give workers that end with the test, and one of them that has published 300 leads."""
    await produce(settings, [event(number) for number in range(300)])
    with worker_processes(settings, folder) as workers:
        yield workers, await counting(settings, workers.start(), 300)


async def counting(settings: Settings, worker: Worker, count: int) -> Worker:
    """Wait until all that a worker has published is so many leads."""

    async def are_counted() -> bool:
        assert worker.process.poll() is None, worker.log_text()
        return await values(settings) == {"crm.lead": count}

    await eventually(are_counted)
    return worker


def stopping(worker: Worker) -> str:
    """Return the line with which a worker ended."""
    (line,) = [line for line in worker.log_text().splitlines() if "stopping: " in line]
    return line


def is_named(worker: Worker, topic: str) -> bool:
    """Return whether a worker ended over a topic, with advice."""
    text = stopping(worker)
    assert topic in text, text
    assert "run: sales-kpis topics apply" in text, text
    assert "Traceback" not in worker.log_text()
    return True
