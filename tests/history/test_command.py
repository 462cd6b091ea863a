"""The command `history` on a real Kafka: what it writes, and what it refuses."""

import asyncio
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.broker.embedded import EmbeddedKafka
from streams.broker.ports import free_port
from streams.cli import main
from streams.config.settings import Settings
from streams.history.database import NoHistory
from streams.history.opening import open_database
from streams.history.store import open_history, shown
from streams.output.dump import dump
from tests.history.keeper import Keeper
from tests.history.load import Load
from tests.history.postgres import Postgres
from tests.history.published import rows
from tests.installation.installed import eventually


async def invoked(settings: Settings, address: str, *arguments: str) -> Result:
    """Run the command beside the event loop of the test."""
    environment = {
        "SALES_KPIS_BOOTSTRAP": settings.bootstrap,
        "SALES_KPIS_PARTITIONS": str(settings.partitions),
        "SALES_KPIS_HISTORY": address,
    }
    command = ["history", *arguments]
    return await asyncio.to_thread(CliRunner().invoke, main, command, env=environment)


async def newest(address: str) -> list[bytes]:
    async with open_database(address, is_writer=False) as database:
        return [text.encode() for _, text in await rows(database, "kpi_records", "key", "record")]


async def test_a_rebuild_gives_what_dump_gives(settings: Settings, address: str) -> None:
    await Load(1, 500).send(settings)
    assert (await invoked(settings, address, "--once")).exit_code == 0
    async with (
        open_database(address, is_writer=True) as database,
        database.transaction() as session,
    ):
        await session.script("DELETE FROM kpi_records WHERE revision % 3 = 0")
        await session.script("UPDATE kpi_records SET record = 'spoilt' WHERE revision % 3 = 1")
        await session.script("UPDATE alerts SET key = 'invented|' || key")
    done = await invoked(settings, address, "rebuild")
    assert done.exit_code == 0, done.output
    assert "the history is what the topics hold" in done.output
    assert await newest(address) == [line async for line in dump(settings)] != []
    async with open_database(address, is_writer=False) as database:
        assert not [key for (key,) in await rows(database, "alerts", "key") if "invented" in key]


async def test_a_second_run_reads_only_what_is_new(settings: Settings, address: str) -> None:
    await Load(2, 200).send(settings)
    first = await invoked(settings, address, "--once")
    second = await invoked(settings, address, "--once")
    assert "200 records read" in first.output
    assert "0 records read" in second.output.splitlines()


