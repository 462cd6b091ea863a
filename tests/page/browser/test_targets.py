"""Targets set in a real browser: with script the page stays, without it the page comes again."""

from collections.abc import AsyncIterator

import orjson
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, expect

from streams.config.rules.page import PageRules
from streams.gateway.records import Record
from streams.operations.replay import replay
from streams.page.live.store import Store
from streams.page.live.topics import KpiView
from streams.page.server import listening, make_app
from tests.output.records import key
from tests.page.browser.looking import Site, look
from tests.page.views.company import events, new_store, published, rules, settings

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATIENCE_MS = 20_000
NARROW = {"width": 380, "height": 800}
LIVE = '.live[data-live-state="live"]'
CALLS = '.card[data-key="call_count|all|month"]'


class Company:
    """The streams in small: counts again with each target, and publishes what has changed."""

    def __init__(self, store: Store) -> None:
        self._kpis = KpiView(store)
        self._lines = [orjson.dumps(each) for each in events()]
        self._published = dict(published()[0])
        self.written: list[bytes] = []

    async def write(self, record: Record) -> None:
        """Count with one more target."""
        self.written.append(record.value)
        for found in replay([*self._lines, *self.written], settings(), rules=rules()):
            if self._published.get(key(found)) != found:
                self._published[key(found)] = found
                self._kpis.update(key(found), found)


@pytest_asyncio.fixture(loop_scope="module")
async def company() -> AsyncIterator[tuple[Site, Company]]:
    """A page whose targets are counted with."""
    store = new_store("full")
    made = Company(store)
    app = make_app(settings(), PageRules(), store=store, write_target=made.write)
    async with listening(app, "127.0.0.1", 0) as url:
        yield Site(url, store), made


async def fill(card: Locator, value: str) -> None:
    """Write a target and send it."""
    await card.locator("summary").click()
    await card.locator("input[name=value]").fill(value)
    await card.locator("button[type=submit]").click()


async def test_a_target_is_set_and_its_bar_appears(
    browser: Browser, company: tuple[Site, Company]
) -> None:
    site, counted = company
    async with look(browser, f"{site.url}/today") as seen:
        card = seen.page.locator(CALLS)
        await expect(seen.page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
        await expect(card.locator("svg.bar")).to_be_hidden()
        await fill(card, "14")
        await expect(card.locator("svg.bar")).to_be_visible(timeout=PATIENCE_MS)
        await expect(card.locator(".target")).to_have_text(" · target 14 calls")
        await expect(card.locator("form")).to_be_hidden()
        assert seen.page.url == f"{site.url}/today"
        assert seen.complaints == []
    [written] = map(orjson.loads, counted.written)
    assert written["value"] == "14"
    assert "start" not in written


async def test_what_is_no_number_is_refused_below_the_field(
    browser: Browser, company: tuple[Site, Company]
) -> None:
    site, counted = company
    async with look(browser, f"{site.url}/today?lang=bg") as seen:
        await expect(seen.page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
        card = seen.page.locator(CALLS)
        await fill(card, "много")
        await expect(card.locator(".answer")).to_contain_text("„много“ не е число")
        await expect(card.locator("input[name=value]")).to_have_value("много")
        await expect(card.locator("input[name=value]")).to_be_focused()
    assert counted.written == []


async def test_a_first_target_shows_in_the_table_of_people(
    browser: Browser, company: tuple[Site, Company]
) -> None:
    site, _ = company
    cell = '[data-key="revenue_won|rep=bob|month"]'
    async with look(browser, f"{site.url}/people") as seen:
        await expect(seen.page.locator(LIVE)).to_be_visible(timeout=PATIENCE_MS)
        await expect(seen.page.locator(f"{cell} svg.bar")).to_have_count(0)
        await seen.page.request.post(
            f"{site.url}/targets",
            form={"kpi": "revenue_won", "scope": "rep=bob", "window": "month", "value": "8000"},
        )
        await expect(seen.page.locator(f"{cell} svg.bar")).to_be_visible(timeout=PATIENCE_MS)


async def test_open_forms_shut_nobody_out(browser: Browser, company: tuple[Site, Company]) -> None:
    site, _ = company
    # The test's own script comes into a page that allows none.
    options = {"viewport": NARROW, "color_scheme": "dark", "bypass_csp": True}
    async with look(browser, f"{site.url}/today?lang=fa", **options) as seen:
        for summary in await seen.page.locator(".set-target summary").all():
            await summary.click()
        width = await seen.page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"]
        found = await Axe().run(seen.page)
        assert [each["id"] for each in found.response["violations"]] == []


async def test_a_target_is_set_without_script_for_one_window(
    browser: Browser, company: tuple[Site, Company]
) -> None:
    site, counted = company
    async with look(browser, f"{site.url}/today?lang=fa", java_script_enabled=False) as seen:
        card = seen.page.locator(CALLS)
        await card.locator("summary").click()
        await card.locator("input[type=radio]").last.check()
        await card.locator("input[name=value]").fill("۱۴")
        await card.locator("button[type=submit]").click()
        await expect(card.locator("svg.bar")).to_be_visible(timeout=PATIENCE_MS)
        assert seen.page.url == f"{site.url}/today?lang=fa"
    [written] = map(orjson.loads, counted.written)
    assert (written["value"], written["start"]) == ("14", "2026-03-01")
