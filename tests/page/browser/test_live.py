"""A page in a real browser: it moves with the records, and says when it cannot."""

import re
from time import monotonic

import pytest
from playwright.async_api import Browser, expect

from streams.config.rules.page import PageRules
from streams.page.server import listening, make_app
from tests.page.browser.looking import CALLS_CARD, Site, look
from tests.page.views.company import new_store, settings

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE_MS = 20_000
LIVE = '.live[data-live-state="live"]'


async def test_number_changes_within_a_second_of_its_record(browser: Browser, site: Site) -> None:
    async with look(browser, f"{site.url}/today") as seen:
        await expect(seen.page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
        number = seen.page.locator(CALLS_CARD)
        waited = []
        # The quickest of some: the machine of a test may be busy with others.
        for count in range(1_000, 1_005):
            began = monotonic()
            site.publish_calls(count)
            await expect(number).to_have_text(f"{count:,}", timeout=PATIENCE_MS)
            waited.append(monotonic() - began)
        assert min(waited) < 1


async def test_changed_number_has_the_digits_of_its_language(browser: Browser, site: Site) -> None:
    async with look(browser, f"{site.url}/today?lang=fa") as seen:
        await expect(seen.page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
        site.publish_calls(1_234)
        await expect(seen.page.locator(CALLS_CARD)).to_have_text("۱٬۲۳۴", timeout=PATIENCE_MS)


async def test_new_alert_appears_by_itself(browser: Browser, site: Site) -> None:
    async with look(browser, f"{site.url}/today") as seen:
        await expect(seen.page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
        site.publish_alert("lead-new")
        leads = seen.page.locator(".lead_unanswered")
        await expect(leads).to_contain_text("lead-new", timeout=PATIENCE_MS)


async def test_withdrawn_alert_goes_to_those_of_today(browser: Browser, site: Site) -> None:
    site.publish_alert("lead-called")
    async with look(browser, f"{site.url}/alerts") as seen:
        await expect(seen.page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
        site.withdraw_alert("lead-called")
        ended = seen.page.locator(".ended")
        await expect(ended).to_contain_text("lead-called", timeout=PATIENCE_MS)
        await expect(seen.page.locator(".lead_unanswered")).not_to_contain_text("lead-called")


async def test_clock_of_a_lead_runs(browser: Browser, site: Site) -> None:
    async with look(browser, f"{site.url}/today") as seen:
        clock = seen.page.locator(".lead_unanswered time").first
        await expect(clock).to_have_text(re.compile(r"6:00:\d\d"), timeout=PATIENCE_MS)
        first = await clock.text_content()
        await expect(clock).not_to_have_text(first or "", timeout=PATIENCE_MS)


async def test_lost_server_is_told_and_found_again(browser: Browser) -> None:
    app = make_app(settings(), PageRules(), store=new_store("full"))
    async with listening(app, "127.0.0.1", 0) as url:
        port = int(url.rpartition(":")[2])
        opened = look(browser, f"{url}/today")
        seen = await opened.__aenter__()
        await expect(seen.page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
    try:
        lost = seen.page.locator('.live[data-live-state="lost"]')
        await expect(lost).to_contain_text("not connected since", timeout=PATIENCE_MS)
        # The old numbers stay.
        await expect(seen.page.locator(CALLS_CARD)).to_have_text("7")
        again = new_store("full")
        async with listening(make_app(settings(), PageRules(), store=again), "127.0.0.1", port):
            await expect(seen.page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
            Site(url, again).publish_calls(55)
            await expect(seen.page.locator(CALLS_CARD)).to_have_text("55", timeout=PATIENCE_MS)
    finally:
        await opened.__aexit__(None, None, None)


async def test_what_ended_while_the_server_was_away_leaves_the_page(browser: Browser) -> None:
    first, again = new_store("full"), new_store("full")
    async with listening(make_app(settings(), PageRules(), store=first), "127.0.0.1", 0) as url:
        Site(url, first).publish_alert("lead-gone")
        port = int(url.rpartition(":")[2])
        opened = look(browser, f"{url}/today")
        seen = await opened.__aenter__()
        leads = seen.page.locator(".lead_unanswered")
        await expect(leads).to_contain_text("lead-gone", timeout=PATIENCE_MS)
        await expect(seen.page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
    try:
        async with listening(make_app(settings(), PageRules(), store=again), "127.0.0.1", port):
            await expect(leads).not_to_contain_text("lead-gone", timeout=PATIENCE_MS)
            await expect(seen.page.locator(CALLS_CARD)).to_have_text("7")
    finally:
        await opened.__aexit__(None, None, None)


async def test_installation_comes_to_life_with_its_first_record(browser: Browser) -> None:
    store = new_store("empty")
    app = make_app(settings(), PageRules(), store=store)
    async with listening(app, "127.0.0.1", 0) as url, look(browser, f"{url}/today") as seen:
        await expect(seen.page.locator("h1")).to_have_text("No numbers yet")
        await expect(seen.page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
        Site(url, store).publish_calls(1)
        await expect(seen.page.locator(CALLS_CARD)).to_have_text("1", timeout=PATIENCE_MS)
