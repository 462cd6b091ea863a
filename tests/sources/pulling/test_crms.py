"""Each CRM's lists and records in their documented shapes: a lost change is found, once."""

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from streams.config.settings import Settings
from streams.events import Common, Rejected, decode
from streams.gateway.records import Record
from streams.operations.sources.accounts import Account
from streams.operations.sources.api_client import ApiClient, http_session
from streams.operations.sources.pulling.held import HeldEvents
from streams.operations.sources.pulling.pull import Pull
from streams.sources.loading import SHIPPED, sources
from streams.sources.mapping.rules import ReadRule
from streams.translation.translator import Translator
from tests.sources.fake_crm import FakeCrm, fake_crm
from tests.sources.pulling.answers import CRMS, Crm

SINCE = 1_777_593_600_000  # 2026-05-01


def own_file(crm: Crm, host: str) -> str:
    """Give a mapping file that is laid over the shipped one: on the loopback without TLS."""
    api = tomllib.loads((SHIPPED / f"{crm.source}.toml").read_text())["api"]
    base = urlsplit(api["base"])
    account = {"host": host, **crm.account}
    lines = [
        f'source = "{crm.source}"',
        "[api]",
        f'base = "http://{host}{base.path}"',
        'rate = "1000"',
        "[api.account]",
        *(f'{name} = "{value}"' for name, value in account.items()),
    ]
    if "login" in api:
        path = "/token" if "{tenant}" in api["login"]["url"] else urlsplit(api["login"]["url"]).path
        lines += ["[api.login]", f'url = "http://{host}{path}"']
    return "\n".join(lines)


class Company:
    """A company's account of a CRM on a fake server, and how it is pulled."""

    def __init__(self, crm: Crm, folder: Path, server: FakeCrm) -> None:
        (folder / f"{crm.source}.toml").write_text(own_file(crm, server.host))
        self._crm, self._server = crm, server
        self._translator = Translator.of(Settings(sources=folder))

    async def changed(self, answers: dict[str, Any]) -> list[Common]:
        """Pull everything that the server has; nothing may be unmapped."""
        self._server.pages = answers
        api = self._translator.sources[self._crm.source].api
        assert api is not None
        async with http_session() as session:
            client = ApiClient(session, api, "", self._crm.configured, lambda *_: 10)
            account = Account(self._crm.source, "")
            pull = Pull(Settings(), self._translator, account, client)
            events = await pull.changed(SINCE)
            assert pull.result.unmapped == []
            return events_of(events)


@pytest.fixture
async def server() -> AsyncIterator[FakeCrm]:
    async with fake_crm() as found:
        yield found


def events_of(records: list[Record]) -> list[Common]:
    found = [decode(each.value) for each in records]
    assert not [each for each in found if isinstance(each, Rejected)]
    return [each for each in found if isinstance(each, Common)]


def kind_of(event: Common) -> str:
    return str(type(event).__struct_config__.tag)


@pytest.fixture(params=CRMS, ids=[each.source for each in CRMS])
def crm(request: pytest.FixtureRequest) -> Crm:
    found: Crm = request.param
    return found


async def test_lost_change_is_found_and_not_found_twice(
    crm: Crm, tmp_path: Path, server: FakeCrm
) -> None:
    company = Company(crm, tmp_path, server)
    held = HeldEvents()
    for event in await company.changed(crm.answers):
        held.add(event)
    missing = [each for each in await company.changed(crm.changed) if not held.has(each)]
    assert tuple(map(kind_of, missing)) == crm.events
    assert {name: str(getattr(missing[0], name)) for name in crm.fields} == crm.fields
    for event in missing:
        held.add(event)
    assert [each for each in await company.changed(crm.changed) if not held.has(each)] == []
    assert server.tokens[-1] == sent_token(crm)


def sent_token(crm: Crm) -> str:
    """Give what a request has to have in the header Authorization."""
    api = tomllib.loads((SHIPPED / f"{crm.source}.toml").read_text())["api"]
    template: str = api.get("headers", {}).get("Authorization", "")
    return template.replace("{token}", "short" if "login" in api else crm.configured)


def test_every_kind_that_a_rule_reads_can_be_read() -> None:
    missing = [
        (name, rule.kind)
        for name, source in sources(None).items()
        for rule in source.events
        if isinstance(rule, ReadRule)
        and not (source.api is not None and rule.kind in source.api.reads)
    ]
    assert missing == []
