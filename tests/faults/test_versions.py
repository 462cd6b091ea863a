"""Senders and workers of other versions: nothing is refused, and the version that stays decides."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from streams.config.settings import Settings
from streams.kafka import topics
from streams.wiring.catalogue import catalogue
from tests.faults.reading import (
    Record,
    published,
    without,
)
from tests.histories import history
from tests.installation.installed import (
    event,
    eventually,
    produce,
    sizes,
    values,
)
from tests.laws.published import replayed
from tests.whole.processes import COMMAND, Worker
from tests.worker.processes import environment, worker_processes

NEW = "deal_size"
TODAY = [*COMMAND, "worker"]
YESTERDAY = [sys.executable, "-m", "tests.whole.worker_without", NEW]
EVENTS = 600
LIMIT_SECONDS = 90.0
POLL_SECONDS = 0.5


async def test_event_with_fields_that_nobody_knows_yet_counts(
    settings: Settings, tmp_path: Path
) -> None:
    with worker_processes(settings, tmp_path) as workers:
        workers.start()
        more: Record = {"mood": "good", "score": 0.25, "tags": [{"name": "x"}]}
        await produce(settings, [event(number, **more) for number in range(100)])

        async def are_counted() -> bool:
            return await values(settings) == {"crm.lead": 100}

        await eventually(are_counted)
    assert await sizes(settings, topics.DEAD_LETTERS) == {topics.DEAD_LETTERS: 0}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(YESTERDAY, TODAY, id="upgrade"),
        pytest.param(TODAY, YESTERDAY, id="back", marks=pytest.mark.soak),
    ],
)
async def test_two_versions_work_side_by_side_and_the_one_that_stays_decides(
    settings: Settings, tmp_path: Path, first: Sequence[str], second: Sequence[str]
) -> None:
    events = history(5, EVENTS, start=date(2026, 4, 20), days=40)
    assert any(key.startswith(f"{NEW}|") for key in replayed(events, settings))
    goes = Worker(environment(settings), tmp_path / "first.log", first)
    stays = Worker(environment(settings), tmp_path / "second.log", second)
    try:
        await produce(settings, events[: EVENTS // 2])
        for worker in (goes, stays):
            worker.start()
            await asyncio.to_thread(worker.await_ready)
        await produce(settings, events[EVENTS // 2 :])
        await until_published(settings, events, unknown_yesterday(settings))
        assert await asyncio.to_thread(goes.stop) == 0
        ignored = unknown_yesterday(settings) if second is YESTERDAY else set()
        await until_published(settings, events, ignored, is_all=True)
        assert await asyncio.to_thread(stays.stop) == 0
    finally:
        goes.end()
        stays.end()


async def until_published(
    settings: Settings, events: list[Record], ignored: set[str], *, is_all: bool = False
) -> None:
    """Wait until what is published, some KPIs ignored, is what a replay publishes.

    If that is to be all there is, nothing may stand of those ignored.
    """
    wanted = {
        key: without(record)
        for key, record in replayed(events, settings).items()
        if record["kpi"] not in ignored
    }

    async def is_so() -> bool:
        found = await published(settings)
        return wanted == {
            key: record for key, record in found.items() if is_all or record["kpi"] not in ignored
        }

    async with asyncio.timeout(LIMIT_SECONDS):
        while not await is_so():  # no event tells of another process
            await asyncio.sleep(POLL_SECONDS)


def unknown_yesterday(settings: Settings) -> set[str]:
    """Name the KPIs that yesterday's version lacks."""
    derived = catalogue(settings).derived
    return {NEW, *(kpi.name for kpi in derived if NEW in kpi.ingredients)}
