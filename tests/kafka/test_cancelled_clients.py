"""Tasks that use a Kafka client can be cancelled at any moment."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.protocol.metadata import MetadataRequest

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.client import admin_client
from streams.kafka.reader import reader
from streams.kafka.transactional_producer import TransactionalProducer

# More iterations of the event loop than a client needs to close.
ITERATIONS = 25
END_SECONDS = 5.0
Opened = Callable[[Settings], AbstractAsyncContextManager[Any]]


@pytest.mark.parametrize(
    ("client", "kind", "close"),
    [(reader, AIOKafkaConsumer, "stop"), (admin_client, AIOKafkaAdminClient, "close")],
)
async def test_task_that_is_cancelled_while_a_client_closes_ends(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, client: Opened, kind: type, close: str
) -> None:
    is_closing = asyncio.Event()
    closed = getattr(kind, close)

    async def close_and_report(self: object) -> None:
        is_closing.set()
        await closed(self)

    async def again_and_again() -> None:
        while True:
            async with client(settings) as opened:
                if isinstance(opened, AIOKafkaConsumer):
                    # The fetch is abandoned when it closes.
                    opened.assign([TopicPartition(topics.state(settings), 0)])
                    await opened.getmany(timeout_ms=20)

    monkeypatch.setattr(kind, close, close_and_report)
    for iterations in range(ITERATIONS):
        is_closing.clear()
        task = asyncio.create_task(again_and_again())
        await is_closing.wait()
        for _ in range(iterations):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=END_SECONDS)
        is_over = task.cancelled()
        task.cancel()
        assert is_over, f"cancelled {iterations} iterations after it began to close"


@asynccontextmanager
async def owner(settings: Settings) -> AsyncIterator[TransactionalProducer]:
    """The producer of a task."""
    producer = TransactionalProducer(settings, "aggregate", 0)
    try:
        yield await producer.fence()
    finally:
        await producer.close()


@pytest.mark.parametrize("client", [reader, admin_client, owner])
async def test_client_that_is_cancelled_while_it_learns_of_the_cluster_leaves_no_connection(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, client: Opened
) -> None:
    connections: list[AIOKafkaConnection] = []
    is_asking = asyncio.Event()
    send = AIOKafkaConnection.send

    def ask(self: AIOKafkaConnection, request: object, **options: Any) -> Any:
        if isinstance(request, MetadataRequest):
            connections.append(self)
            is_asking.set()
        return send(self, request, **options)

    async def start() -> None:
        async with client(settings):
            await asyncio.Event().wait()

    monkeypatch.setattr(AIOKafkaConnection, "send", ask)
    task = asyncio.create_task(start())
    await is_asking.wait()
    task.cancel()
    await asyncio.wait([task], timeout=END_SECONDS)
    assert task.cancelled()
    assert connections != []
    assert [each for each in connections if each.connected()] == []
