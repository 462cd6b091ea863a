"""Closing a client neither delays its caller for long nor cancels it."""

import asyncio

import pytest
from aiokafka import TopicPartition

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.client import close_client
from streams.kafka.reader import reader

LIMIT_SECONDS = 5.0


async def test_client_that_closes_is_closed() -> None:
    assert await close_client("a client", asyncio.sleep(0))


async def test_client_that_never_closes_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.kafka.client.CLOSE_SECONDS", 0.05)
    assert not await close_client("a client", asyncio.sleep(100))


async def test_cancellation_of_a_task_of_the_client_does_not_reach_the_caller() -> None:
    async def close() -> None:
        inner = asyncio.create_task(asyncio.sleep(100))
        inner.cancel()
        await inner

    assert not await close_client("a client", close())


async def test_cancellation_of_the_caller_does_not_reach_the_client() -> None:
    may_close, has_closed = asyncio.Event(), asyncio.Event()

    async def close() -> None:
        await may_close.wait()
        has_closed.set()

    caller = asyncio.create_task(close_client("a client", close()))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    may_close.set()
    await asyncio.wait_for(has_closed.wait(), LIMIT_SECONDS)


async def test_reader_that_has_lost_its_connection_ends_as_it_was_about_to(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client waits before it fetches again; the end of that fetch raises CancelledError."""
    monkeypatch.setattr("streams.kafka.reader.BACKOFF_MS", 5_000)
    partition = TopicPartition(topics.state(settings), 0)

    async def read() -> str:
        async with reader(settings) as consumer:
            consumer.assign([partition])
            consumer.seek(partition, 0)
            await consumer.getmany(timeout_ms=100)
            for connection in consumer._client._conns.values():
                connection.close()
            await asyncio.sleep(0.1)
        return "read"

    task = asyncio.create_task(read())
    await asyncio.wait({task}, timeout=LIMIT_SECONDS)
    assert not task.cancelled()
    assert task.result() == "read"
