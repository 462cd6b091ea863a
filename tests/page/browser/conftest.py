"""A real Chromium that looks at a page server with a company's records."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from streams.config.rules.page import PageRules
from streams.page.server import listening, make_app
from tests.page.browser.looking import Site
from tests.page.views.company import new_store, settings

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def chromium() -> str | None:
    """Give the browser of this machine: CHROMIUM, or what is installed."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A browser for the tests of a module: starting one takes seconds."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: install it, or name it in CHROMIUM")
    async with async_playwright() as playwright:
        # Containers let no sandbox be made, and have no graphics card; only own pages are shown.
        made = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield made
        finally:
            await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def site() -> AsyncIterator[Site]:
    """A page server with the company's records, which tests may change."""
    store = new_store("full")
    app = make_app(settings(), PageRules(), store=store)
    async with listening(app, "127.0.0.1", 0) as url:
        yield Site(url, store)
