"""An event that makes a KPI raise: one owner ends over it, the next sets it aside."""

import base64

import orjson
import pytest
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.kafka import topics
from streams.tasks.aggregate.quarantine import Crashed
from tests.installation.counting import Counting
from tests.installation.installed import (
    event,
    partials,
    produce,
    records,
    sizes,
)
from tests.installation.tasks import Hands, hands

POISON = Counting(poison="e13")


async def test_owner_that_meets_it_writes_a_note_and_ends(settings: Settings) -> None:
    await produce(settings, _events())
    async with hands(settings) as own:
        with pytest.raises(Crashed, match=r"a KPI failed with ZeroDivisionError.*; noted: the"):
            await own.read(await own.shard(await _shard(settings), POISON))
    assert await partials(settings) == {}


async def test_next_owner_counts_all_but_the_event_to_blame(settings: Settings) -> None:
    await produce(settings, _events())
    async with hands(settings) as own:
        number = await _crash(own)
        await own.read(await own.shard(number, POISON))
        assert own.noted.rejections == [("crm.lead", "crashes the KPIs")]
    assert await partials(settings) == {f"{number}|crm.lead": 29}


async def test_event_to_blame_is_a_dead_letter_with_its_bytes(settings: Settings) -> None:
    await produce(settings, _events())
    async with hands(settings) as own:
        await own.read(await own.shard(await _crash(own), POISON))
    (letter,) = (orjson.loads(r.value) for r in await records(settings, topics.DEAD_LETTERS))
    assert orjson.loads(base64.b64decode(letter["value"]))["id"] == "e13"
    assert letter["offset"] == 13


async def test_owner_after_that_goes_on_as_if_nothing_had_been(settings: Settings) -> None:
    await produce(settings, _events())
    async with hands(settings) as own:
        number = await _crash(own)
        await own.read(await own.shard(number, POISON))
        before = await sizes(settings, topics.PARTIALS, topics.DEAD_LETTERS)
        await produce(settings, [event(30, subject="lead-1")])
        await own.read(await own.shard(number, Counting()))
        assert await partials(settings) == {f"{number}|crm.lead": 30}
        grown = await sizes(settings, topics.PARTIALS, topics.DEAD_LETTERS)
    assert grown == {**before, topics.PARTIALS: before[topics.PARTIALS] + 1}


async def test_note_is_withdrawn_by_the_commit_that_passes_it(settings: Settings) -> None:
    await produce(settings, _events())
    async with hands(settings) as own:
        number = await _crash(own)
        shard = await own.shard(number, POISON)
        assert await _note(settings, number) == {"crm.lead": 30}
        await own.read(shard)
    assert await _note(settings, number) is None


async def test_note_stays_until_all_of_its_records_are_passed(settings: Settings) -> None:
    await produce(settings, _events())
    async with hands(settings) as own:
        number = await _crash(own)
        shard = await own.shard(number, POISON)
        (fetched,) = await own.fetched(shard)
        await shard.process([fetched.split(10)[0]])
        assert await partials(settings) == {f"{number}|crm.lead": 10}
        assert await _note(settings, number) == {"crm.lead": 30}


async def test_second_event_to_blame_later_on_costs_another_start(settings: Settings) -> None:
    await produce(settings, _events())
    async with hands(settings) as own:
        number = await _crash(own)
        shard = await own.shard(number, POISON)
        await own.read(shard)
        await produce(settings, [event(13, subject="lead-1"), event(31, subject="lead-1")])
        with pytest.raises(Crashed):
            await own.read(shard)
        await own.read(await own.shard(number, POISON))
    assert await partials(settings) == {f"{number}|crm.lead": 30}


def _events() -> list[dict[str, object]]:
    return [event(number, subject="lead-1") for number in range(30)]


async def _shard(settings: Settings) -> int:
    return 0 if await records(settings, "crm.lead", 0) else 1


async def _crash(own: Hands) -> int:
    number = await _shard(own.settings)
    with pytest.raises(Crashed):
        await own.read(await own.shard(number, POISON))
    return number


async def _note(settings: Settings, number: int) -> dict[str, int] | None:
    """Give where the note that stands ends in topics with records, None if none stands."""
    partition = TopicPartition(topics.state(settings), number)
    found = [r.value for r in await records(settings, *partition) if r.key == b"n"]
    return orjson.loads(found[-1])["to"] if found and found[-1] else None
