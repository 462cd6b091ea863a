"""Questions to the history, in SQL that SQLite and PostgreSQL share."""

from collections.abc import Sequence
from typing import Any

from streams.history.database import Session
from streams.history.rows import restored, storable
from streams.history.store import EndedAlert, Kept, PastAlerts, Point

# Both have a row of each key and day; the newest one is asked for.
NEWEST = """
SELECT key, record, as_of_ms FROM (
    SELECT key, record, as_of_ms,
           row_number() OVER (PARTITION BY {group} ORDER BY {order} DESC) AS place
    FROM {source} WHERE {condition}
) AS ranked WHERE place = 1 ORDER BY key"""
LEVEL = "kpi IN (SELECT key FROM catalogue WHERE kind IN ('level', 'level_ratio'))"


class _Condition:
    """A condition and its values, parameters numbered."""

    def __init__(self) -> None:
        self.values: list[object] = []
        self._parts: list[str] = []

    def add(self, text: str, *values: object) -> None:
        """Add a part; `{}` stands for each value."""
        first = len(self.values) + 1
        self.values += values
        self._parts.append(text.format(*(f"?{first + n}" for n in range(len(values)))))

    def add_any_of(self, column: str, values: Sequence[str]) -> None:
        """Add that a column has one of some values; none means any."""
        if values:
            places = ", ".join("{}" for _ in values)
            self.add(f"{column} IN ({places})", *(storable(value) for value in values))

    def __str__(self) -> str:
        return " AND ".join(self._parts)


class Queries:
    """The history as `History` promises it, of any database."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def points(
        self, kpi: str, scope: str, window: str, first_ms: int, last_ms: int
    ) -> list[Point]:
        """Return the windows of a kind that start in `[first_ms, last_ms)`, in their order."""
        rows = await self._session.fetch(
            "SELECT key, start_ms, value, record FROM kpi_records WHERE kpi = ?1 AND scope = ?2"
            " AND time_window = ?3 AND start_ms >= ?4 AND start_ms < ?5 ORDER BY start_ms",
            *(kpi, storable(scope), window, first_ms, last_ms),
        )
        return [
            Point(key.rpartition("|")[2], start_ms, value, record.encode())
            for key, start_ms, value, record in rows
        ]

    async def as_of(
        self,
        at_ms: int,
        kpis: Sequence[str] = (),
        scopes: Sequence[str] = (),
        windows: Sequence[str] = (),
        *,
        since_ms: int | None = None,
    ) -> list[Kept]:
        """Return the record of each key as it stood at an instant, sorted by key."""
        condition = _Condition()
        condition.add("start_ms <= {} AND as_of_ms <= {}", at_ms, at_ms)
        if since_ms is not None:
            condition.add("end_ms > {}", since_ms)
        condition.add_any_of("kpi", kpis)
        condition.add_any_of("scope", scopes)
        condition.add_any_of("time_window", windows)
        return await self._newest("kpi_as_of", "key", "as_of_ms", condition)

    async def levels(
        self, at_ms: int, kpis: Sequence[str] = (), scopes: Sequence[str] = ()
    ) -> list[Kept]:
        """Return the last day's record of each level and scope up to an instant."""
        condition = _Condition()
        condition.add("time_window = 'day' AND start_ms <= {} AND as_of_ms <= {}", at_ms, at_ms)
        condition.add(LEVEL)
        condition.add_any_of("kpi", kpis)
        condition.add_any_of("scope", scopes)
        return await self._newest("kpi_records", "kpi, scope", "start_ms", condition)

    async def changes(
        self,
        first_ms: int,
        last_ms: int,
        kpis: Sequence[str] = (),
        scopes: Sequence[str] = (),
        windows: Sequence[str] = (),
    ) -> list[Kept]:
        """Return all records whose `as_of` is in `[first_ms, last_ms)`, in its order."""
        condition = _Condition()
        condition.add("as_of_ms >= {} AND as_of_ms < {}", first_ms, last_ms)
        condition.add_any_of("kpi", kpis)
        condition.add_any_of("scope", scopes)
        condition.add_any_of("time_window", windows)
        return _kept(
            await self._session.fetch(
                # Only conditions of this module, with parameters for all values.
                f"SELECT key, record, as_of_ms FROM kpi_as_of WHERE {condition}"  # noqa: S608
                " ORDER BY as_of_ms, key",
                *condition.values,
            )
        )

    async def alerts(self, at_ms: int) -> PastAlerts:
        """Return the alerts that stood at an instant: by key, and by their ends."""
        standing = await self._session.fetch(
            "SELECT key, record FROM alerts WHERE since_ms <= ?1 ORDER BY key", at_ms
        )
        ended = await self._session.fetch(
            "SELECT kind, rep, since_ms, ended_ms FROM ended_alerts"
            " WHERE ended_ms > ?1 AND since_ms <= ?1 ORDER BY ended_ms, kind, rep, since_ms",
            at_ms,
        )
        return PastAlerts(
            [(restored(key), record.encode()) for key, record in standing],
            [
                EndedAlert(kind, None if rep is None else restored(rep), since_ms, ended_ms)
                for kind, rep, since_ms, ended_ms in ended
            ],
        )

    async def since_ms(self) -> int | None:
        """Return the earliest start of a window; None where the history is empty."""
        ((found,),) = await self._session.fetch("SELECT min(start_ms) FROM kpi_records")
        return None if found is None else int(found)

    async def _newest(
        self, source: str, group: str, order: str, condition: _Condition
    ) -> list[Kept]:
        statement = NEWEST.format(source=source, group=group, order=order, condition=condition)
        return _kept(await self._session.fetch(statement, *condition.values))


def _kept(rows: list[tuple[Any, ...]]) -> list[Kept]:
    return [Kept(restored(key), record.encode(), as_of_ms) for key, record, as_of_ms in rows]
