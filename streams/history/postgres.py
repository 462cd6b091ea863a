"""PostgreSQL: a pool of connections; everything is in the schema `sales_kpis`."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import asyncpg

from streams.history.database import BadHistory, Session, Unavailable

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[Any]

SCHEMA = "sales_kpis"
# One writes; the others are for readers.
CONNECTIONS = 4
CONNECT_SECONDS = 10.0
# A statement that takes longer is taken for a connection that is dead.
STATEMENT_SECONDS = 60.0
GONE = (
    *(OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError),
    *(asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError),
    *(asyncpg.TransactionRollbackError, asyncpg.exceptions.InternalClientError),
)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the client's errors into those of the port."""
    try:
        yield
    except ValueError as error:
        # Before the others: the client's errors about values are InterfaceErrors as well, and to
        # try again would not help.
        raise BadHistory(f"history in PostgreSQL: {error}") from error
    except GONE as error:
        raise Unavailable(f"PostgreSQL: {error or type(error).__name__}") from error
    except asyncpg.PostgresError as error:
        raise BadHistory(f"history in PostgreSQL: {error}") from error


@cache
def _numbered(statement: str) -> str:
    return re.sub(r"\?(\d+)", r"$\1", statement)


class _Session:
    """Statements of one connection."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection

    async def fetch(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return all rows."""
        with _translated():
            rows = await self._connection.fetch(_numbered(statement), *values)
        return [tuple(row) for row in rows]

    async def execute(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of values, in few round trips."""
        if found := list(rows):
            with _translated():
                await self._connection.executemany(_numbered(statement), found)

    async def script(self, statements: str) -> None:
        """Run several statements without values."""
        with _translated():
            await self._connection.execute(statements)


class PostgresDatabase:
    """A database with a pool of connections, which are made again where the server ended them."""

    dialect = "postgres"
    for_update = " FOR UPDATE"

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[_Session]:
        with _translated():
            connection = await self._pool.acquire(timeout=CONNECT_SECONDS)
        try:
            yield _Session(connection)
        finally:
            with _translated():
                await self._pool.release(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Commit all statements of a block, or none of them if it raises."""
        async with self._session() as session:
            transaction = session._connection.transaction()
            with _translated():
                await transaction.start()
            try:
                yield session
            except BaseException:
                with _translated():
                    await transaction.rollback()
                raise
            with _translated():
                await transaction.commit()

    async def fetch(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return all rows."""
        async with self._session() as session:
            return await session.fetch(statement, *values)

    async def execute(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of values."""
        async with self._session() as session:
            await session.execute(statement, rows)

    async def script(self, statements: str) -> None:
        """Run several statements without values."""
        async with self._session() as session:
            await session.script(statements)

    async def close(self) -> None:
        """Close every connection."""
        self._pool.terminate()


async def connected(address: str) -> PostgresDatabase:
    """Connect to a server.

    Raises Unavailable where nothing answers, BadHistory where the address or the user is wrong.
    """
    pool = asyncpg.create_pool(
        address,
        min_size=0,
        max_size=CONNECTIONS,
        timeout=CONNECT_SECONDS,
        command_timeout=STATEMENT_SECONDS,
        server_settings={"search_path": SCHEMA, "application_name": "sales-kpis"},
    )
    with _translated():
        await pool
    database = PostgresDatabase(pool)
    try:
        await database.fetch("SELECT 1")
    except BadHistory as error:
        await database.close()
        if isinstance(error.__cause__, ValueError):
            # The client's message may quote a part of the password.
            raise BadHistory(
                "SALES_KPIS_HISTORY is no address of PostgreSQL; in a password / is written %2F,"
                " @ is %40, # is %23 and ? is %3F"
            ) from None
        raise
    return database
