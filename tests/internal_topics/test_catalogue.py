"""What consumers are told of the KPIs: by one fenced writer, and only what is news."""

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from aiokafka import TopicPartition

from streams.config.rules import read
from streams.config.settings import Settings
from streams.internal_topics.catalogue import PARTITION, WRITER_PARTITION
from streams.kafka import topics
from streams.kafka.errors import Fenced
from streams.kafka.transactional_producer import TransactionalProducer
from streams.wiring.core import build_core
from tests.installation.counting import Counting
from tests.installation.installed import records, sizes
from tests.installation.tasks import hands


async def current(settings: Settings) -> dict[str, bytes]:
    """The current content of the topic."""
    found: dict[str, bytes] = {}
    for record in await records(settings, topics.CATALOGUE, 0):
        key = (record.key or b"").decode()
        if record.value is None:
            found.pop(key, None)
        else:
            found[key] = record.value
    return found


async def test_writer_publishes_the_catalogue_and_no_other_merge_task_does(
    settings: Settings,
) -> None:
    async with hands(settings) as own:
        await own.board(WRITER_PARTITION + 1, Counting(sent={"other": b"{}"}))
        assert await current(settings) == {}
        await own.board(WRITER_PARTITION, Counting(sent={"one": b"{}", "settings": b"{}"}))
    assert await current(settings) == {"one": b"{}", "settings": b"{}"}


async def test_new_writer_publishes_only_what_changed(settings: Settings) -> None:
    async with hands(settings) as own:
        await own.board(WRITER_PARTITION, Counting(sent={"one": b"1", "two": b"2", "gone": b"3"}))
        before = await sizes(settings, topics.CATALOGUE)
        await own.board(WRITER_PARTITION, Counting(sent={"one": b"1", "two": b"2", "gone": b"3"}))
        assert await sizes(settings, topics.CATALOGUE) == before
        await own.board(WRITER_PARTITION, Counting(sent={"one": b"1", "two": b"new"}))
    written = await records(settings, topics.CATALOGUE, 0)
    assert [(record.key, record.value) for record in written[3:]] == [
        (b"two", b"new"),
        (b"gone", None),
    ]
    assert await current(settings) == {"one": b"1", "two": b"new"}


async def test_kpi_that_comes_back_is_published_again(settings: Settings) -> None:
    async with hands(settings) as own:
        for entries in ({"one": b"1"}, {}, {"one": b"1"}):
            await own.board(WRITER_PARTITION, Counting(sent=entries))
    assert await current(settings) == {"one": b"1"}


async def test_former_writer_cannot_publish_anything(settings: Settings) -> None:
    zombie = await TransactionalProducer(settings, "merge", WRITER_PARTITION).fence()
    async with hands(settings) as own:
        await own.board(WRITER_PARTITION, Counting(sent={"one": b"1"}))
        with pytest.raises(Fenced):
            await _publish(zombie, PARTITION, b"one", b"old")
    await zombie.close()
    assert await current(settings) == {"one": b"1"}


async def test_product_publishes_its_kpis_and_the_settings_in_force(
    settings: Settings, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[definitions]\nwin = "first"\n')
    ruled = replace(settings, rules=rules, token="secret" * 6)
    async with hands(ruled) as own:
        await own.board(WRITER_PARTITION, build_core(ruled, read(rules)))
    found = {key: orjson.loads(value) for key, value in (await current(settings)).items()}
    assert found["settings"]["rules"]["definitions"]["choices"]["win"] == "first"
    assert found["revenue_won"]["unit"] == "money:EUR"
    assert b"secret" not in b"".join((await current(settings)).values())


async def _publish(
    writer: TransactionalProducer, to: TopicPartition, key: bytes, value: bytes
) -> None:
    await writer.begin()
    await writer.send({to: [(key, value)]})
    await writer.commit()
