"""A page server on a free port, fed by hand: records as on the topics, without Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from streams.config.rules.page import PageRules, parse
from streams.config.rules.table import read_table
from streams.config.settings import Settings, instant
from streams.history.opening import open_database
from streams.kafka.topics import ALERTS, CATALOGUE
from streams.page.context import WriteTarget
from streams.page.live.store import Store
from streams.page.live.topics import AlertView, CatalogueView, KpiView
from streams.page.metrics import METRICS, PageMetrics
from streams.page.server import listening, make_app
from tests.history.published import Topic

PATIENCE_S = 20.0
NO_HISTORY = Path("there/is/no/history.sqlite")
NO_KAFKA = "127.0.0.1:1"
NOW = "2026-03-04T12:00:00+00:00"
DAY = "2026-03-04T00:00:00+00:00"
NEXT_DAY = "2026-03-05T00:00:00+00:00"
TOKENS = {"all": "everything-" + "x" * 20, "south": "south-" + "y" * 20, "ann": "ann-" + "z" * 24}


def kpi_record(
    kpi: str = "revenue_won", scope: str = "all", window: str = "day", value: Any = "200.00"
) -> bytes:
    """A record of `sales.kpis`, with the fields that are read here."""
    dimension, _, name = scope.partition("=")
    return orjson.dumps(
        {
            "kpi": kpi,
            "scope": {dimension: name} if name else {},
            "window": window,
            "start": DAY,
            "value": value,
            "unit": "money:EUR",
            "parts": {},
            "end": NEXT_DAY,
            "target": None,
            "final": False,
            "revision": 1,
            "as_of": NOW,
            "updated_at": NOW,
        }
    )


async def keep(
    history: Path,
    *records: tuple[str, bytes],
    followed: Sequence[tuple[str, bytes]] = (),
    alerts: Sequence[tuple[str, bytes | None]] = (),
) -> None:
    """Write records to a history, as the command `history` does; `followed` one by one."""
    async with open_database(str(history), is_writer=True) as database:
        topic = Topic(database)
        topic.send(*records)
        await topic.record()
        for record in followed:
            await topic.follow(record)
        raised = Topic(database, ALERTS)
        raised.send(*alerts)
        await raised.record()
        entries = Topic(database, CATALOGUE)
        entries.send(("revenue_won", b'{"kind":"sum"}'), ("deal_count", b'{"kind":"count"}'))
        await entries.record()


def kpi_key(
    kpi: str = "revenue_won", scope: str = "all", window: str = "day", start: str = DAY
) -> str:
    """The key of such a record."""
    return f"{kpi}|{scope}|{window}|{start}"


def alert_record(subject: str, rep: str | None, **more: Any) -> bytes:
    """A record of `sales.alerts`."""
    fields = {"kind": "lead_unanswered", "subject": subject, "rep": rep, "since": NOW}
    return orjson.dumps({**fields, "text": f"{subject} waits", "updated_at": NOW, **more})


def rules(text: str) -> PageRules:
    """Read the table `[page]` of a rules file."""
    return parse(read_table(text, "rules.toml").table("page"))


@cache
def token_file(token: str) -> Path:
    """A file with a token, for as long as the tests run."""
    path = Path(mkdtemp(prefix="page-")) / "token"
    path.write_text(token + "\n")
    return path


def three_roles() -> PageRules:
    """Rules of three tokens: everything, the team south with bob, and ann."""
    sees = {"all": '"everything"', "south": '{ team = "south", rep = ["bob"] }'}
    sees["ann"] = '{ rep = "ann" }'
    return rules(
        "".join(
            f'[[page.access]]\ntoken_file = "{token_file(TOKENS[name])}"\nsees = {seen}\n'
            for name, seen in sees.items()
        )
    )


def page_metrics() -> PageMetrics:
    """The metrics of a page that does not listen."""
    return make_app(Settings(), PageRules())[METRICS]


@dataclass
class Page:
    """A running server and the views that feed it."""

    url: str
    app: web.Application
    store: Store
    session: aiohttp.ClientSession

    def __post_init__(self) -> None:
        self.kpis = KpiView(self.store)
        self.alerts = AlertView(self.store)
        self.catalogue = CatalogueView(self.store)

    def publish(self, scope: str = "all", value: Any = "200.00", **more: str) -> str:
        """Publish a KPI's record, and give its key."""
        key = kpi_key(scope=scope, **more)
        self.kpis.update(key, kpi_record(scope=scope, value=value, **more))
        return key

    def bearer(self, role: str | None) -> dict[str, str]:
        """The headers of a role; None is a stranger's."""
        return {} if role is None else {"Authorization": f"Bearer {TOKENS[role]}"}

    async def get(
        self, path: str, role: str | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Ask the API; gives status and content."""
        sent = {**self.bearer(role), **headers}
        async with self.session.get(self.url + path, headers=sent) as response:
            body = await response.read()
            return response.status, orjson.loads(body) if body else {}


@asynccontextmanager
async def serving(
    page_rules: PageRules | None = None,
    *,
    history: Path = NO_HISTORY,
    bootstrap: str = NO_KAFKA,
    write_target: WriteTarget | None = None,
) -> AsyncIterator[Page]:
    """Serve for the block, with a small catalogue and no record."""
    store = Store()
    settings = Settings(now=instant(NOW, "NOW"), history=str(history), bootstrap=bootstrap)
    app = make_app(settings, page_rules or PageRules(), store=store, write_target=write_target)
    cookies = aiohttp.DummyCookieJar()
    async with (
        listening(app, "127.0.0.1", 0) as url,
        aiohttp.ClientSession(cookie_jar=cookies) as session,
    ):
        page = Page(url, app, store, session)
        for kpi, unit in (("revenue_won", "money:EUR"), ("deal_count", "count")):
            meaning = {"text": f"What {kpi} means.", "formula": f"all {kpi}", "source": "the trade"}
            scopes = ["all", "rep", "team", "channel"]
            kind = {"kind": "sum", "better": "higher", "scopes": scopes}
            depends_on = ["timezone", "rules.definitions.stages", "rules.commission"]
            entry = {"kpi": kpi, "unit": unit, **kind, **meaning, "depends_on": depends_on}
            page.catalogue.update(kpi, orjson.dumps(entry))
        named = {"definitions": {"stages": []}, "commission": [{"reps": ["ann", "bob"]}]}
        page.catalogue.update("settings", orjson.dumps({"timezone": "UTC", "rules": named}))
        yield page


@dataclass(frozen=True)
class Event:
    """One server-sent event; `data` is decoded."""

    kind: str
    name: str
    data: Any


class Reader:
    """Reads events of a stream, one after the other."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> Event:
        """Read the next event but `age`."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self._next()
                if found.kind != "age":
                    return found

    async def until(self, kind: str) -> list[Event]:
        """Read up to an event of a kind, which is the last one."""
        found = [await self.next()]
        while found[-1].kind != kind:
            found.append(await self.next())
        return found

    async def _next(self) -> Event:
        fields: dict[str, str] = {}
        while True:
            line = (await self.response.content.readuntil(b"\n")).decode().rstrip("\n")
            if not line and fields:
                data = orjson.loads(fields["data"])
                return Event(fields["event"], fields.get("id", ""), data)
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value


@asynccontextmanager
async def reading(
    page: Page, query: str = "", role: str | None = None, **headers: str
) -> AsyncIterator[Reader]:
    """Open the stream for the block."""
    sent = {**page.bearer(role), **headers}
    url = f"{page.url}/api/stream{query}"
    async with page.session.get(url, headers=sent, timeout=aiohttp.ClientTimeout()) as response:
        assert response.status == 200, await response.text()
        yield Reader(response)
