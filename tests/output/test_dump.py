"""The latest of `sales.kpis` as lines, from a real Kafka."""

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
    settings: Settings, writer: Writer, stories: list[bytes], member: str
) -> None:
    records = await published(settings, writer, stories, member)
    of_member = [line for line in records if b'"scope":{"rep":"%b"}' % member.encode() in line]
    assert await lines(dump(settings, scope=f"rep={member}")) == of_member != []
    everything = await lines(dump(settings))
    assert set(records) <= set(everything)
    known = [line for line in everything if line in set(records)]
    assert [key(line) for line in known] == sorted(map(key, known))


async def test_selections_narrow_it_down(
    settings: Settings, writer: Writer, stories: list[bytes], member: str
) -> None:
    await published(settings, writer, stories, member)
    scope = f"rep={member}"
    (line,) = await lines(dump(settings, kpi="deal_count", window="last_7d", scope=scope))
    assert orjson.loads(line)["value"] == 1
    found = await lines(dump(settings, window="last_7d"))
    assert found
    assert all(orjson.loads(line)["window"] == "last_7d" for line in found)


async def test_the_newest_record_of_a_key_stands_and_a_tombstone_takes_it_away(
    settings: Settings, writer: Writer, member: str
) -> None:
    first = f"deal_count|rep={member}|hour|2026-03-02T00:00:00+00:00"
    second = f"deal_count|rep={member}|hour|2026-03-03T00:00:00+00:00"
    await writer.commit(1, (first, b"old"), (second, b"x"), (first, b"new"), (second, None))
    assert await lines(dump(settings, scope=f"rep={member}")) == [b"new"]


async def test_following_gives_changes_and_says_what_went(
    settings: Settings, writer: Writer, member: str
) -> None:
    at = f"deal_count|rep={member}|hour|2026-03-02T00:00:00+00:00"
    await writer.commit(1, (at, b"one"))
    dumped = dump(settings, scope=f"rep={member}", follow=True)
    async with asyncio.timeout(30), aclosing(dumped):
        assert await anext(dumped) == b"one"
        await writer.commit(1, (at, b"two"))
        assert await anext(dumped) == b"two"
        await writer.commit(1, (at, None))
        assert orjson.loads(await anext(dumped)) == {
            "kpi": "deal_count",
            "scope": {"rep": member},
            "window": "hour",
            "start": "2026-03-02T00:00:00+00:00",
            "tombstone": True,
        }


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"kpi": "revenue"}, "there is no KPI 'revenue'"),
        ({"window": "decade"}, "there is no window 'decade'; known: hour, day"),
        ({"scope": "ann"}, "there is no scope 'ann'; try all, or one of account="),
        ({"kpi": "meetings_none"}, "no KPI"),
        ({"kpi": "revenue_won", "scope": "stage=won"}, "there is no scope 'stage=won'"),
    ],
)
async def test_a_selection_that_can_match_nothing_is_refused(
    asked: dict[str, str], said: str
) -> None:
    with pytest.raises(BadSetting, match=said):
        await lines(dump(Settings(), **asked))  # type: ignore[arg-type]  # all are texts
