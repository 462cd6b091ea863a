"""A history is that of one Kafka: another one's records would delete and mix with it."""

from streams.history.database import BadHistory, Database, Session

TABLES = ("progress", "kpi_records", "kpi_trail", "alerts", "ended_alerts", "catalogue", "origin")


async def require_origin(database: Database, cluster: str, *, is_whole: bool) -> None:
    """Note from which Kafka the records are. Raises BadHistory where they are from another.

    With `is_whole` a history of another Kafka is emptied instead. A Kafka without a name is any.
    """
    async with database.transaction() as session:
        found = await _noted(session)
        if not cluster or found == [cluster]:
            return
        if found and not is_whole:
            raise _foreign(found[0], cluster)
        for table in TABLES if found else ():
            await session.script(f"DELETE FROM {table}")  # noqa: S608 - of TABLES
        await session.execute("INSERT INTO origin (cluster) VALUES (?1)", [(cluster,)])


async def require_same_origin(session: Session, cluster: str) -> None:
    """Raise BadHistory for a history whose records are from another Kafka; changes nothing."""
    found = await _noted(session)
    if cluster and found and found != [cluster]:
        raise _foreign(found[0], cluster)


async def _noted(session: Session) -> list[str]:
    return [name for (name,) in await session.fetch("SELECT cluster FROM origin")]


def _foreign(found: str, cluster: str) -> BadHistory:
    return BadHistory(
        f"this history is of another Kafka ({found}, here is {cluster}); name another one in"
        " SALES_KPIS_HISTORY, or begin again: sales-kpis history rebuild"
    )
