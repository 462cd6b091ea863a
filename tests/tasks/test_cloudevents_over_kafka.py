"""CloudEvents on Kafka count, are exported, and become dead letters with their headers."""

from collections import Counter
from pathlib import Path

import orjson
from aiokafka import AIOKafkaProducer

from streams.config.settings import Settings
from streams.internal_topics.reroutes import shard_of
from streams.kafka import topics
from streams.operations.dead_letters import read_dead_letters, repair_of, send_again
from streams.operations.export import export
from tests.installation.installed import event, partials, produce, records
from tests.installation.noted import Noted
from tests.installation.tasks import hands

BINARY = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"7"),
    ("ce_source", b"/crm"),
    ("ce_type", b"lead.created"),
    ("ce_subject", b"lead-1"),
    ("ce_time", b"2026-05-01T10:00:00Z"),
    ("content-type", b"application/json"),
]
STRUCTURED = [("content-type", b"application/cloudevents+json")]
IN_ITSELF = {
    "specversion": "1.0",
    "id": "8",
    "source": "/crm",
    "type": "lead.created",
    "subject": "lead-1",
    "time": "2026-05-01T10:00:00Z",
    "data": {"rep": "ann"},
}
RATE = {
    **IN_ITSELF,
    "type": "rate.set",
    "subject": None,
    "data": {"currency": "CHF", "date": "2026-05-01", "rate": "10"},
}


async def send(
    settings: Settings,
    value: bytes | None,
    headers: list[tuple[str, bytes]],
    topic: str = "crm.lead",
    key: bytes = b"lead-1",
) -> None:
    """Write one record with headers to where its subject is."""
    partition = shard_of(key.decode(errors="replace"), settings) if topic == "crm.lead" else 0
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap) as producer:
        await producer.send_and_wait(topic, value, key, partition=partition, headers=headers)


async def read_all(settings: Settings) -> Noted:
    """Process everything, and give what was noted."""
    async with hands(settings) as own:
        for number in range(settings.partitions):
            await own.read(await own.shard(number))
        return own.noted


async def test_both_modes_count_beside_canonical_events(settings: Settings) -> None:
    await produce(settings, [event(1)])
    await send(settings, b'{"rep":"ann"}', BINARY)
    await send(settings, orjson.dumps(IN_ITSELF), STRUCTURED)
    await send(settings, orjson.dumps(RATE), STRUCTURED, topic="crm.rate", key=b"CHF|2026-05-01")
    noted = await read_all(settings)
    assert noted.rejections == []
    found = Counter[str]()
    for cell, count in (await partials(settings)).items():
        found[cell.partition("|")[2]] += count
    # The stand-in's rate is the weight of each event.
    assert found == {"crm.lead": 30, "rep=ann": 20}


async def test_one_in_another_partition_is_forwarded_as_the_event_that_it_is(
    settings: Settings,
) -> None:
    wrong = (shard_of("lead-1", settings) + 1) % settings.partitions
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap) as producer:
        await producer.send_and_wait(
            "crm.lead", b'{"rep":"ann"}', b"lead-1", partition=wrong, headers=BINARY
        )
    for _ in range(2):
        noted = await read_all(settings)
        assert noted.rejections == []
    found = await partials(settings)
    home = shard_of("lead-1", settings)
    assert found == {f"{home}|crm.lead": 1, f"{home}|rep=ann": 1}


async def test_export_writes_them_as_canonical_events(settings: Settings, tmp_path: Path) -> None:
    await send(settings, b'{"rep":"ann"}', BINARY)
    await send(settings, orjson.dumps(IN_ITSELF), STRUCTURED)
    found = await export(settings, tmp_path / "events.jsonl")
    assert (found.events, found.skipped, found.problems) == (2, 0, [])
    lines = [orjson.loads(line) for line in (tmp_path / "events.jsonl").read_bytes().splitlines()]
    assert [(line["id"], line["at"], line["rep"]) for line in lines] == [
        ("/crm 7", "2026-05-01T10:00:00Z", "ann"),
        ("/crm 8", "2026-05-01T10:00:00Z", "ann"),
    ]


async def test_one_without_a_time_is_repaired_from_its_dead_letter(settings: Settings) -> None:
    await send(settings, b'{"rep":"ann"}', [each for each in BINARY if each[0] != "ce_time"])
    await read_all(settings)
    (letter,) = await read_dead_letters(settings)
    assert (letter.reason, letter.field) == ("missing time", "time")
    assert dict(letter.headers)["ce_source"] == b"/crm"
    repair = repair_of(["at=2026-05-01T10:00:00Z"], [], None)
    (outcome,) = await send_again(settings, [letter], repair, settings.clock())
    assert outcome.rejected is None
    await read_all(settings)
    assert sorted((await partials(settings)).values()) == [1, 1]


async def test_schema_registry_frames_are_named_in_value_and_key(settings: Settings) -> None:
    frame = b"\x00\x00\x00\x00\x11"
    lead = orjson.dumps(event(1, subject="lead-1"))
    await send(settings, frame + lead, [])
    await send(settings, lead, [], key=frame + b"lead-1")
    await read_all(settings)
    letters = [orjson.loads(each.value) for each in await records(settings, topics.DEAD_LETTERS)]
    assert sorted((letter["reason"], letter["field"]) for letter in letters) == [
        ("a schema-registry frame (magic byte 0, schema 17): send JSON without a frame", None),
        (
            "the record's key is a schema-registry frame (magic byte 0), not its subject in UTF-8",
            "subject",
        ),
    ]
