"""Every panel of the past shows what was published, through a real PostgreSQL."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio

from streams.artifacts.grafana.dashboards import history_contents, write_history
from streams.config.settings import Settings, instant
from streams.history.opening import open_database
from streams.kafka.topics import KPIS
from streams.operations.replay import replay
from tests.deploy.grafana.grafana_types import as_grafana_knows_it, differences
from tests.deploy.prometheus import DEPLOY
from tests.histories import history, lines
from tests.history.postgres import Postgres, binaries, running
from tests.history.published import Topic
from tests.output.records import key

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(binaries() is None, reason="no PostgreSQL runs here"),
]
FILE = DEPLOY / "grafana/history/history.json"
DASHBOARD: dict[str, Any] = orjson.loads(FILE.read_bytes())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ZONE = "Asia/Tehran"
EARLIER, NOW = "2026-01-20T20:30:00Z", "2026-02-14T09:00:00Z"
SETTINGS = Settings(timezone=ZONE, now=instant(NOW, "now"))
TREND, LEVEL, LEVELS, STOOD = "trend", "level", "levels", "stood"
# Which KPI a panel shows, how, and by which dimension.
EXPECTED: dict[str, tuple[str, str, str]] = {
    "Revenue won": (TREND, "revenue_won", ""),
    "Deals won": (TREND, "deal_count", ""),
    "Close rate": (TREND, "close_rate", ""),
    "Response time, and the hour": (TREND, "response_time", ""),
    "Leads touched once and never again, and the 48 %": (TREND, "single_touch_share", ""),
    "Deals won per 1,000 calls, and the 32": (TREND, "contact_quality", ""),
    "Calls": (TREND, "call_count", ""),
    "Pipeline at the end": (TREND, "pipeline_amount", ""),
    "Receivables at the end": (TREND, "receivables", ""),
    "Pipeline": (LEVEL, "pipeline_amount", ""),
    "Pipeline by stage": (LEVELS, "pipeline_amount", "stage"),
    "Pipeline by rep": (LEVELS, "pipeline_amount", "rep"),
    "Revenue of the window, by rep": (STOOD, "revenue_won", "rep"),
    "Response time of the window, by rep": (STOOD, "response_time", "rep"),
}
Records = dict[str, dict[str, Any]]
Rows = list[tuple[Any, ...]]


def targets() -> Iterator[bytes]:
    """Monthly targets of every KPI with a trend, for the company and a rep."""
    for kpi in {kpi for how, kpi, _ in EXPECTED.values() if how == TREND}:
        for scope in ({}, {"rep": "bob"}):
            target = {
                "id": f"{kpi} {scope}",
                "type": "target.set",
                "at": "2026-01-01T00:00:00+00:00",
                "kpi": kpi,
                "scope": scope,
                "window": "month",
                "value": "0.5",
            }
            yield orjson.dumps(target)


class Past:
    """A PostgreSQL that holds a past, and the records it was made of, by when they stood."""

    def __init__(self, client: "asyncpg.Connection[Any]", published: dict[str, Records]) -> None:
        self.client = client
        self.published = published

    async def ask(self, sql: str, choice: dict[str, str]) -> Rows:
        """Return the rows that answer a query, with variables and macros as Grafana has them."""
        end = choice["to"]
        epoch = int(datetime.fromisoformat(end).timestamp())
        sql = sql.replace("$__unixEpochTo()", str(epoch))
        span = rf"\1 BETWEEN '2026-01-01T00:00:00Z' AND '{end}'"
        sql = re.sub(r"\$__timeFilter\((\w+)\)", span, sql)
        sql = re.sub(r"\$\{(\w+):sqlstring\}", lambda found: f"'{choice[found[1]]}'", sql)
        return [tuple(row) for row in await self.client.fetch(sql)]


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A real PostgreSQL for these tests alone."""
    with running() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def past(own_postgres: Postgres) -> AsyncIterator[Past]:
    """A past of five weeks, recorded in its middle and at its end."""
    events = lines(history(5, 900, start=date(2026, 1, 5), days=40)).splitlines()
    stood: dict[str, dict[str, bytes]] = {}
    for at in (EARLIER, NOW):
        settings = replace(SETTINGS, now=instant(at, "now"))
        stood[at] = {key(record): record for record in replay([*events, *targets()], settings)}
    gone = sorted(stood[EARLIER].keys() - stood[NOW].keys())
    async with open_database(own_postgres.address, is_writer=True) as database:
        topic = Topic(database, KPIS)
        topic.send(*stood[EARLIER].items())
        await topic.record()
        topic.send(*stood[NOW].items(), *((name, None) for name in gone))
        await topic.record()
    published = {
        # What was withdrawn has no past either.
        at: {name: orjson.loads(record) for name, record in found.items() if name not in gone}
        for at, found in stood.items()
    }
    client = await asyncpg.connect(own_postgres.address)
    try:
        yield Past(client, published)
    finally:
        await client.close()


def scope_of(record: dict[str, Any]) -> str:
    return "".join(f"{name}={value}" for name, value in record["scope"].items()) or "all"


def named(name: str, record: dict[str, Any]) -> str:
    unit: str = record["unit"]
    return name + (f" {unit[6:9].lower()}" if unit.startswith("money:") else "")


