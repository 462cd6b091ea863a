"""Every view in a real browser: nothing overflows, complains, asks others or shuts anybody out."""

import csv
from io import BytesIO

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from playwright.async_api import Browser, expect

from streams.languages import LANGUAGES
from tests.page.browser.looking import Site, Visits, look

pytestmark = pytest.mark.asyncio(loop_scope="module")
ADDRESSES = (
    "/today",
    "/today?tv=1",
    "/pipeline",
    "/people?ranked=1",
    "/people/rep/ann",
    "/marketing",
    "/money",
    "/alerts",
)
SERIOUS = ("serious", "critical")
NARROW = {"width": 380, "height": 800}
CONNECTED = '.live:not([data-live-state="still"]):not([data-live-state="loading"])'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def visits(browser: Browser) -> Visits:
    """Visits by those who only look."""
    return Visits(browser)


def in_language(address: str, code: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}lang={code}"


@pytest.mark.parametrize("address", ADDRESSES)
async def test_no_view_is_wider_than_a_narrow_screen(
    visits: Visits, site: Site, address: str
) -> None:
    async with visits.look(site.url + address, viewport=NARROW) as seen:
        for code in LANGUAGES:
            await seen.page.goto(
                site.url + in_language(address, code), wait_until="domcontentloaded"
            )
            width = await seen.page.evaluate("document.documentElement.scrollWidth")
            assert width <= NARROW["width"], code


@pytest.mark.parametrize("address", ADDRESSES)
async def test_no_view_complains_or_asks_others(visits: Visits, site: Site, address: str) -> None:
    async with visits.look(site.url + address) as seen:
        await expect(seen.page.locator(CONNECTED)).to_be_visible()
        assert seen.complaints == []
        assert [url for url in seen.asked if not url.startswith(site.url + "/")] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("address", ADDRESSES)
async def test_no_view_shuts_anybody_out(
    visits: Visits, site: Site, address: str, theme: str
) -> None:
    # One language from left to right, one from right to left.
    url = site.url + in_language(address, "en" if theme == "light" else "fa")
    # The test's own script comes into a page that allows none.
    async with visits.look(url, color_scheme=theme, bypass_csp=True) as seen:
        found = await Axe().run(seen.page)
        violations = [
            (each["id"], [node["html"][:120] for node in each["nodes"][:2]])
            for each in found.response["violations"]
            if each["impact"] in SERIOUS
        ]
        assert violations == []


async def test_page_reads_without_script(browser: Browser, site: Site) -> None:
    async with look(browser, f"{site.url}/today", java_script_enabled=False) as seen:
        await expect(seen.page.locator(".card")).to_have_count(8)
        await expect(seen.page.locator("form.choices button[type=submit]")).to_be_visible()


async def test_definition_is_shown_to_the_keyboard(browser: Browser, site: Site) -> None:
    async with look(browser, f"{site.url}/today") as seen:
        about = seen.page.locator("#about-close_rate")
        await expect(about).to_be_hidden()
        await seen.page.locator('[aria-describedby="about-close_rate"]').focus()
        await expect(about).to_be_visible()
        await seen.page.keyboard.press("Escape")
        await expect(about).to_be_hidden()


async def test_choice_stands_in_the_address(browser: Browser, site: Site) -> None:
    async with look(browser, f"{site.url}/today") as seen:
        await seen.page.locator("select[name=window]").select_option("quarter")
        await seen.page.wait_for_url("**/today?**window=quarter**")
        await seen.page.go_back()
        await expect(seen.page.locator("select[name=window]")).to_have_value("month")


async def test_export_has_what_is_shown_and_each_number_exactly(
    browser: Browser, site: Site
) -> None:
    async with look(browser, f"{site.url}/today") as seen:
        async with seen.page.expect_download() as download:
            await seen.page.locator("button.export[value=csv]").click()
        path = await (await download.value).path()
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
        assert ["Revenue", "4000.00", "€4,000"] in [row[:3] for row in rows]
        assert ["acme:lead:7", "bob", "web"] in [row[:3] for row in rows]


async def test_workbook_has_numbers_as_numbers(browser: Browser, site: Site) -> None:
    async with look(browser, f"{site.url}/today") as seen:
        async with seen.page.expect_download() as download:
            await seen.page.locator("button.export[value=xlsx]").click()
        path = await (await download.value).path()
        sheet = load_workbook(BytesIO(path.read_bytes())).active
        assert isinstance(sheet, Worksheet)
        rows = list(sheet.iter_rows(values_only=True))
        assert ("Revenue", 4000, "€4,000") in [row[:3] for row in rows]
        assert ("acme:lead:7", "bob", "web") in [row[:3] for row in rows]
