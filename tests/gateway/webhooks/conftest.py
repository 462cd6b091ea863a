"""Fixtures of webhooks: settings with secrets, a gateway, and its inbox."""

from collections.abc import AsyncIterator

import pytest

from streams.config.settings import Settings
from tests.gateway.webhooks.posting import Inbox, WebhookSender, webhooks, with_sources


@pytest.fixture
def sources_settings(settings: Settings) -> Settings:
    """Settings under which some sources are set up."""
    return with_sources(settings)


@pytest.fixture
async def hooks(sources_settings: Settings) -> AsyncIterator[WebhookSender]:
    """A sender of webhooks, and the gateway it sends to."""
    async with webhooks(sources_settings) as sender:
        yield sender


@pytest.fixture
async def inbox(sources_settings: Settings) -> AsyncIterator[Inbox]:
    """The deliveries that the inbox has from now on."""
    async with Inbox.from_now_on(sources_settings) as inbox:
        yield inbox
