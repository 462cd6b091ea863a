"""Posts webhooks to the gateway as CRMs do: signed each time, again where that failed."""

import asyncio
from collections.abc import Mapping

import aiohttp
from yarl import URL

from streams.config.settings import Settings
from streams.demo.simulation.retries import POST_TIMEOUT, RETRIED, RequestRefused, pause_s
from streams.demo.simulation.wire.request import WebhookBody
from streams.sources.auth import Recipe, sign
from streams.sources.delivery import Webhook
from streams.sources.loading import sources


class WebhookSender:
    """Signs with the first secret of each source of the settings.

    The public address of the settings is signed, and is where the gateway is.
    """

    def __init__(
        self, session: aiohttp.ClientSession, settings: Settings, recipes: Mapping[str, Recipe]
    ) -> None:
        self._session = session
        self._settings = settings
        self._recipes = recipes

    @classmethod
    async def open(cls, session: aiohttp.ClientSession, settings: Settings) -> "WebhookSender":
        """Load the mapping files, beside the event loop."""
        known = await asyncio.to_thread(lambda: sources(settings.sources))
        return cls(session, settings, {name: known[name].recipe for name in settings.secrets})

    async def send(self, webhook: WebhookBody) -> int:
        """Post until it is accepted; return how often that failed. Raises RequestRefused."""
        failed = 0
        while not await self._is_accepted(webhook):
            failed += 1
            await asyncio.sleep(pause_s(failed))
        return failed

    async def _is_accepted(self, webhook: WebhookBody) -> bool:
        """Sign and post once; False where it may be accepted later."""
        signed = self._signed(webhook)
        # What was signed has to be sent exactly so.
        url = URL(self._settings.public_url + signed.target, encoded=True)
        try:
            async with self._session.post(
                url, data=signed.body, headers=signed.headers, timeout=POST_TIMEOUT
            ) as answer:
                if answer.ok:
                    return True
                if answer.status in RETRIED:
                    return False
                text = (await answer.text())[:500]
                raise RequestRefused(
                    f"the gateway answered {answer.status} to a webhook of {webhook.source}: {text}"
                )
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
            return False

    def _signed(self, webhook: WebhookBody) -> Webhook:
        now = self._settings.clock()
        query = str(URL.build(query=webhook.query)) if webhook.query else ""
        plain = Webhook(
            source=webhook.source,
            label="",
            method="POST",
            target=f"/webhooks/{webhook.source}{query}",
            headers=(("content-type", webhook.content_type),),
            body=webhook.body,
            received=now,
        )
        secret = self._settings.secrets[webhook.source][0]
        recipe = self._recipes[webhook.source]
        return sign(plain, recipe, secret, self._settings.public_url, now)
