"""What doctor and status say of the history: how far it is behind, and what is wrong with it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import main
from streams.config.rules import Rules
from streams.config.settings import Settings
from streams.history.metrics import HistoryMetrics
from streams.history.opening import open_database
from streams.history.run import How, keep
from streams.operations.findings import Finding
from streams.operations.readers.health import behind
from streams.operations.readers.history import check_history
from tests.history.load import Load


@pytest.fixture
def kept(settings: Settings, tmp_path: Path) -> Settings:
    return replace(settings, history=str(tmp_path / "history.sqlite"), page_port=1)


@pytest.fixture
def checked(kept: Settings) -> Callable[[], Awaitable[Finding]]:
    async def check() -> Finding:
        (found,) = await check_history(kept, recheck_s=0.01)
        return found

    return check


async def write(settings: Settings) -> None:
    await keep(settings, HistoryMetrics(), How(until_caught_up=True))


async def test_history_that_nobody_writes_is_behind(
    kept: Settings, checked: Callable[[], Awaitable[Finding]]
) -> None:
    await Load(1, 50).send(kept)
    await write(kept)
    assert (await checked()).what == "the history has all that is published"
    assert await behind(kept, Rules()) == []
    await Load(2, 50).send(kept)
    found = await checked()
    assert found.verdict == "WRONG"
    assert found.what.startswith("the history is behind: ")
    assert found.advice.startswith("start `sales-kpis history`")
    (line,) = await behind(kept, Rules())
    assert line == found.what.replace("the history is behind: ", "history: to be written: ")
    await write(kept)
    assert (await checked()).is_fine


async def test_history_that_is_named_and_not_there_is_reported(
    checked: Callable[[], Awaitable[Finding]],
) -> None:
    found = await checked()
    assert found.verdict == "WRONG"
    assert "run: sales-kpis history" in found.what


async def test_history_of_another_kafka_is_reported(
    kept: Settings, checked: Callable[[], Awaitable[Finding]]
) -> None:
    async with (
        open_database(kept.history, is_writer=True) as database,
        database.transaction() as session,
    ):
        await session.execute("INSERT INTO origin (cluster) VALUES (?1)", [("elsewhere",)])
    found = await checked()
    assert found.verdict == "WRONG"
    assert "this history is of another Kafka (elsewhere, here is " in found.what


async def test_database_that_is_away_is_reported_without_its_password(settings: Settings) -> None:
    away = replace(settings, history="postgresql://me:secret@127.0.0.1:1/sales")
    (found,) = await check_history(away)
    assert found.verdict == "WRONG"
    assert "the history at postgresql://me@127.0.0.1:1/sales cannot be reached" in found.what
    assert "secret" not in found.what


async def test_installation_without_a_history_has_nothing_to_report(
    settings: Settings, tmp_path: Path
) -> None:
    assert await check_history(replace(settings, data=tmp_path)) == []


async def test_status_shows_what_keeps_the_history(kept: Settings) -> None:
    await Load(3, 20).send(kept)
    environment = {
        "SALES_KPIS_BOOTSTRAP": kept.bootstrap,
        "SALES_KPIS_APP": kept.app,
        "SALES_KPIS_PARTITIONS": str(kept.partitions),
        "SALES_KPIS_HISTORY": kept.history,
        "SALES_KPIS_PAGE_PORT": str(kept.page_port),
    }
    done = await asyncio.to_thread(CliRunner().invoke, main, ["status"], env=environment)
    assert "history: there is no history in" in done.output
