"""Fixtures of tests of files and deliveries that are sent to Kafka."""

from collections.abc import AsyncIterator

import pytest

from streams.config.settings import Settings
from tests.gateway.written import Written


@pytest.fixture
async def written(settings: Settings) -> AsyncIterator[Written]:
    """The records written to the topics from now on."""
    async with Written.from_now_on(settings) as written:
        yield written
