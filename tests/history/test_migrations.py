"""Tables of an earlier version are brought up to date, with what they hold."""

import pytest

from streams.history.database import BadHistory, Database
from streams.history.migrations import migrate, steps, version

NEXT = "CREATE TABLE notes (note text);\nINSERT INTO notes (note) SELECT cluster FROM origin;"


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
def test_each_dialect_has_the_same_versions(dialect: str) -> None:
    assert len(steps(dialect)) == len(steps("sqlite")) > 0


async def test_a_later_version_brings_the_tables_up_to_date_once(database: Database) -> None:
    known = steps(database.dialect)
    await database.execute("INSERT INTO origin (cluster) VALUES (?1)", [("a",)])
    for _ in range(2):
        assert await migrate(database, [*known, NEXT]) == len(known) + 1
        assert await version(database) == len(known) + 1
    assert await database.fetch("SELECT note FROM notes") == [("a",)]


async def test_a_version_that_fails_changes_nothing(database: Database) -> None:
    known = steps(database.dialect)
    broken = "CREATE TABLE half (a text);\nINSERT INTO missing VALUES (1);"
    with pytest.raises(BadHistory, match="missing"):
        await migrate(database, [*known, broken])
    assert await version(database) == len(known)
    with pytest.raises(BadHistory, match="half"):
        await database.fetch("SELECT * FROM half")
