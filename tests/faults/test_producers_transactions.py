"""Producers that write events in transactions: what is aborted never counts, nothing gets stuck."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from streams.config.settings import Settings
from streams.internal_topics.progress import await_settled, behind
from streams.internal_topics.reroutes import shard_of
from streams.operations.findings import check_progress
from tests.faults.impatient_worker import UNREAD_SECONDS
from tests.installation.installed import event, eventually, produce, rate_set, values
from tests.worker.processes import Worker, worker_processes

IMPATIENT = "tests.faults.impatient_worker"
SETTLED_SECONDS = 30.0
# Kafka ends a transaction that is open for longer; it is to be open when the test ends it.
TRANSACTION_MS = 120_000
SUBJECT = "lead-1"


@asynccontextmanager
async def transactional(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """Yield a producer of transactions; one that is left open is aborted."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap,
        transactional_id=f"{settings.app}-crm",
        transaction_timeout_ms=TRANSACTION_MS,
    )
    async with producer:
        yield producer


async def send(settings: Settings, producer: AIOKafkaProducer, numbers: range) -> None:
    """Write events of one subject in the open transaction."""
    for number in numbers:
        await producer.send_and_wait(
            "crm.lead",
            orjson.dumps(event(number, subject=SUBJECT)),
            key=SUBJECT.encode(),
            partition=shard_of(SUBJECT, settings),
        )


async def send_whole(
    settings: Settings, producer: AIOKafkaProducer, numbers: range, *, is_aborted: bool = False
) -> None:
    """Write events of one subject in a transaction of their own."""
    await producer.begin_transaction()
    await send(settings, producer, numbers)
    await (producer.abort_transaction() if is_aborted else producer.commit_transaction())


async def is_settled(settings: Settings) -> bool:
    return (await await_settled(settings, SETTLED_SECONDS)).is_settled


def assert_fine(worker: Worker) -> None:
    """It has not ended, and has met no gap."""
    assert worker.process.poll() is None, worker.log_text()
    assert "gap:" not in worker.log_text()


@pytest.mark.parametrize("is_aborted", [False, True])
async def test_silence_after_a_transaction_ends_no_worker_and_is_settled(
    settings: Settings, tmp_path: Path, is_aborted: bool
) -> None:
    with worker_processes(settings, tmp_path, IMPATIENT) as workers:
        worker = await workers.start().is_ready()
        async with transactional(settings) as producer:
            await send_whole(settings, producer, range(5), is_aborted=is_aborted)
        assert await is_settled(settings)
        assert await values(settings) == ({} if is_aborted else {"crm.lead": 5})
        await asyncio.sleep(2 * UNREAD_SECONDS)
        assert_fine(worker)
        await produce(settings, [event(9, subject=SUBJECT)])
        assert await is_settled(settings)
        assert await values(settings) == {"crm.lead": 1 if is_aborted else 6}
        assert_fine(worker)


async def test_transaction_left_open_delays_what_is_behind_it_and_ends_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    partition = f"crm.lead/{shard_of(SUBJECT, settings)}"
    with worker_processes(settings, tmp_path, IMPATIENT) as workers:
        worker = await workers.start().is_ready()
        async with transactional(settings) as producer:
            await producer.begin_transaction()
            await send(settings, producer, range(3))
            await produce(settings, [event(number, subject=SUBJECT) for number in range(3, 10)])
            noticed: list[dict[str, int]] = []
            found = await await_settled(settings, 2 * UNREAD_SECONDS, noticed.append)
            assert found.held_back == found.events == {partition: 10}
            assert noticed == [{partition: 10}]
            assert_fine(worker)
            assert worker.log_text().count(f"{partition} cannot be read past offset 0") == 1
            assert [each.verdict for each in check_progress(await behind(settings))] == [
                "look",
                "ok",
            ]
            # Nor does it keep another worker from starting.
            worker.signal(signal.SIGTERM)
            assert await worker.ended() == 0
            worker = await workers.start().is_ready()
            await producer.commit_transaction()
        assert await is_settled(settings)
        assert await values(settings) == {"crm.lead": 10}
        assert_fine(worker)


async def test_transaction_left_open_on_reference_data_delays_it_alone(
    settings: Settings, tmp_path: Path
) -> None:
    with worker_processes(settings, tmp_path, IMPATIENT) as workers:
        async with transactional(settings) as producer:
            await producer.begin_transaction()
            await producer.send_and_wait(
                "crm.rate", orjson.dumps(rate_set("3")), key=b"usd", partition=0
            )
            worker = await workers.start().is_ready()
            await produce(settings, [event(number) for number in range(10)])

            async def are(count: int) -> bool:
                return await values(settings) == {"crm.lead": count}

            async def is_all_else_settled() -> bool:
                found = await behind(settings)
                assert found.held_back == {"crm.rate/0": 1}
                return found.is_held_back_only

            await eventually(lambda: are(10))
            await eventually(is_all_else_settled)
            await asyncio.sleep(2 * UNREAD_SECONDS)
            assert_fine(worker)
            assert "crm.rate/0 cannot be read past offset 0" in worker.log_text()
            await producer.commit_transaction()
        await eventually(lambda: are(30))
        assert await is_settled(settings)


async def test_killed_workers_count_what_is_committed_and_nothing_else(
    settings: Settings, tmp_path: Path
) -> None:
    with worker_processes(settings, tmp_path, IMPATIENT) as workers:
        worker = await workers.start().is_ready()
        async with transactional(settings) as producer:
            for number in range(30):
                numbers = range(10 * number, 10 * number + 5)
                await send_whole(settings, producer, numbers, is_aborted=number % 3 == 0)
                await produce(settings, [event(10 * number + 9, subject=SUBJECT)])
                if number in (10, 20):
                    worker.signal(signal.SIGKILL)
                    worker = workers.start()
        await worker.is_ready()
        assert await is_settled(settings)
        # Twenty committed transactions of five, and thirty events without one.
        assert await values(settings) == {"crm.lead": 130}
        assert_fine(worker)
