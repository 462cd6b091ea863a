"""The whole server on a real Kafka: a committed record is at the reader within a second."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise

import aiohttp
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.broker.ports import free_port
from streams.config.rules.page import PageRules
from streams.config.settings import Settings
from streams.events import TargetSet
from streams.kafka.errors import Fatal
from streams.kafka.reader import ends
from streams.kafka.topics import ALERTS, CATALOGUE
from streams.page.server import serve
from tests.output.writing import Writer
from tests.page.serving import NO_HISTORY, Reader, alert_record, kpi_key, kpi_record, serving
from tests.page.targets.test_setting import Setting, one_role

PATIENCE_S = 40.0
PARTITION = 3


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[str]:
    """Serve for the block, once everything on the topics is read."""
    stop, listens = asyncio.Event(), asyncio.get_running_loop().create_future()
    server = asyncio.create_task(
        serve(replace(settings, page_port=0), PageRules(), "127.0.0.1", stop, listens.set_result)
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait({server, listens}, return_when=asyncio.FIRST_COMPLETED)
            if server.done():
                await server
            url = await listens
            async with aiohttp.ClientSession() as session:
                while (await session.get(url + "/readyz")).status != 200:
                    await asyncio.sleep(0.05)
        yield url
    finally:
        stop.set()
        await asyncio.wait_for(server, PATIENCE_S)


async def publish(
    settings: Settings, topic: str, key: str, record: bytes | None, at_ms: int | None = None
) -> None:
    """Write a record of alerts or of the catalogue, now or as if at an instant."""
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap) as producer:
        await producer.send_and_wait(topic, record, key.encode(), partition=0, timestamp_ms=at_ms)


async def test_a_committed_record_is_at_the_reader_within_a_second(
    settings: Settings, writer: Writer
) -> None:
    entry = {"kpi": "revenue_won", "unit": "money:EUR", "text": "Won.", "depends_on": []}
    await publish(settings, CATALOGUE, "revenue_won", orjson.dumps(entry))
    await publish(settings, ALERTS, "k|lead-1", alert_record("lead-1", "ann"))
    await writer.commit(PARTITION, (kpi_key(scope="rep=ann"), kpi_record(scope="rep=ann")))
    async with served(settings) as url, aiohttp.ClientSession() as session:
        async with session.get(url + "/api/alerts") as response:
            assert [each["key"] for each in (await response.json())["alerts"]] == ["k|lead-1"]
        async with session.get(url + "/api/catalogue") as response:
            explained = {"title": "Revenue", "text_language": "en", "in_force": {}}
            assert (await response.json())["kpis"] == [{**entry, **explained}]
        timeout = aiohttp.ClientTimeout()
        async with session.get(
            url + "/api/stream?kpi=revenue_won&scope=rep=ann", timeout=timeout
        ) as response:
            reader = Reader(response)
            await reader.until("ready")
            loop = asyncio.get_running_loop()
            times = [loop.time()]
            for number in range(10):
                record = kpi_record(scope="rep=ann", value=f"{number}.00")
                await writer.commit(PARTITION, (kpi_key(scope="rep=ann"), record))
                times.append(loop.time())
                event = await reader.next()
                assert event.data["record"]["value"] == f"{number}.00"
                times.append(loop.time())
            waited = [later - earlier for earlier, later in pairwise(times[1:])][::2]
            assert max(waited) < 1.0


async def test_alerts_are_withdrawn_when_kafka_was_told(settings: Settings) -> None:
    yesterday = settings.clock() - 24 * 3_600_000
    for subject, at_ms in (("lead-of-yesterday", yesterday), ("lead-of-today", None)):
        await publish(settings, ALERTS, f"k|{subject}", alert_record(subject, "ann"))
        await publish(settings, ALERTS, f"k|{subject}", None, at_ms)
    async with (
        served(settings) as url,
        aiohttp.ClientSession() as session,
        session.get(url + "/alerts?lang=en") as response,
    ):
        text = await response.text()
    assert "Withdrawn today" in text
    assert "lead-of-today" in text
    assert "lead-of-yesterday" not in text


async def test_what_is_read_already_is_there_after_a_restart(
    settings: Settings, writer: Writer
) -> None:
    entry = {"kpi": "revenue_won", "unit": "money:EUR", "text": "Won.", "depends_on": []}
    await publish(settings, CATALOGUE, "revenue_won", orjson.dumps(entry))
    key = kpi_key(scope="rep=kim")
    await writer.commit(PARTITION, (key, kpi_record(scope="rep=kim")))
    for _ in range(2):
        async with (
            served(settings) as url,
            aiohttp.ClientSession() as session,
            session.get(url + "/api/kpis?scope=rep=kim") as response,
        ):
            assert [each["key"] for each in (await response.json())["records"]] == [key]


async def test_what_may_be_set_is_on_the_topic_of_targets_and_nothing_else(
    settings: Settings,
) -> None:
    partition = TopicPartition(TargetSet.topic, 0)
    before = (await ends(settings, [partition]))[partition]
    async with serving(one_role(("rep=ann",)), bootstrap=settings.bootstrap) as page:
        made = Setting(page, [])
        asked = (("rep=bob", "1"), ("all", "2"), ("rep=ann", "lots"), ("rep=ann", "60000"))
        answers = [await made.post(scope=scope, value=value) for scope, value in asked]
    assert answers == [(404, "scope"), (404, "scope"), (400, "value"), (200, "set")]
    async with AIOKafkaConsumer(bootstrap_servers=settings.bootstrap) as consumer:
        consumer.assign([partition])
        consumer.seek(partition, before)
        record = await consumer.getone()
        assert await consumer.end_offsets([partition]) == {partition: record.offset + 1}
    assert record.offset == before
    fields = orjson.loads(record.value)
    assert record.key == b"revenue_won|rep=ann|month|"
    assert (fields["type"], fields["value"]) == ("target.set", "60000")


async def test_a_kafka_that_is_not_there_ends_the_server() -> None:
    settings = Settings(bootstrap="127.0.0.1:1", history=str(NO_HISTORY))
    with pytest.raises(Fatal, match="Kafka"):
        async with served(settings):
            pass


async def test_the_command_serves_until_it_is_ended(settings: Settings) -> None:
    port = free_port("127.0.0.1")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli", "page", "--bootstrap", settings.bootstrap),
        *("--port", str(port)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            assert await child.stdout.readline() == b"page http://127.0.0.1:%d\n" % port
            async with aiohttp.ClientSession() as session:
                url = f"http://127.0.0.1:{port}"
                while (await session.get(url + "/readyz")).status != 200:
                    await asyncio.sleep(0.05)
                async with session.get(url + "/api/stream") as response:
                    await Reader(response).until("ready")
                    child.terminate()
                    assert await child.wait() == 0
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
