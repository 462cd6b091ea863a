"""The latest records of `sales.kpis` as lines, from a real Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import orjson
import pytest

from streams.config.declaration import BadSetting
from streams.config.settings import Settings, instant
from streams.operations.replay import replay
from streams.output.dump import dump
from tests.output.records import key
from tests.output.writing import Writer

NOW = instant("2026-03-04T09:00:00+00:00", "now")


async def published(
    settings: Settings, writer: Writer, stories: list[bytes], rep: str
) -> list[bytes]:
    """Write the records that replay gives for the stories of a rep, partitions in turn."""
    stories = [line.replace(b'"ann"', b'"%b"' % rep.encode()) for line in stories]
    records = list(replay(stories, settings_at(settings)))
    for partition in range(7):
        mine = records[partition::7]
        async with writer.producer.transaction():
            for record in mine:
                await writer.producer.send(
                    "sales.kpis", record, key(record).encode(), partition=partition
                )
    return records


def settings_at(settings: Settings) -> Settings:
    return Settings(bootstrap=settings.bootstrap, now=NOW)


async def lines(dumped: AsyncIterator[bytes]) -> list[bytes]:
    async with asyncio.timeout(30):
        return [line async for line in dumped]


async def test_dump_is_what_replay_prints(
    settings: Settings, writer: Writer, stories: list[bytes], rep: str
) -> None:
    records = await published(settings, writer, stories, rep)
    of_rep = [line for line in records if b'"scope":{"rep":"%b"}' % rep.encode() in line]
    assert await lines(dump(settings, scope=f"rep={rep}")) == of_rep != []
    everything = await lines(dump(settings))
    assert set(records) <= set(everything)
    known = [line for line in everything if line in set(records)]
    assert [key(line) for line in known] == sorted(map(key, known))


async def test_selections_filter_records(
    settings: Settings, writer: Writer, stories: list[bytes], rep: str
) -> None:
    await published(settings, writer, stories, rep)
    scope = f"rep={rep}"
    (line,) = await lines(dump(settings, kpi="deal_count", window="last_7d", scope=scope))
    assert orjson.loads(line)["value"] == 1
    found = await lines(dump(settings, window="last_7d"))
    assert found
    assert all(orjson.loads(line)["window"] == "last_7d" for line in found)


async def test_the_newest_record_of_a_key_is_current_and_a_tombstone_removes_it(
    settings: Settings, writer: Writer, rep: str
) -> None:
    first = f"deal_count|rep={rep}|hour|2026-03-02T00:00:00+00:00"
    second = f"deal_count|rep={rep}|hour|2026-03-03T00:00:00+00:00"
    await writer.commit(1, (first, b"old"), (second, b"x"), (first, b"new"), (second, None))
    assert await lines(dump(settings, scope=f"rep={rep}")) == [b"new"]


async def test_following_yields_changes_and_tombstones(
    settings: Settings, writer: Writer, rep: str
) -> None:
    at = f"deal_count|rep={rep}|hour|2026-03-02T00:00:00+00:00"
    await writer.commit(1, (at, b"one"))
    dumped = dump(settings, scope=f"rep={rep}", follow=True)
    async with asyncio.timeout(30), aclosing(dumped):
        assert await anext(dumped) == b"one"
        await writer.commit(1, (at, b"two"))
        assert await anext(dumped) == b"two"
        await writer.commit(1, (at, None))
        assert orjson.loads(await anext(dumped)) == {
            "kpi": "deal_count",
            "scope": {"rep": rep},
            "window": "hour",
            "start": "2026-03-02T00:00:00+00:00",
            "tombstone": True,
        }


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"kpi": "revenue"}, "there is no KPI 'revenue'"),
        ({"window": "decade"}, "there is no window 'decade'; known: hour, day"),
        ({"scope": "ann"}, "there is no scope 'ann'; try all, or one of account="),
        ({"kpi": "meetings_none"}, "no KPI"),
        ({"kpi": "revenue_won", "scope": "stage=won"}, "there is no scope 'stage=won'"),
    ],
)
async def test_a_selection_that_can_match_nothing_is_refused(
    asked: dict[str, str], message: str
) -> None:
    with pytest.raises(BadSetting, match=message):
        await lines(dump(Settings(), **asked))  # type: ignore[arg-type]  # all are texts
