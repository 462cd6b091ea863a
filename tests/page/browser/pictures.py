"""Takes the pictures of the page for the documents: the demo's company, in a real Chromium.

`make pictures`. They depend on the fonts of the machine, so no test holds them equal.
"""

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson
from playwright.async_api import Browser, async_playwright

from streams.config.rules import Rules, read
from streams.config.rules.page import PageRules
from streams.config.settings import Settings
from streams.demo.simulation.traffic import Traffic
from streams.engine.calendars.calendar import Calendar, milliseconds
from streams.operations.replay import replay, replay_alerts
from streams.page.live.store import Store
from streams.page.live.topics import AlertView, CatalogueView, KpiView
from streams.page.server import listening, make_app
from streams.wiring.catalogue import catalogue
from streams.wiring.describe import entries, in_force
from tests.output.records import key
from tests.page.browser.conftest import chromium
from tests.page.serving import keep

FOLDER = Path("docs/images")
SEED, TIMEZONE, CURRENCY = 1, "Europe/Berlin", "EUR"
BEGAN = "2026-03-04T15:00:00+01:00"
PAST = "2026-02-24T23:59:59+01:00"
LIVE_MS = 75_000
WIDE, NARROW = {"width": 1280, "height": 960}, {"width": 380, "height": 900}
LIVE = '.live[data-live-state="live"]'


class Picture(NamedTuple):
    """One picture: a page, its theme, and the size of the window."""

    name: str
    address: str
    theme: str = "light"
    size: Any = WIDE


PICTURES = (
    Picture("page-today", "/today"),
    Picture("page-today-dark", "/today", "dark"),
    Picture("page-today-narrow", "/today", size=NARROW),
    Picture("page-today-persian", "/today?lang=fa"),
    Picture("page-pipeline", "/pipeline?as_of=2026-02-24"),
    Picture("page-people", "/people"),
    Picture("page-rep", "/people/rep/Ana%20Ruiz"),
)


class Company(NamedTuple):
    """The demo's company, always the same: its events, its settings, and what its page shows."""

    events: list[bytes]
    settings: Settings
    store: Store


def demo(history: Path) -> Company:
    """Give the company of three weeks and a minute, whose page reads a history."""
    began = milliseconds(datetime.fromisoformat(BEGAN))
    now = began + LIVE_MS
    company = Traffic(SEED, began, Calendar(TIMEZONE), CURRENCY)
    sent = [*company.history(), *company.due(now)]
    events = [*company.reference(), *(request.event for request in sent)]
    lines = list(map(orjson.dumps, events))
    settings = Settings(now=now, timezone=TIMEZONE, currency=CURRENCY, history=str(history))
    return Company(lines, settings, _store(lines, settings, read(None)))


async def write_past(company: Company, history: Path) -> None:
    """Write the company's records as they were at the end of a day into a new history."""
    then = replace(company.settings, now=milliseconds(datetime.fromisoformat(PAST)))
    records = replay(company.events, then, rules=read(None))
    await keep(history, *((key(record), record) for record in records))


def _store(lines: list[bytes], settings: Settings, rules: Rules) -> Store:
    store = Store()
    kpis, alerts, described = KpiView(store), AlertView(store), CatalogueView(store)
    for name, entry in entries(catalogue(settings, rules)).items():
        described.update(name, orjson.dumps(entry))
    described.update("settings", orjson.dumps(in_force(settings, rules)))
    for record in replay(lines, settings, rules=rules):
        kpis.update(key(record), record)
    for alert in replay_alerts(lines, settings, rules=rules):
        fields = orjson.loads(alert)
        alerts.update(f"{fields['kind']}|{fields['subject']}", alert)
    return store


async def draw(browser: Browser, url: str, picture: Picture) -> None:
    """Take one picture of the part that a screen shows."""
    context = await browser.new_context(color_scheme=picture.theme, viewport=picture.size)  # type: ignore[arg-type]  # one of its literals
    page = await context.new_page()
    await page.goto(url + picture.address)
    if "as_of" not in picture.address:
        await page.locator(LIVE).wait_for()
    await page.screenshot(path=FOLDER / f"{picture.name}.png")
    await context.close()


async def main() -> None:
    """Take all pictures."""
    path = chromium()
    if path is None:
        raise SystemExit("no Chromium on this machine: install it, or name it in CHROMIUM")
    with TemporaryDirectory() as folder:
        history = Path(folder, "history.sqlite")
        company = demo(history)
        await write_past(company, history)
        app = make_app(company.settings, PageRules(), store=company.store)
        async with listening(app, "127.0.0.1", 0) as url, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for picture in PICTURES:
                await draw(browser, url, picture)
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
