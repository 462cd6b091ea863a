"""What the worker's client of Kafka says of itself."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import cast

from prometheus_client import CollectorRegistry

from streams.agents.translate import create_translate_app
from streams.agents.transport import Consumer
from streams.config.settings import Settings
from streams.translation.inbox_task import InboxTask
from streams.translation.metrics import TranslationMetrics
from streams.translation.translator import Translator
from streams.translation.writer import Write


async def write_nothing(writes: Iterable[Write]) -> None:
    """There is nothing to write."""
    assert [*writes] == []


async def test_client_that_kafka_does_not_answer_has_to_join_the_group() -> None:
    connected = asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    settings = Settings(bootstrap=f"{host}:{port}")
    translator = Translator.of(settings)
    metrics = TranslationMetrics(CollectorRegistry(), translator.sources)
    inbox = InboxTask(settings, translator, write_nothing, metrics)
    consumer = cast(Consumer, create_translate_app(settings, inbox).consumer)
    assert consumer.is_joining()
    starting = asyncio.create_task(consumer.start())
    await connected.wait()
    assert consumer.is_joining()
    starting.cancel()
    with suppress(asyncio.CancelledError):
        await starting
    server.close()
