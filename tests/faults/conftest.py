"""What the tests of faults ask for."""

import pytest

from streams.settings import Settings
from tests.tables.installation import installed


@pytest.fixture
async def settings(kafka: str) -> Settings:
    """A fresh installation of two shards, in June 2026."""
    return await installed(kafka)
