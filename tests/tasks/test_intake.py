"""What the aggregate task does with records that it reads: each counts once, or has a reason."""

import base64
from collections import Counter

import orjson
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete

from streams.config.settings import Settings
from streams.internal_topics.progress import SourceOffsets
from streams.kafka import topics
from streams.kafka.errors import Fatal
from streams.kafka.reader import ends
from streams.kafka.transactional_producer import TransactionalProducer
from tests.installation.installed import (
    event,
    eventually,
    partials,
    produce,
    produce_bytes,
    rate_set,
    records,
    shard_of_lead_1,
)
from tests.installation.tasks import hands


async def test_event_read_twice_counts_once(settings: Settings) -> None:
    await produce(settings, [event(number) for number in range(30)] * 2)
    async with hands(settings) as own:
        shard = await own.shard()
        again = await own.fetched(shard)
        await shard.process(again)
        await shard.process(again)
        await own.read(await own.shard(1))
    assert sum((await partials(settings)).values()) == 30


async def test_what_cannot_be_read_is_kept_with_its_reason(settings: Settings) -> None:
    await produce_bytes(settings, "crm.lead", b'{"type":"lead.created"')
    await produce_bytes(settings, "crm.lead", None)
    await produce(settings, [event(1)])
    await produce_bytes(settings, "crm.call", orjson.dumps(rate_set("1")))
    async with hands(settings) as own:
        for number in range(settings.partitions):
            await own.read(await own.shard(number))
        assert len(own.noted.rejections) == 3
        await own.read(await own.shard())
    dead_letters = [orjson.loads(r.value) for r in await records(settings, topics.DEAD_LETTERS)]
    assert Counter(letter["topic"] for letter in dead_letters) == {"crm.lead": 2, "crm.call": 1}
    broken = next(letter for letter in dead_letters if letter["value"] and letter["offset"] == 0)
    assert base64.b64decode(dead_letters[0]["key"]) == b"k"
    assert broken["reason"]
    assert broken["at"] == "2026-06-01T12:00:00.000Z"
    assert sum((await partials(settings)).values()) == 1


async def test_event_under_another_key_than_its_subject_is_kept_with_its_reason(
    settings: Settings,
) -> None:
    await produce_bytes(settings, "crm.lead", orjson.dumps(event(1, subject="lead-1")))
    async with hands(settings) as own:
        await own.read(await own.shard())
    (letter,) = (orjson.loads(r.value) for r in await records(settings, topics.DEAD_LETTERS))
    assert (letter["field"], letter["topic"], letter["offset"]) == ("subject", "crm.lead", 0)
    assert await partials(settings) == {}


async def test_bad_reference_record_is_kept_once_however_often_it_is_read(
    settings: Settings,
) -> None:
    await produce_bytes(settings, "crm.rate", b"no rate")
    for _ in range(2):
        async with hands(settings) as own:
            for number in range(settings.partitions):
                await own.shard(number)
    (letter,) = await records(settings, topics.DEAD_LETTERS)
    assert orjson.loads(letter.value)["topic"] == "crm.rate"


async def test_list_that_was_lost_on_its_way_ends_the_process(settings: Settings) -> None:
    await produce(settings, [event(number, subject="lead-1") for number in range(30)])
    async with hands(settings) as own:
        shard = await own.shard(await shard_of_lead_1(settings))
        (fetched,) = await own.fetched(shard)
        first, rest = fetched.split(10)
        await shard.process([first])
        with pytest.raises(Fatal, match=r"5 offsets of crm.lead/. are missing after 10"):
            await shard.process([rest.split(5)[1]])


async def test_markers_and_aborted_records_are_no_gap(settings: Settings) -> None:
    async with hands(settings) as own:
        shard = await own.shard()
        await send(settings, 1)
        await send(settings, 2, aborted=True)
        await produce_bytes(settings, "crm.lead", orjson.dumps(event(3, subject="k")))
        await own.read(shard)
        await send(settings, 4)
        await own.read(shard)
        # Three events with a marker each, and one without.
        assert shard.source_offsets.source["crm.lead"] == 7
        assert own.noted.gaps == []
    assert await partials(settings) == {"0|crm.lead": 3}


@pytest.mark.parametrize("aborted", [False, True])
async def test_source_offset_passes_what_has_no_record(settings: Settings, aborted: bool) -> None:
    async with hands(settings) as own:
        shard = await own.shard()
        await send(settings, 1)
        await own.read(shard)
        await send(settings, 2, aborted=aborted)
        await own.read(shard)
        assert shard.source_offsets.source["crm.lead"] == 4
        assert shard.resume_offsets()[TopicPartition("crm.lead", 0)] == 4
    async with hands(settings) as own:
        again = await own.shard()
        assert again.source_offsets.source["crm.lead"] == 4
        await own.read(again)
        assert own.noted.gaps == []
    assert await partials(settings) == {"0|crm.lead": 1 if aborted else 2}


async def send(settings: Settings, number: int, *, aborted: bool = False) -> None:
    """Write an event in a transaction, and wait for its marker."""
    end = TopicPartition("crm.lead", 0)
    before = (await ends(settings, [end]))[end]
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap, transactional_id="somebody")
    async with producer:
        await producer.begin_transaction()
        value = orjson.dumps(event(number, subject="k"))
        await producer.send_and_wait("crm.lead", value, key=b"k", partition=0)
        await (producer.abort_transaction() if aborted else producer.commit_transaction())

    async def is_ended() -> bool:
        return (await ends(settings, [end], committed=True))[end] == before + 2

    await eventually(is_ended)


async def test_records_deleted_unread_are_counted(settings: Settings) -> None:
    await produce(settings, [event(number, subject="lead-1") for number in range(30)])
    number = await shard_of_lead_1(settings)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition("crm.lead", number): RecordsToDelete(20)})
    await admin.close()
    async with hands(settings) as own:
        await own.read(await own.shard(number))
        assert own.noted.gaps == [("crm.lead", number, 20)]
    assert await partials(settings) == {f"{number}|crm.lead": 10}


async def test_source_created_again_under_an_old_state_is_refused(settings: Settings) -> None:
    state = TopicPartition(topics.state(settings), 0)
    earlier = await TransactionalProducer(settings, "aggregate", 0).fence()
    await earlier.begin()
    await earlier.send({state: [(b"p", SourceOffsets({"crm.lead": 7}).encode())]})
    await earlier.commit()
    await earlier.close()
    async with hands(settings) as own:
        with pytest.raises(Fatal, match=r"crm.lead/0 ends at 0, but 7 were read"):
            await own.shard()


async def test_late_events_are_noted(settings: Settings) -> None:
    recent = "2026-06-01T11:00:00Z"
    await produce(settings, [event(1), event(2, at=recent), event(3, at=recent)])
    async with hands(settings) as own:
        for number in range(settings.partitions):
            await own.read(await own.shard(number))
        assert (own.noted.events, own.noted.late_events) == (3, 1)
