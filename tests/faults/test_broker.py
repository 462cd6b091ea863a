"""Kafka is not started, down for long, or out of space: refusals, and nothing lost or twice."""

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from streams.agents.faust_app import SESSION_SECONDS
from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings
from tests.faults.sending import (
    Leads,
    counted,
    leads,
)
from tests.gateway.sending import TOKEN
from tests.installation.installed import installed
from tests.worker.processes import END_SECONDS, environment
from tests.worker.supervised import (
    Supervised,
    children,
    supervised,
)

# Restarts and rebalances on a busy machine.
LIMIT_SECONDS = 90.0
AWAY_SECONDS = 15.0
FREE_BYTES = 50_000
KAFKA_AWAY = 503
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits another process")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A Kafka of this module's own, which its tests end and start on the same data."""
    with EmbeddedKafka(data=tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
async def settings(broker: EmbeddedKafka) -> Settings:
    """An installation of its own in a Kafka that runs."""
    return replace(await installed(broker.bootstrap), token=TOKEN)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not await holds():  # no event tells of another process
            await asyncio.sleep(0.1)


async def test_worker_without_kafka_ends_with_advice(tmp_path: Path) -> None:
    nowhere = Settings(bootstrap="127.0.0.1:1")
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "streams.cli", "worker"],
        env={**os.environ, **environment(nowhere)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert "no Kafka there at 127.0.0.1:1" in done.stderr
    assert "start it, or set SALES_KPIS_BOOTSTRAP to where it is" in done.stderr
    assert "Traceback" not in done.stderr


async def test_supervised_worker_comes_up_once_kafka_is_there(
    broker: EmbeddedKafka, settings: Settings, tmp_path: Path
) -> None:
    await asyncio.to_thread(broker.kill)
    with supervised(settings, tmp_path / "log") as under:
        try:
            await under.until("no Kafka there at")
            await under.until("ended with status 1; starting it again", times=2)
        finally:
            await asyncio.to_thread(broker.start)
        await under.until("ready: tasks")
        assert await under.ended() == 0


@pytest.mark.soak
async def test_what_was_accepted_is_counted_once_after_kafka_was_away_for_long(
    broker: EmbeddedKafka, settings: Settings, tmp_path: Path
) -> None:
    async with at_work(settings, tmp_path) as (under, sent):
        began = time.monotonic()
        await asyncio.to_thread(broker.kill)
        try:
            statuses = {await sent.send()}
            while time.monotonic() - began < AWAY_SECONDS:
                statuses.add(await sent.send())
                await asyncio.sleep(0.5)
            # By then the worker has given up, too.
            await under.until("the worker ended with status 1; starting it again")
        finally:
            await asyncio.to_thread(broker.start)
        assert statuses == {KAFKA_AWAY}
        await until(lambda: is_accepted(sent.send_again))
        await until(lambda: is_accepted(sent.send))
        await until(lambda: are(settings, len(sent.accepted)))
    assert AWAY_SECONDS > 2 * SESSION_SECONDS


@LINUX
async def test_kafka_without_space_loses_nothing_that_was_accepted(
    broker: EmbeddedKafka, settings: Settings, tmp_path: Path
) -> None:
    async with at_work(settings, tmp_path) as (under, sent):
        try:
            fill_up(broker)
            statuses = await until_refused(sent.send)
            await under.until("the worker ended with status 1; starting it again")
        finally:
            await asyncio.to_thread(broker.kill)
            await asyncio.to_thread(broker.start)
        assert statuses == {202, KAFKA_AWAY}
        # A 503 does not say that nothing was written: what was refused may be there already.
        accepted = len(sent.accepted)
        await until(lambda: are_at_least(settings, accepted))
        await until(lambda: is_accepted(sent.send_again))
        assert len(sent.accepted) > accepted
        await until(lambda: are(settings, len(sent.accepted)))


@asynccontextmanager
async def at_work(settings: Settings, folder: Path) -> AsyncIterator[tuple[Supervised, Leads]]:
    """Give a supervised worker, and a sender whose first leads were taken.

    In the end the worker stops when told to, and each of its deaths has log what to do.
    """
    with supervised(settings, folder / "log") as under:
        await under.until("ready: tasks")
        async with leads(settings) as sent:
            assert await sent.send() == 202
            yield under, sent
        assert_has_advice(under)
        assert await under.ended() == 0


def assert_has_advice(under: Supervised) -> None:
    """Every end of a worker has a line with advice, and none has a traceback."""
    log = under.log.read_text()
    ends = [line for line in log.splitlines() if "stopping: " in line]
    assert ends
    assert all(line.endswith("`sales-kpis doctor` looks") for line in ends), ends
    assert "Traceback" not in log, log


def fill_up(broker: EmbeddedKafka) -> None:
    """Leave the broker's process a little room in each file: then writing fails.

    The process ends over that, as it does when its one disk is full.
    """
    (java,) = [
        java
        for guard in children(os.getpid())
        if Path(f"/proc/{guard}/cwd").resolve() == broker.data.resolve()
        for java in children(guard)
    ]
    files = (file.stat() for file in broker.data.rglob("*") if file.is_file())
    # Indexes are as large as they may become from the start, and take no room.
    largest = max(found.st_size for found in files if found.st_blocks * 512 >= found.st_size)
    _, hard = resource.prlimit(java, resource.RLIMIT_FSIZE)
    resource.prlimit(java, resource.RLIMIT_FSIZE, (largest + FREE_BYTES, hard))


async def until_refused(send: Callable[[], Awaitable[int]]) -> set[int]:
    """Send until a request is refused; return all statuses."""
    statuses = {202}
    async with asyncio.timeout(LIMIT_SECONDS):
        while statuses == {202}:
            statuses.add(await send())
    return statuses


async def is_accepted(send: Callable[[], Awaitable[int]]) -> bool:
    """Send, and return whether it was accepted."""
    return await send() == 202


async def are_at_least(settings: Settings, count: int) -> bool:
    """Return whether at least `count` leads are published."""
    return await counted(settings) >= count


async def are(settings: Settings, count: int) -> bool:
    """Return whether exactly `count` leads are published."""
    return await counted(settings) == count
