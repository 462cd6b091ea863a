"""Two partitions become five: the KPIs stay what they were."""

import asyncio
from dataclasses import replace
from io import StringIO
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import NotLeaderForPartitionError
from rich.console import Console

from streams.config.settings import Settings
from streams.kafka import topics
from streams.operations.export import Incomplete, export
from streams.operations.ingest import ingest
from streams.operations.repartition import (
    CannotRepartition,
    Repartitioned,
    repartition,
)
from streams.wiring.core import build_core
from tests.installation.installed import (
    event,
    eventually,
    installed,
    output,
    produce,
    produce_bytes,
)
from tests.installation.tasks import hands


@pytest.fixture
async def settings(kafka: str) -> Settings:
    """A fresh installation of two shards, in June 2026."""
    return await installed(kafka)


async def test_kpis_are_as_before(settings: Settings, tmp_path: Path) -> None:
    await produce(settings, _story())
    await produce_bytes(settings, "crm.lead", b"no event")
    before = await _kpis(settings)
    new = replace(settings, partitions=5)
    done = await _repartition(settings, 5, tmp_path / "all.jsonl")
    assert (done.exported.events, done.exported.skipped, done.ingested.sent) == (407, 1, 407)
    assert set((await topics.counts(new, ("crm.lead", topics.state(new)))).values()) == {5}
    assert await _kpis(new) == before
    assert len(before) > 100


async def test_lines_are_the_events_themselves(settings: Settings, tmp_path: Path) -> None:
    plain = orjson.dumps(event(1, subject="k"))
    folded = orjson.dumps(event(2, subject="k"), option=orjson.OPT_INDENT_2)
    for value in (plain, folded):
        await produce_bytes(settings, "crm.lead", value)
    await export(settings, tmp_path / "all.jsonl")
    first, second = (tmp_path / "all.jsonl").read_bytes().splitlines()
    assert first == plain
    assert orjson.loads(second) == orjson.loads(folded)


async def test_merged_account_stays_an_account(settings: Settings, tmp_path: Path) -> None:
    said = {"type": "subject.merged", "id": "1", "at": "2026-05-01T00:00:00Z", "into": "b"}
    await produce(settings, [{**said, "subject": "a", "topic": "crm.invoice"}])
    await export(settings, tmp_path / "all.jsonl")
    assert orjson.loads((tmp_path / "all.jsonl").read_bytes())["topic"] == "crm.invoice"


async def test_merge_and_erasure_without_topic_are_two_lines_and_come_back_as_two_records(
    settings: Settings, tmp_path: Path
) -> None:
    common = {"id": "1", "at": "2026-05-01T00:00:00Z", "subject": "a"}
    sent = [
        {"type": "subject.merged", **common, "into": "b"},
        {"type": "subject.erased", **common},
    ]
    path = tmp_path / "sent.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, sent)))
    done = await asyncio.to_thread(ingest, path, settings, Console(file=StringIO()))
    assert done.sent == 2
    again = await _repartition(settings, 5, tmp_path / "all.jsonl")
    assert (again.exported.events, again.ingested.sent) == (4, 4)
    await export(replace(settings, partitions=5), tmp_path / "after.jsonl")
    lines = [orjson.loads(line) for line in (tmp_path / "after.jsonl").read_bytes().splitlines()]
    assert sorted((line["type"], line["topic"]) for line in lines) == [
        ("subject.erased", "crm.lead"),
        ("subject.erased", "crm.order"),
        ("subject.merged", "crm.lead"),
        ("subject.merged", "crm.order"),
    ]


async def test_file_is_for_its_owner_only_and_never_written_over(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "all.jsonl"
    await export(settings, path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        await export(settings, path)


async def test_history_that_kafka_has_deleted_is_not_left_out_in_silence(
    settings: Settings, tmp_path: Path
) -> None:
    await produce(settings, [event(number, subject="lead-1") for number in range(30)])
    await _delete_leads(settings)
    with pytest.raises(Incomplete, match=r"the first 30 records of crm.lead/. have been deleted"):
        await _repartition(settings, 5, tmp_path / "all.jsonl")
    assert (await topics.counts(settings, ["crm.lead"])) == {"crm.lead": 2}


@pytest.mark.parametrize(
    ("ending", "what"), [("", "workers"), ("-translate", "processes that translate webhooks")]
)
async def test_nothing_is_deleted_while_a_process_runs(
    settings: Settings, tmp_path: Path, ending: str, what: str
) -> None:
    async with AIOKafkaConsumer(
        "crm.lead", bootstrap_servers=settings.bootstrap, group_id=settings.app + ending
    ):
        with pytest.raises(CannotRepartition, match=f"1 {what} are running: stop them"):
            await _repartition(settings, 5, tmp_path / "all.jsonl")
    assert (await topics.counts(settings, ["crm.lead"])) == {"crm.lead": 2}


async def _delete_leads(settings: Settings) -> None:
    """Let Kafka delete what is there, as a bad retention would."""
    whole = {TopicPartition("crm.lead", number): RecordsToDelete(-1) for number in (0, 1)}
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await admin.start()

    async def is_done() -> bool:
        try:
            await admin.delete_records(whole)
        except NotLeaderForPartitionError:
            return False  # the topic was made a moment ago
        return True

    try:
        await eventually(is_done)
    finally:
        await admin.close()


def _story() -> list[dict[str, object]]:
    return [
        *(event(number) for number in range(100)),
        *(event(1000 + number, "call.ended") for number in range(300)),
        event(1, "subject.merged", subject="lead-1", into="lead-2", at="2026-05-02T00:00:00Z"),
        event(2, "subject.erased", subject="lead-3", at="2026-05-02T00:00:00Z"),
        *(
            {
                "type": "rep.set",
                "id": f"r{number}",
                "at": "2026-05-01T00:00:00Z",
                "rep": f"r{number}",
                "team": "north",
            }
            for number in range(3)
        ),
    ]


async def _kpis(settings: Settings) -> dict[str, object]:
    """Work everything off; give the records without what tells one publication from another."""
    async with hands(settings) as own:
        await own.settle(build_core(settings))
    records = await output(settings)
    return {
        key: {name: value for name, value in body.items() if name not in ("revision", "updated_at")}
        for key, body in records.items()
    }


async def _repartition(settings: Settings, count: int, file: Path) -> Repartitioned:
    console = Console(file=StringIO())
    return await asyncio.to_thread(repartition, settings, count, file, console)
