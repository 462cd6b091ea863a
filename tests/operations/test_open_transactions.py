"""Commands that read events stop before a producer's open transaction, and none waits for it."""

from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from streams.config.settings import Settings
from streams.internal_topics.reroutes import shard_of
from streams.operations.export import export
from streams.operations.repartition import CannotRepartition, _exported
from tests.installation.installed import await_readable, event, produce

SUBJECT = "lead-1"


async def test_export_has_what_is_before_an_open_transaction_and_repartition_refuses(
    settings: Settings, tmp_path: Path
) -> None:
    await produce(settings, [event(number, subject=SUBJECT) for number in range(3)])
    producer = AIOKafkaProducer(bootstrap_servers=settings.bootstrap, transactional_id="crm")
    async with producer:
        await producer.begin_transaction()
        value = orjson.dumps(event(3, subject=SUBJECT))
        partition = shard_of(SUBJECT, settings)
        await producer.send_and_wait("crm.lead", value, key=SUBJECT.encode(), partition=partition)
        await produce(settings, [event(4, subject=SUBJECT)])
        try:
            found = await export(settings, tmp_path / "before.jsonl")
            with pytest.raises(CannotRepartition, match=f"crm.lead/{partition}, or a producer's"):
                await _exported(settings, tmp_path / "refused.jsonl", None)
        finally:
            await producer.commit_transaction()
    await await_readable(settings, "crm.lead")
    lines = (tmp_path / "before.jsonl").read_bytes().splitlines()
    ids = [orjson.loads(line)["id"] for line in lines]
    assert (found.events, ids) == (3, ["e0", "e1", "e2"])
    assert (await export(settings, tmp_path / "after.jsonl")).events == 5
