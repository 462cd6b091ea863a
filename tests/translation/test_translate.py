"""Whole processes: from crm.inbox to crm.*, through kills and rebalances."""

import random
import signal
from pathlib import Path

import orjson
import pytest

from streams.config.settings import Settings
from streams.internal_topics import reads
from streams.internal_topics.partitioner import partition_of
from streams.operations.dead_letters import read_dead_letters
from tests.installation.installed import eventually, records
from tests.sources.translated import kpis
from tests.translation.acme import (
    change,
    deliver,
    deliveries,
    delivery,
    expected,
    with_mapping,
    written,
)
from tests.translation.by_task import translate_all
from tests.translation.processes import translating


async def test_deliveries_become_what_their_mapping_file_gives(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources")
    sent = deliveries(0, 300, each=3)
    await deliver(used, sent)
    await translate_all(used)
    assert await written(used) == expected(used, sent)


async def test_events_are_in_the_partitions_of_their_subjects(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources")
    await deliver(used, deliveries(0, 100))
    await translate_all(used)
    for number in range(used.partitions):
        for record in await records(used, "crm.deal", number):
            assert record.key == orjson.loads(record.value)["subject"].encode()
            assert partition_of(record.key, used.partitions) == number


async def test_what_cannot_be_mapped_is_a_dead_letter_with_its_place_and_reason(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources")
    odd = delivery([change(1), change(2, stage="haggling", owner="Ann Example")], label="north")
    await deliver(used, [odd, delivery([], source="nemo"), delivery([], body=b"{")])
    await translate_all(used)
    first, second, third = sorted(await read_dead_letters(used), key=lambda it: it.source_offset)
    assert len(await written(used)) == 1
    by_source = {letter.place.source: letter for letter in (first, second, third) if letter.place}
    mapped = by_source["acme/north"]
    assert mapped.place is not None
    assert (mapped.place.item, mapped.place.rule, mapped.field) == (2, "stage", "status")
    assert "haggling" in mapped.reason
    assert "Ann" not in orjson.dumps(mapped.report()).decode()
    assert "no mapping file of source 'nemo'" in by_source["unknown"].reason
    assert by_source["acme"].reason


async def test_record_that_a_webhook_only_names_is_to_be_read(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources")
    await deliver(used, [delivery([{"kind": "thin", "number": "d7"}], label="north")] * 2)
    await translate_all(used)
    found = [reads.read(record) for record in await records(used, reads.partition(used).topic)]
    assert {each.key for each in found if each} == {reads.ReadKey("acme", "north", "deal", "d7")}


@pytest.mark.soak
async def test_nothing_is_missing_after_kills_and_the_kpis_are_the_same(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources")
    moments, sent = random.Random(7), []
    with translating(used, tmp_path) as processes:
        for kill in range(4):
            process = await processes.start().is_ready()
            some = deliveries(10_000 * kill, 1_500)
            sent += some
            await deliver(used, some)
            target = len(sent) - moments.randrange(200, 1_400)

            async def has_come_so_far(target: int = target) -> bool:
                return len(set(await written(used))) >= target

            await eventually(has_come_so_far)
            process.signal(signal.SIGKILL)
            await process.ended()
        processes.start()
        await processes.translated()
    found = await written(used)
    assert set(found) == set(expected(used, sent))
    assert kpis(found) == kpis(expected(used, sent))


async def test_stopped_process_leaves_nothing_to_be_translated_twice(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources")
    first, second = deliveries(0, 500), deliveries(500, 500)
    with translating(used, tmp_path) as processes:
        process = processes.start()
        await deliver(used, first)
        await processes.translated()
        process.signal(signal.SIGTERM)
        assert await process.ended() == 0
        await deliver(used, second)
        processes.start()
        await processes.translated()
    assert await written(used) == expected(used, [*first, *second])


async def test_two_processes_share_the_inbox_and_one_takes_over_from_the_other(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources")
    with translating(used, tmp_path) as processes:
        first = await processes.start().is_ready()
        second = await processes.start().is_ready()

        async def is_shared() -> bool:
            return len(first.partitions()) == len(second.partitions()) == 4

        await eventually(is_shared)
        await deliver(used, deliveries(0, 400))
        await processes.translated()
        first.signal(signal.SIGKILL)
        await deliver(used, deliveries(400, 400))
        await processes.translated()
    assert set(await written(used)) == set(expected(used, deliveries(0, 800)))
