"""Opens the database that an address names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from streams.history.database import Database, NoHistory
from streams.history.migrations import migrate, steps, version
from streams.history.sqlite import SqliteDatabase

ADDRESSES = ("postgresql://", "postgres://")


@asynccontextmanager
async def open_database(address: str, *, is_writer: bool) -> AsyncIterator[Database]:
    """Open a history; a writer creates it or brings its tables up to date first.

    Raises NoHistory where a reader finds none, BadHistory where it cannot be used, Unavailable
    where it cannot be reached.
    """
    database = await _connected(address, is_writer)
    try:
        if is_writer:
            await migrate(database, steps(database.dialect))
        elif not await version(database):
            raise NoHistory("the history has no tables yet; run: sales-kpis history")
        yield database
    finally:
        await database.close()


async def _connected(address: str, is_writer: bool) -> Database:
    if address.startswith(ADDRESSES):
        # Only who uses PostgreSQL loads its client.
        from streams.history.postgres import connected

        return await connected(address)
    return SqliteDatabase(Path(address), is_writer=is_writer)
