"""What tests in a browser need: a site whose records change, and a page that counts complaints."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from playwright.async_api import Browser, ConsoleMessage, Error, Page, Request

from streams.page.live.store import Store
from streams.page.live.topics import AlertView, KpiView
from tests.page.views.company import published, settings

CALLS = "call_count|all|month|2026-03-01T00:00:00+01:00"
PIPELINE = "pipeline_amount|all|month|2026-03-01T00:00:00+01:00"
CALLS_CARD = '.card[data-key="call_count|all|month"] data'


@dataclass
class Site:
    """A running page server and the store that it reads."""

    url: str
    store: Store

    def __post_init__(self) -> None:
        self.alerts = AlertView(self.store)

    def publish_calls(self, count: int) -> None:
        """Publish a number of calls of this month."""
        record = {**orjson.loads(published()[0][CALLS]), "value": count, "parts": {"count": count}}
        KpiView(self.store).update(CALLS, orjson.dumps(record))

    def publish_pipeline(self, amount: str) -> None:
        """Publish the open amount of this month."""
        record = {**orjson.loads(published()[0][PIPELINE]), "value": amount}
        KpiView(self.store).update(PIPELINE, orjson.dumps(record))

    def publish_alert(self, subject: str) -> None:
        """Publish a lead that has waited for an hour."""
        fields = orjson.loads(next(iter(published()[1].values())))
        alert = {**fields, "kind": "lead_unanswered", "subject": subject, "rule": {}}
        self.alerts.update(f"lead_unanswered|{subject}", orjson.dumps(alert))

    def withdraw_alert(self, subject: str) -> None:
        """Withdraw a lead that was published."""
        now = settings().clock()
        self.alerts.update(f"lead_unanswered|{subject}", None, now)


@dataclass
class Look:
    """A page in a browser, what it complained about, and whom it asked."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@asynccontextmanager
async def look(browser: Browser, address: str, **options: Any) -> AsyncIterator[Look]:
    """Open a page of its own for the block."""
    context = await browser.new_context(**options)
    try:
        async with _watched(await context.new_page()) as found:
            await found.page.goto(address)
            yield found
    finally:
        await context.close()


class Visits:
    """Visits to pages, in the same tab where the options are the same.

    A tab of its own costs three times what a visit does. For those who change nothing that outlives
    a page: each site has a port of its own, with storage of its own, and cookies are taken away.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._pages: dict[str, Page] = {}

    @asynccontextmanager
    async def look(self, address: str, **options: Any) -> AsyncIterator[Look]:
        """Open an address for the block."""
        key = repr(sorted(options.items()))
        page = self._pages.pop(key, None)
        if page is None:
            page = await (await self._browser.new_context(**options)).new_page()
        async with _watched(page) as found:
            await page.goto(address)
            yield found
        # Not after a failure: whatever that was is left behind.
        await page.goto("about:blank")
        await page.context.clear_cookies()
        self._pages[key] = page


@asynccontextmanager
async def _watched(page: Page) -> AsyncIterator[Look]:
    """Note what a page complains about, and whom it asks."""
    found = Look(page)

    def complain(message: ConsoleMessage) -> None:
        found.complaints.append(message.text)

    def fail(error: Error) -> None:
        found.complaints.append(str(error))

    def ask(request: Request) -> None:
        found.asked.append(request.url)

    page.on("console", complain)
    page.on("pageerror", fail)
    page.on("request", ask)
    yield found
    page.remove_listener("console", complain)
    page.remove_listener("pageerror", fail)
    page.remove_listener("request", ask)
