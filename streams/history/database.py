"""The port to a database: statements and transactions, the same for SQLite and PostgreSQL."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from streams.kafka.errors import Fatal


class NoHistory(Exception):
    """There is no history at an address yet; the message says why, and what to do."""


class BadHistory(Fatal):
    """The history cannot be used; the message is the one line that an operator reads."""


class Unavailable(Exception):
    """The database cannot be reached at present; what was asked may or may not have happened."""


class Session(Protocol):
    """Runs statements with parameters `?1`, `?2` and so on."""

    async def fetch(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return all rows."""

    async def execute(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of values."""

    async def script(self, statements: str) -> None:
        """Run statements without values, each on lines of its own."""


class Database(Session, Protocol):
    """A database; outside a transaction each statement is one of its own.

    Attributes:
        dialect: Names the folder of its migrations.
        for_update: Ends a SELECT that locks its rows until the transaction ends.
    """

    dialect: str
    for_update: str

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        """Commit all statements of a block, or none of them if it raises.

        One at a time. Raises Unavailable, also where the outcome is not known.
        """

    async def close(self) -> None:
        """Close every connection."""
