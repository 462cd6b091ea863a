"""Fixtures of the gateway's tests: a real Kafka with the topics, and a gateway on it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings
from tests.gateway.sending import (
    TOKEN,
    Sender,
    gateway,
)
from tests.gateway.written import Written


@pytest.fixture
def broker(default_kafka: EmbeddedKafka) -> Iterator[EmbeddedKafka]:
    """A real Kafka that these tests may end and start again; others need it after a failure."""
    yield default_kafka
    if not default_kafka.is_running:
        default_kafka.start()


@pytest.fixture
def settings(broker: EmbeddedKafka) -> Settings:
    """Settings of an installation whose topics exist."""
    return Settings(bootstrap=broker.bootstrap, token=TOKEN)


@pytest.fixture
async def sender(settings: Settings) -> AsyncIterator[Sender]:
    """A sender with the token, and the gateway it sends to."""
    async with gateway(settings) as sender:
        yield sender


@pytest.fixture
async def written(settings: Settings) -> AsyncIterator[Written]:
    """The records written to the topics from now on."""
    async with Written.from_now_on(settings) as written:
        yield written