def number(record: dict[str, Any], part: str = "value") -> float | None:
    if record[part] is None:
        return None
    return float(record[part]) / (1000 if record["unit"] == "ms" else 1)


def trend(records: Records, kpi: str, choice: dict[str, str], part: str) -> Rows:
    """The windows that begin in the time range, with name and number."""
    found = [
        (datetime.fromisoformat(record["start"]).astimezone(UTC), named(part, record), value)
        for record in records.values()
        if (record["kpi"], record["window"]) == (kpi, choice["period"])
        and scope_of(record) == choice["scope"]
        and (value := number(record, part)) is not None
    ]
    first, last = (datetime.fromisoformat(at) for at in ("2026-01-01T00:00:00Z", choice["to"]))
    return sorted(row for row in found if first <= row[0] <= last)


def levels(records: Records, kpi: str, choice: dict[str, str], dimension: str) -> Rows:
    """The last day's record of each value up to the end of the time range."""
    last: dict[str, dict[str, Any]] = {}
    for record in records.values():
        if (record["kpi"], record["window"]) != (kpi, "day"):
            continue
        is_shown = set(record["scope"]) == {dimension}
        if not dimension:
            is_shown = scope_of(record) == choice["scope"]
        start = datetime.fromisoformat(record["start"])
        if not is_shown or start > datetime.fromisoformat(choice["to"]):
            continue
        name = record["scope"][dimension] if dimension else "as of then"
        if name not in last or datetime.fromisoformat(last[name]["start"]) < start:
            last[name] = record
    return sorted((named(name, record), number(record)) for name, record in last.items())


def stood(records: Records, kpi: str, choice: dict[str, str], dimension: str) -> Rows:
    """The records of the window that ran, as they were then."""
    at = datetime.fromisoformat(choice["to"])
    return sorted(
        (named(record["scope"][dimension], record), number(record))
        for record in records.values()
        if (record["kpi"], record["window"]) == (kpi, choice["period"])
        and set(record["scope"]) == {dimension}
        and datetime.fromisoformat(record["start"]) <= at < datetime.fromisoformat(record["end"])
    )


CHOICES = (
    {"scope": "all", "period": "month", "to": NOW},
    {"scope": "rep=bob", "period": "month", "to": NOW},
    {"scope": "all", "period": "week", "to": EARLIER},
)


def wanted(past: Past, title: str, place: int, choice: dict[str, str]) -> Rows:
    how, kpi, dimension = EXPECTED[title]
    newest = past.published[NOW]
    if how == TREND:
        return trend(newest, kpi, choice, ("value", "target")[place])
    if how == STOOD:
        return stood(past.published[choice["to"]], kpi, choice, dimension)
    return levels(newest, kpi, choice, dimension)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
async def test_panel_shows_what_was_published(past: Past, panel: dict[str, Any]) -> None:
    for place, target in enumerate(panel["targets"]):
        was_seen = False
        for choice in CHOICES:
            expected = wanted(past, panel["title"], place, choice)
            found = sorted(await past.ask(target["rawSql"], choice))
            assert [row[:-1] for row in found] == [row[:-1] for row in expected]
            assert [row[-1] and float(row[-1]) for row in found] == pytest.approx(
                [row[-1] for row in expected], rel=1e-9
            )
            was_seen = was_seen or bool(expected)
        assert was_seen, f"the past has nothing of {panel['title']}"


@pytest.mark.parametrize(
    "change",
    [
        ("kpi = 'pipeline_amount'", "kpi = 'pipeline_weighted'"),
        ("dimension = 'stage'", "dimension = 'rep'"),
        ("time_window = 'day'", "time_window = 'month'"),
        ("start_ms <=", "start_ms >="),
    ],
    ids=["KPI", "dimension", "window", "instant"],
)
async def test_wrong_name_in_a_query_is_noticed(past: Past, change: tuple[str, str]) -> None:
    (panel,) = [panel for panel in PANELS if panel["title"] == "Pipeline by stage"]
    (target,) = panel["targets"]
    assert change[0] in target["rawSql"]
    wrong = {**panel, "targets": [{**target, "rawSql": target["rawSql"].replace(*change)}]}
    with pytest.raises(AssertionError):
        await test_panel_shows_what_was_published(past, wrong)


async def test_variable_offers_the_company_teams_and_reps(past: Past) -> None:
    (scope,) = [each for each in DASHBOARD["templating"]["list"] if each["name"] == "scope"]
    offered = [row[0] for row in await past.ask(scope["query"], CHOICES[0])]
    assert {"all", "rep=bob", "team=north"} <= set(offered)
    assert {each.partition("=")[0] for each in offered} == {"all", "rep", "team"}


async def test_committed_dashboard_is_that_of_the_catalogue(tmp_path: Path) -> None:
    assert {FILE.name: FILE.read_bytes()} == dict(history_contents())
    (written,) = write_history(tmp_path)
    assert written.read_bytes() == FILE.read_bytes()
    assert DASHBOARD["uid"] == "sales-kpis-history"


async def test_dashboard_has_only_fields_that_grafana_knows() -> None:
    assert list(differences(DASHBOARD, as_grafana_knows_it(DASHBOARD))) == []
