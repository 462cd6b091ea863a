"""The SQL of the guide runs on a real PostgreSQL, and gives what it says."""

from datetime import datetime
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from streams.history.opening import open_database
from streams.kafka.topics import CATALOGUE
from tests.docs.pages import ROOT, read
from tests.history.published import Topic, kpi

# What Grafana puts there.
MACROS = {
    "$__timeFilter(starts)": "starts BETWEEN '2026-01-01' AND '2026-12-31'",
    "$__timeFrom()": "'2026-03-29T00:00:00Z'::timestamptz",
    "$__timeTo()": "'2026-03-31T00:00:00Z'::timestamptz",
}
BERLIN = "+01:00"
MARCH = {"start": f"2026-03-01T00:00:00{BERLIN}", "end": "2026-04-01T00:00:00+02:00"}


def queries() -> list[str]:
    page = read(ROOT / "docs" / "guide" / "history.md")
    return [block.text for block in page.blocks if block.language == "sql"]


def won(value: str, day: int, scope: str = "rep=ann") -> tuple[str, bytes]:
    as_of = f"2026-03-{day}T18:00:00{BERLIN}"
    return kpi(value, as_of, "revenue_won", scope, "month", MARCH["start"], MARCH["end"])


def open_amount(value: str, day: int, stage: str) -> tuple[str, bytes]:
    start, end = (f"2026-03-{each:02d}T00:00:00{BERLIN}" for each in (day, day + 1))
    return kpi(value, end, "pipeline_amount", f"stage={stage}", "day", start, end)


def text(value: object) -> str:
    local = value.astimezone(ZoneInfo("Europe/Berlin")) if isinstance(value, datetime) else value
    return str(local)


@pytest.fixture
async def answers(emptied: str) -> list[list[tuple[str, ...]]]:
    """What each query of the guide gives, in their order, each value as text."""
    async with open_database(emptied, is_writer=True) as database:
        entries, records = Topic(database, CATALOGUE), Topic(database)
        entries.send(("pipeline_amount", b'{"kind":"level"}'), ("revenue_won", b'{"kind":"sum"}'))
        await entries.record()
        records.send(won("100.10", 10), won("250.20", 12), won("1.00", 10, "all"))
        records.send(won("2.00", 11, "all"), open_amount("700.00", 2, "offer"))
        records.send(open_amount("900.00", 30, "offer"))
        await records.record()
    connection = await asyncpg.connect(emptied, server_settings={"timezone": "Europe/Berlin"})
    try:
        found = []
        for query in queries():
            for macro, meaning in MACROS.items():
                query = query.replace(macro, meaning)
            rows = await connection.fetch(query)
            found.append([tuple(text(value) for value in row) for row in rows])
        return found
    finally:
        await connection.close()


async def test_queries_of_the_guide_give_what_they_say(
    answers: list[list[tuple[str, ...]]],
) -> None:
    levels, as_of, days, alerts, months, stages = answers
    assert levels == [("pipeline_amount", "stage", "offer", "900.00", "count")]
    assert as_of == [("ann", "100.10", "None")]
    assert days == [("2026-03-10", "1.00"), ("2026-03-11", "2.00")]
    assert alerts == []
    assert months == [("2026-03-01 00:00:00+01:00", "ann", "250.20")]
    assert [(time[:10], metric, value) for time, metric, value in stages] == [
        ("2026-03-29", "offer", "700.00"),
        ("2026-03-30", "offer", "900.00"),
        ("2026-03-31", "offer", "900.00"),
    ]
