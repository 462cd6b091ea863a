"""SQLite: one thread writes, another one reads what is committed."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, TypeVar

from streams.history.database import BadHistory, NoHistory, Session

T = TypeVar("T")

# A writer of another process has finished its transaction by then.
BUSY_SECONDS = 30.0
# WAL lets others read meanwhile. A commit may be lost with the machine's power, never in part:
# the topics still have its records. What was deleted is overwritten, personal data among it. The
# log is folded into the file every 32 MB: after the default of 4 MB nearly each batch would wait
# for the disk.
PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA secure_delete = ON;
PRAGMA wal_autocheckpoint = 8000;
PRAGMA cache_size = -32000;
"""


class _Connection:
    """A connection that lives on a thread of its own."""

    def __init__(self, path: Path, *, is_writer: bool) -> None:
        self._path = path
        self._is_writer = is_writer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._connection: sqlite3.Connection | None = None

    async def call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function on the thread. Raises BadHistory for what SQLite refuses."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = self._open()
            return work(self._connection)
        except sqlite3.Error as error:
            raise BadHistory(f"history {str(self._path)!r}: {error}") from error

    def _open(self) -> sqlite3.Connection:
        where = str(self._path) if self._is_writer else f"{self._path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(
            where, timeout=BUSY_SECONDS, isolation_level=None, uri=not self._is_writer
        )
        if self._is_writer:
            connection.executescript(PRAGMAS)
        return connection

    async def close(self) -> None:
        """Close the connection and end the thread."""
        if self._connection is not None:
            await self.call(sqlite3.Connection.close)
        self._thread.shutdown()


class _Session:
    """Statements of one connection."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def fetch(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return all rows."""

        def work(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
            with closing(connection.execute(statement, values)) as cursor:
                return cursor.fetchall()

        return await self._connection.call(work)

    async def execute(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of values."""
        found = list(rows)

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(statement, found).close()

        if found:
            await self._connection.call(work)

    async def script(self, statements: str) -> None:
        """Run several statements within the transaction that is open."""

        def work(connection: sqlite3.Connection) -> None:
            # executescript would commit first.
            for statement in _statements(statements):
                connection.execute(statement).close()

        await self._connection.call(work)


class SqliteDatabase(_Session):
    """A file. Statements outside transactions see what is committed, on a thread of their own."""

    dialect = "sqlite"
    for_update = ""

    def __init__(self, path: Path, *, is_writer: bool) -> None:
        if is_writer:
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.exists():
            raise NoHistory(f"there is no history in {str(path)!r} yet; run: sales-kpis history")
        super().__init__(_Connection(path, is_writer=is_writer))
        self._writer = _Connection(path, is_writer=True) if is_writer else None
        self._is_free = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Commit all statements of a block, or none of them if it raises; one at a time."""
        if self._writer is None:
            raise BadHistory("this history was opened for reading")
        writer = self._writer
        async with self._is_free:
            try:
                await writer.call(lambda connection: connection.execute("BEGIN IMMEDIATE").close())
                yield _Session(writer)
            except BaseException:
                await _finish(writer.call(sqlite3.Connection.rollback))
                raise
            await _finish(writer.call(sqlite3.Connection.commit))

    async def close(self) -> None:
        """Close both connections."""
        await self._connection.close()
        if self._writer is not None:
            await self._writer.close()


async def _finish(ending: Any) -> None:
    """Wait for the end of a transaction even if the task is cancelled meanwhile."""
    task = asyncio.ensure_future(ending)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _statements(script: str) -> list[str]:
    found, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            found.append(current)
            current = ""
    return [*found, *([current] if current.strip() else [])]
