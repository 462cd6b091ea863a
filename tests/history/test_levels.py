"""Levels as of ten random days are those of `replay`'s records of those days, carried forward."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest

from streams.config.settings import Settings, instant
from streams.history.database import Database
from streams.history.queries import Queries
from streams.history.rows import instant as milliseconds
from streams.kafka.topics import CATALOGUE
from streams.operations.replay import replay
from streams.wiring.catalogue import catalogue
from streams.wiring.describe import entries
from tests.histories import history, lines
from tests.history.published import Topic
from tests.output.records import key

ZONE = "Asia/Tehran"
FIRST, DAYS = date(2026, 1, 5), 40
EVENTS = 900
SETTINGS = Settings(timezone=ZONE, now=instant("2026-02-14T09:00:00Z", "now"))
LEVELS = {each.name for each in catalogue(SETTINGS).published if "level" in each.kind}
Value = tuple[object, object]


@pytest.fixture(scope="module")
def records() -> list[bytes]:
    """What `sales.kpis` holds after a plausible history."""
    events = lines(history(5, EVENTS, start=FIRST, days=DAYS)).splitlines()
    return list(replay(events, SETTINGS))


def carried(records: list[bytes], day: str) -> dict[str, Value]:
    """Give each level by KPI and scope at the end of a day, by going through all records."""
    found: dict[str, tuple[str, Value]] = {}
    for record in map(orjson.loads, records):
        if record["window"] == "day" and record["kpi"] in LEVELS and record["start"][:10] <= day:
            of = f"{record['kpi']}|{record['scope']}"
            if of not in found or found[of][0] < record["start"]:
                found[of] = (record["start"], (record["value"], record["parts"]))
    return {of: value for of, (_, value) in found.items()}


async def recorded(database: Database, records: list[bytes]) -> None:
    published = list(entries(catalogue(SETTINGS)).items())
    for name, content in (
        (CATALOGUE, [(kpi, orjson.dumps(entry)) for kpi, entry in published]),
        ("sales.kpis", [(key(record), record) for record in records]),
    ):
        topic = Topic(database, name)
        topic.send(*content)
        await topic.record()


async def test_levels_of_ten_random_days_are_those_of_replay(
    database: Database, records: list[bytes]
) -> None:
    await recorded(database, records)
    chance = random.Random(3)
    for number in chance.sample(range(1, DAYS), 10):
        day = FIRST + timedelta(days=number)
        end = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(ZONE))
        found = await Queries(database).levels(milliseconds(end.isoformat()))
        values = {}
        for record in (orjson.loads(each.record) for each in found):
            values[f"{record['kpi']}|{record['scope']}"] = (record["value"], record["parts"])
        assert values == carried(records, day.isoformat()) != {}


async def test_a_running_month_as_of_a_day_is_that_of_replay_as_of_it(database: Database) -> None:
    events = lines(history(5, 300, start=FIRST, days=DAYS)).splitlines()
    topic = Topic(database)
    stood: dict[int, dict[str, bytes]] = {}
    for day in ("2026-01-12", "2026-01-20", "2026-01-27"):
        now = instant(f"{day}T20:30:00Z", "now")
        found = {key(each): each for each in replay(events, replace(SETTINGS, now=now))}
        months = {name: each for name, each in found.items() if "|month|" in name}
        # What was withdrawn has no past either.
        gone = {name for earlier in stood.values() for name in earlier if name not in months}
        stood = {at: without(earlier, gone) for at, earlier in stood.items()} | {now: months}
        topic.send(*months.items(), *((name, None) for name in sorted(gone)))
        await topic.record()
    for now, expected in stood.items():
        kept = await Queries(database).as_of(now, windows=["month"])
        assert {each.key: stand(each.record) for each in kept} == {
            name: stand(record) for name, record in expected.items()
        }
        assert len(kept) > 100


def without(records: dict[str, bytes], gone: set[str]) -> dict[str, bytes]:
    return {name: record for name, record in records.items() if name not in gone}


def stand(record: bytes) -> tuple[object, object]:
    """Give value and time of a record; its parts lose labels that later records no longer have."""
    read = orjson.loads(record)
    return read["value"], read["as_of"]
