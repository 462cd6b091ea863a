"""Whoever reads from Kafka or asks it can be stopped at any moment."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams.config.settings import Settings
from streams.kafka import topics
from streams.kafka.client import admin_client
from streams.kafka.reader import reader

# So many turns of the event loop a client takes to close, and some more.
TURNS = 25
PATIENCE_SECONDS = 5.0
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

    async def told(self: object) -> None:
        is_closing.set()
        await closed(self)

    async def again_and_again() -> None:
        while True:
            async with client(settings) as opened:
                if isinstance(opened, AIOKafkaConsumer):
                    # What is being fetched is given up when it closes.
                    opened.assign([TopicPartition(topics.state(settings), 0)])
                    await opened.getmany(timeout_ms=20)

    monkeypatch.setattr(kind, close, told)
    for turns in range(TURNS):
        is_closing.clear()
        task = asyncio.create_task(again_and_again())
        await is_closing.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE_SECONDS)
        is_over = task.cancelled()
        task.cancel()
        assert is_over, f"cancelled {turns} turns after it began to close"
