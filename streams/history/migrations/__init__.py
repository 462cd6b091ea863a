"""Versions of the tables: each file brings them from the one before to its own, and is kept."""

from collections.abc import Sequence
from importlib import resources

from streams.history.database import BadHistory, Database, Session

EXISTS = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE name = 'schema_version'",
    "postgres": "SELECT count(to_regclass('schema_version'))",
}
# SQLite lets one writer in; elsewhere two processes that start at once take turns by it.
LOCKS = {"sqlite": "", "postgres": "SELECT pg_advisory_xact_lock(5261744)"}


def steps(dialect: str) -> list[str]:
    """Return the scripts of a dialect, in their order."""
    folder = resources.files(__name__) / dialect
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda f: f.name
    )
    return [file.read_text(encoding="utf-8") for file in files]


async def version(database: Database) -> int:
    """Return the version of the tables; 0 where there are none."""
    return await _version(database, database.dialect)


async def _version(session: Session, dialect: str) -> int:
    ((count,),) = await session.fetch(EXISTS[dialect])
    if not count:
        return 0
    ((found,),) = await session.fetch("SELECT max(version) FROM schema_version")
    return int(found)


async def migrate(database: Database, scripts: Sequence[str]) -> int:
    """Bring the tables up to date with the scripts of all versions, in one transaction.

    Returns the version. Raises BadHistory for tables of a later one than there are scripts.
    """
    async with database.transaction() as session:
        await session.script(LOCKS[database.dialect])
        found = await _version(session, database.dialect)
        if found > len(scripts):
            raise BadHistory(
                f"the history's tables have version {found}, this program knows {len(scripts)};"
                " use a later version of sales-kpis"
            )
        for number, script in enumerate(scripts[found:], found + 1):
            await session.script(script)
            await session.execute("INSERT INTO schema_version (version) VALUES (?1)", [(number,)])
    return len(scripts)
