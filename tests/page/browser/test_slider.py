"""The slider of the pipeline, in a real browser: another day without loading the page again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from streams.config.rules.page import PageRules
from streams.config.settings import instant
from streams.operations.replay import replay
from streams.page.server import listening, make_app
from tests.output.records import key
from tests.page.browser.looking import Look, Site, look
from tests.page.serving import keep
from tests.page.views.company import events, new_store, rules, settings

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE_MS = 20_000
LIVE = '.live[data-live-state="live"]'
FROZEN = '.live[data-live-state="frozen"]'
CARD = '.card[data-key="pipeline_amount|all|month"] data'
SLIDER = ".slider input"


@pytest_asyncio.fixture(loop_scope="module")
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A page whose history has the day before."""
    now = settings()
    then = replace(now, now=instant("2026-03-03T23:59:59+01:00", "then"))
    lines = [orjson.dumps(each) for each in events()]
    past = tmp_path / "history.sqlite"
    await keep(past, *((key(record), record) for record in replay(lines, then, rules=rules())))
    store = new_store("full")
    app = make_app(replace(now, history=str(past)), PageRules(), store=store)
    async with listening(app, "127.0.0.1", 0) as url:
        yield Site(url, store)


async def opened(seen: Look) -> Page:
    """Mark a page that moves: one that is loaded again has no mark."""
    await expect(seen.page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
    await seen.page.evaluate("window.isMarked = true")
    await seen.page.locator(SLIDER).focus()
    return seen.page


async def is_marked(page: Page) -> bool:
    return bool(await page.evaluate("window.isMarked === true"))


async def test_slider_shows_another_day_and_today_again_and_stays_under_the_hand(
    browser: Browser, site: Site
) -> None:
    async with look(browser, f"{site.url}/pipeline") as seen:
        page = await opened(seen)
        today = await page.locator(CARD).get_attribute("value")
        await page.keyboard.press("ArrowLeft")
        await expect(page.locator(FROZEN)).to_be_visible(timeout=PATIENCE_MS)
        assert page.url == f"{site.url}/pipeline?as_of=2026-03-03"
        await expect(page.locator(".band.frozen")).to_contain_text("You see Mar 3 as it ended.")
        await expect(page.locator(SLIDER)).to_be_focused()
        await expect(page.locator(SLIDER)).to_have_value("-1")
        assert await page.locator(CARD).get_attribute("value") != today
        people = page.locator("nav a").nth(2)
        assert "as_of=2026-03-03" in (await people.get_attribute("href") or "")
        await expect(page.locator("input[name=as_of]")).to_have_value("2026-03-03")
        # At its end it is now again, and moves.
        await page.keyboard.press("ArrowRight")
        await expect(page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.locator(".band.frozen")).to_have_count(0)
        assert page.url == f"{site.url}/pipeline"
        site.publish_pipeline("123.00")
        await expect(page.locator(CARD)).to_have_attribute("value", "123.00", timeout=PATIENCE_MS)
        assert await is_marked(page)
        assert seen.complaints == []


async def test_back_leads_to_where_the_slider_was_first_moved(browser: Browser, site: Site) -> None:
    async with look(browser, f"{site.url}/pipeline") as seen:
        page = await opened(seen)
        await page.keyboard.press("ArrowLeft")
        await expect(page.locator(FROZEN)).to_be_visible(timeout=PATIENCE_MS)
        await page.keyboard.press("ArrowLeft")
        await page.wait_for_url("**as_of=2026-03-02")
        await page.go_back()
        await expect(page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
        assert page.url == f"{site.url}/pipeline"
        await expect(page.locator(SLIDER)).to_have_value("0")
        assert await is_marked(page)


async def test_day_without_open_deals_keeps_its_slider(browser: Browser, site: Site) -> None:
    async with look(browser, f"{site.url}/pipeline?as_of=2026-01-05") as seen:
        await expect(seen.page.locator(SLIDER)).to_be_visible()
        await expect(seen.page.locator('[data-section="stages"] .none')).to_be_visible()


async def test_what_is_refused_says_why(browser: Browser) -> None:
    app = make_app(
        replace(settings(), history="none/such.sqlite"), PageRules(), store=new_store("full")
    )
    async with listening(app, "127.0.0.1", 0) as url, look(browser, f"{url}/pipeline") as seen:
        page = await opened(seen)
        await page.keyboard.press("ArrowLeft")
        await expect(page.locator("main.plain")).to_contain_text("there is no history in")