def answered(url: str) -> tuple[int, str]:
    """Return status and text of an answer; 0 while nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - of the loopback
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


async def test_metrics_and_health_tell_of_a_database_that_is_away(
    settings: Settings, emptied: str, postgres: Postgres, tmp_path: Path
) -> None:
    await Load(4, 60).send(settings)
    port = free_port("127.0.0.1")
    keeper = Keeper(settings, emptied, tmp_path / "log")
    process = keeper.start("--metrics-port", str(port))

    async def is_answered(status: int, part: str, path: str = "readyz") -> bool:
        found = await asyncio.to_thread(answered, f"http://127.0.0.1:{port}/{path}")
        return found[0] == status and part in found[1]

    try:
        await eventually(lambda: is_answered(200, ""))
        count = 'sales_kpis_history_records_total{topic="sales.catalogue"} 1.0'
        await eventually(lambda: is_answered(200, count, "metrics"))
        await asyncio.to_thread(postgres.stop)
        await Load(5, 60).send(settings)
        await eventually(lambda: is_answered(503, "the history cannot be reached"))
        await asyncio.to_thread(postgres.start)
        await eventually(lambda: is_answered(200, ""))
    finally:
        process.kill()
        process.wait()


async def test_the_history_of_another_kafka_is_left_alone(settings: Settings, address: str) -> None:
    await Load(3, 100).send(settings)
    assert (await invoked(settings, address, "--once")).exit_code == 0
    before = await newest(address)
    async with (
        open_database(address, is_writer=True) as database,
        database.transaction() as session,
    ):
        await session.script("UPDATE origin SET cluster = 'elsewhere'")
    refused = await invoked(settings, address, "--once")
    assert refused.exit_code == 1
    assert "this history is of another Kafka (elsewhere, here is " in refused.output
    assert await newest(address) == before
    assert (await invoked(settings, address, "rebuild")).exit_code == 0
    assert await newest(address) == before


async def test_another_number_of_partitions_is_refused(settings: Settings, tmp_path: Path) -> None:
    done = await invoked(replace(settings, partitions=3), str(tmp_path / "h.sqlite"), "--once")
    assert done.exit_code == 1
    assert "topic sales.alerts has 2 partitions, not 3" in done.output


def test_missing_topics_are_named_at_once(tmp_path: Path) -> None:
    with EmbeddedKafka() as broker:
        environment = {
            "SALES_KPIS_BOOTSTRAP": broker.bootstrap,
            "SALES_KPIS_HISTORY": str(tmp_path / "h.sqlite"),
        }
        done = CliRunner().invoke(main, ["history", "--once"], env=environment)
    assert done.exit_code == 1
    assert "is missing, or hidden from this user; run: sales-kpis topics apply" in done.output


async def test_tables_of_a_later_version_are_refused(settings: Settings, address: str) -> None:
    async with (
        open_database(address, is_writer=True) as database,
        database.transaction() as session,
    ):
        await session.script("INSERT INTO schema_version (version) VALUES (99)")
    done = await invoked(settings, address, "--once")
    assert done.exit_code == 1
    assert "version 99, this program knows" in done.output


async def test_a_reader_is_told_that_there_is_no_history(tmp_path: Path) -> None:
    settings = Settings(history=str(tmp_path / "none.sqlite"))
    with pytest.raises(
        NoHistory, match=r"no history in '.*none\.sqlite' yet; run: sales-kpis hist"
    ):
        async with open_history(settings):
            pass


async def test_readers_see_what_is_committed_while_others_write(address: str) -> None:
    async with (
        open_database(address, is_writer=True) as writer,
        open_database(address, is_writer=False) as reader,
    ):
        async with writer.transaction() as session:
            await session.execute("INSERT INTO origin (cluster) VALUES (?1)", [("a",)])
            assert await reader.fetch("SELECT cluster FROM origin") == []
        assert await reader.fetch("SELECT cluster FROM origin") == [("a",)]


async def test_a_transaction_that_fails_leaves_nothing(address: str) -> None:
    async with open_database(address, is_writer=True) as writer:
        with suppress(RuntimeError):
            async with writer.transaction() as session:
                await session.execute("INSERT INTO origin (cluster) VALUES (?1)", [("a",)])
                raise RuntimeError
        assert await writer.fetch("SELECT cluster FROM origin") == []


async def test_a_wrong_database_is_one_clear_line(settings: Settings, emptied: str) -> None:
    done = await invoked(settings, emptied.rpartition("/")[0] + "/nothing", "--once")
    assert done.exit_code == 1
    assert 'Error: history in PostgreSQL: database "nothing" does not exist' in done.output


async def test_a_file_that_is_no_database_is_named(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Not a database, and longer than the header of one would be. " * 20)
    done = await invoked(settings, str(file), "--once")
    assert done.exit_code == 1
    assert f"history {str(file)!r}: file is not a database" in done.output


async def test_another_kind_of_database_is_refused(settings: Settings) -> None:
    done = await invoked(settings, "mysql://u:secret@db.example.com/kpis", "--once")
    assert done.exit_code == 1
    assert "SALES_KPIS_HISTORY must be the path of a SQLite file" in done.output
    assert "secret" not in done.output


@pytest.mark.parametrize("password", ["secret", "se/cret", "se@cret", "se:cret", "se#cret?"])
def test_the_password_of_an_address_is_never_shown(password: str) -> None:
    found = shown(f"postgresql://kpis:{password}@db.example.com:5432/kpis?sslmode=require")
    assert found == "postgresql://kpis@db.example.com:5432/kpis?sslmode=require"


async def test_an_address_that_cannot_be_read_keeps_its_password(settings: Settings) -> None:
    done = await invoked(settings, "postgresql://kpis:pa55/w0rd@db.example.com/kpis", "--once")
    assert done.exit_code == 1
    assert "SALES_KPIS_HISTORY is no address of PostgreSQL" in done.output
    assert "pa55" not in done.output


def test_a_path_is_shown_as_it_is() -> None:
    assert shown("/var/lib/a:b@c/history.sqlite") == "/var/lib/a:b@c/history.sqlite"
