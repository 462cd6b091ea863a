"""SIGKILL at random while records come in, and a PostgreSQL that is restarted meanwhile."""

import asyncio
import os
import random
from pathlib import Path

import pytest

from streams.config.settings import Settings
from streams.history.database import NoHistory, Unavailable
from streams.history.opening import open_database
from streams.output.alerts import alerts
from streams.output.dump import dump
from tests.history.keeper import Keeper
from tests.history.load import Load
from tests.history.postgres import Postgres
from tests.history.published import rows

# `make history` sends 100,000.
RECORDS = int(os.environ.get("HISTORY_RECORDS", "6000"))
KILLS = max(6, RECORDS // 2_500)
# A batch of 1,000 records takes about this long.
LONGEST_RUN_SECONDS = 0.4
LOOK_SECONDS = 0.05


async def progress(address: str) -> int:
    """Return how far the history has read, all partitions together."""
    try:
        async with open_database(address, is_writer=False) as database:
            ((found,),) = await database.fetch("SELECT sum(next_offset) FROM progress")
            return int(found or 0)
    except (NoHistory, Unavailable):
        return 0


async def torment(keeper: Keeper, load: Load, settings: Settings, server: Postgres | None) -> None:
    """Send a load in portions; in each kill what writes the history, and the server in some."""
    chance = random.Random(17)
    for number in range(KILLS):
        before = await progress(keeper.address)
        process = keeper.start()
        sending = asyncio.create_task(load.send(settings, RECORDS // KILLS))
        # It has begun to write: another moment, and it is somewhere in the middle.
        while await progress(keeper.address) <= before:
            assert process.poll() is None, keeper.log.read_text()
            await asyncio.sleep(LOOK_SECONDS)
        await asyncio.sleep(chance.random() * LONGEST_RUN_SECONDS)
        if server is not None and number % 3 == 1:
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(chance.random() * LONGEST_RUN_SECONDS)
            assert process.poll() is None, keeper.log.read_text()
            await asyncio.to_thread(server.start)
            await asyncio.sleep(chance.random() * 2)
        process.kill()
        assert await asyncio.to_thread(process.wait) < 0, keeper.log.read_text()
        await sending
    await load.send(settings)


async def test_rows_are_those_of_dump_whatever_was_killed(
    settings: Settings, address: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("postgres") if address.startswith("postgresql") else None
    load = Load(23, RECORDS)
    keeper = Keeper(settings, address, tmp_path / "log")
    await torment(keeper, load, settings, server)
    await keeper.finish("--once")
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
