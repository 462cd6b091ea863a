"""Clients of Kafka that fail in silence: no process goes on without reading, or without tasks."""

from pathlib import Path

import pytest

from streams.config.settings import Settings
from tests.installation.installed import event, eventually, produce, values
from tests.translation.acme import deliver, deliveries, with_mapping
from tests.translation.processes import Translating
from tests.worker.processes import Worker

BROKEN = "tests.worker.broken_client"


@pytest.mark.parametrize("process", ["worker", "translate"])
async def test_process_whose_client_stops_to_fetch_ends(
    settings: Settings, tmp_path: Path, process: str
) -> None:
    used = with_mapping(settings, tmp_path / "sources")
    await produce(used, [event(number) for number in range(20)])
    await deliver(used, deliveries(0, 20))
    stalled = Worker(used, tmp_path / "log", BROKEN, "stalled", process)
    try:
        assert await stalled.ended() == 1
        assert "although there is something to read" in stalled.log_text()
    finally:
        stalled.close()


async def test_worker_that_was_assigned_nothing_as_kafka_began_gets_its_tasks(
    settings: Settings, tmp_path: Path
) -> None:
    worker = Worker(settings, tmp_path / "log", BROKEN, "ignorant", "worker")
    try:
        await worker.is_ready()
        await produce(settings, [event(number) for number in range(20)])

        async def all_count() -> bool:
            return await values(settings) == {"crm.lead": 20}

        await eventually(all_count)
    finally:
        worker.close()


async def test_translator_that_was_assigned_nothing_as_kafka_began_gets_the_inbox(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources")
    process = Translating(used, tmp_path / "log", BROKEN, "ignorant", "translate")
    try:
        await process.is_ready()

        async def has_all() -> bool:
            return process.partitions() == set(range(8))

        await eventually(has_all)
        assert "(none is left)" in process.log_text()
    finally:
        process.close()
