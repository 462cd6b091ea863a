"""What readers of the history may ask: the contract of every database that holds it.

`open_history` opens the one that the settings name.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

from streams.config.settings import Settings


class Point(NamedTuple):
    """The newest record of one window.

    Attributes:
        start: As in the record, RFC 3339 in the reporting zone.
        value: As in the record without quotes, exact; None where there is no value.
    """

    start: str
    start_ms: int
    value: str | None
    record: bytes


class Kept(NamedTuple):
    """A record as it stood at `as_of_ms`, bytes exactly as published."""

    key: str
    record: bytes
    as_of_ms: int


class EndedAlert(NamedTuple):
    """An alert that has ended; what it was about is not kept."""

    kind: str
    rep: str | None
    since_ms: int
    ended_ms: int


class PastAlerts(NamedTuple):
    """The alerts that stood at an instant.

    Attributes:
        standing: Key and record, exactly as published last, of those that stand to this day.
        ended: Those that have ended since.
    """

    standing: list[tuple[str, bytes]]
    ended: list[EndedAlert]


class History(Protocol):
    """Records of the past. Instants are milliseconds since the epoch; results are new lists.

    Every question raises Unavailable while the database cannot be reached, and may be asked again;
    BadHistory where it cannot be used.

    Scopes are written as in keys, `all` or `rep=ann`. Of `kpis`, `scopes` and `windows` an empty
    sequence means all.

    Of windows that are over, the newest record is kept, later corrections included. Of a running
    week, month, quarter or year, the last record of each day as it was published then, so this is
    exact to the ends of days in the reporting zone.
    """

    async def points(
        self, kpi: str, scope: str, window: str, first_ms: int, last_ms: int
    ) -> list[Point]:
        """Return the windows of a kind that start in `[first_ms, last_ms)`, in their order.

        A window without facts has no record, and no point.
        """

    async def as_of(
        self,
        at_ms: int,
        kpis: Sequence[str] = (),
        scopes: Sequence[str] = (),
        windows: Sequence[str] = (),
        *,
        since_ms: int | None = None,
    ) -> list[Kept]:
        """Return the record of each key as it stood at an instant, sorted by key.

        `since_ms` leaves out windows that ended before or at it: with `at_ms - 1` those that were
        running, or just ended, remain.
        """

    async def levels(
        self, at_ms: int, kpis: Sequence[str] = (), scopes: Sequence[str] = ()
    ) -> list[Kept]:
        """Return the last day's record of each level and scope up to an instant, sorted by key.

        This is a level as of a day: a day without a step has the value of the last one before.
        """

    async def changes(
        self,
        first_ms: int,
        last_ms: int,
        kpis: Sequence[str] = (),
        scopes: Sequence[str] = (),
        windows: Sequence[str] = (),
    ) -> list[Kept]:
        """Return all records whose `as_of` is in `[first_ms, last_ms)`, in its order.

        Of one key this is how its value came about, day by day.
        """

    async def alerts(self, at_ms: int) -> PastAlerts:
        """Return the alerts that stood at an instant: by key, and by their ends.

        They stand from their `since` on. Those that had ended before the history was begun are
        not among them.
        """

    async def since_ms(self) -> int | None:
        """Return the earliest start of a window; None where the history is empty."""


def address(settings: Settings) -> str:
    """Return where the history is: SALES_KPIS_HISTORY, or a SQLite file among the data."""
    return settings.history or str(settings.data / "history.sqlite")


def shown(found: str) -> str:
    """Return an address without its password, whatever signs that has."""
    return re.sub(r"^(postgres(?:ql)?://[^:@/]*):.*@", r"\1@", found)


@asynccontextmanager
async def open_history(settings: Settings) -> AsyncIterator[History]:
    """Open the history for reading, for as long as a block runs.

    It may be written meanwhile, by this process or another. Raises NoHistory where there is none
    yet, with the reason; Unavailable and BadHistory as its questions do.
    """
    from streams.history.opening import open_database
    from streams.history.queries import Queries

    async with open_database(address(settings), is_writer=False) as database:
        yield Queries(database)
