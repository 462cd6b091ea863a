"""A receiver and a writer of alerts, for whoever tests what is sent."""

from collections.abc import AsyncIterator

import pytest

from streams.config.settings import Settings
from tests.notify.alerting import AlertWriter, alert_writer
from tests.notify.receiving import HttpReceiver, http_receiver


@pytest.fixture
async def server() -> AsyncIterator[HttpReceiver]:
    """An HTTP receiver, which keeps what it gets."""
    async with http_receiver() as found:
        yield found


@pytest.fixture
async def writer(settings: Settings) -> AsyncIterator[AlertWriter]:
    """What writes alerts as workers do."""
    async with alert_writer(settings) as found:
        yield found
