"""SIGKILL at random while records come in, and a PostgreSQL that is restarted meanwhile."""

import asyncio
import os
import random
from pathlib import Path

import pytest

from streams.config.settings import Settings
from streams.history.opening import open_database
from streams.output.alerts import alerts
from streams.output.dump import dump
from tests.history.keeper import Keeper
from tests.history.load import Load
from tests.history.postgres import Postgres
from tests.history.published import rows

# `make history` sends 100,000.
RECORDS = int(os.environ.get("HISTORY_RECORDS", "6000"))
LONGEST_RUN_SECONDS = 1.5


async def torment(keeper: Keeper, load: asyncio.Task[None], server: Postgres | None) -> int:
    """Kill at random as long as the load goes on; return how often."""
    chance, kills = random.Random(17), 0
    while not load.done():
        process = keeper.start()
        await asyncio.sleep(0.7 + chance.random() * LONGEST_RUN_SECONDS)
        if server is not None and kills % 3 == 1:
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(chance.random() / 2)
            assert process.poll() is None, keeper.log.read_text()
            await asyncio.to_thread(server.start)
            await asyncio.sleep(chance.random() * 2)
        process.kill()
        assert await asyncio.to_thread(process.wait) < 0, keeper.log.read_text()
        kills += 1
    return kills


async def test_rows_are_those_of_dump_whatever_was_killed(
    settings: Settings, address: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("postgres") if address.startswith("postgresql") else None
    load = Load(23, RECORDS)
    keeper = Keeper(settings, address, tmp_path / "log")
    sending = asyncio.create_task(load.send(settings))
    kills = await torment(keeper, sending, server)
    await sending
    await keeper.finish("--once")
    assert kills >= 3
    async with open_database(address, is_writer=False) as database:
        newest = await rows(database, "kpi_records", "key", "record")
        assert [record.encode() for _, record in newest] == load.newest
        assert load.newest == [line async for line in dump(settings)]
        assert await rows(database, "kpi_trail", "key", "day", "record") == load.trail != []
        current = await rows(database, "alerts", "key", "record")
        assert [record.encode() for _, record in current] == [
            line async for line in alerts(settings)
        ]
        ((ended,),) = await database.fetch("SELECT count(*) FROM ended_alerts")
        assert ended == load.ended > 0
        ((entries,),) = await database.fetch("SELECT count(*) FROM catalogue")
        assert entries == (RECORDS + 499) // 500
