"""Fixtures of the tests of the page: topics on a real Kafka, where a test asks for them."""

import pytest

from streams.config.settings import Settings
from streams.kafka.topics import OUTPUTS, apply, delete
from tests.output.conftest import kafka, writer

__all__ = ["kafka", "writer"]


@pytest.fixture
async def settings(kafka: str) -> Settings:
    """Settings of an installation whose output is empty: the page shows all that there is."""
    settings = Settings(bootstrap=kafka)
    await delete(settings, OUTPUTS)
    await apply(settings)
    return settings
