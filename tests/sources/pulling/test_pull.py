"""What a webhook did not bring is pulled from a fake CRM, with a real Kafka, and not twice."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from streams.config.settings import Settings
from streams.operations.sources.accounts import Account
from streams.operations.sources.api_client import ApiClient, http_session
from streams.operations.sources.pull import pull, pull_repeatedly
from streams.operations.sources.pulling.pull import CannotPull, Pull, Pulled
from streams.process.cancellation import ended
from streams.sources.delivery import Delivery
from streams.translation.translator import Translator
from streams.translation.writer import Writer, event_write
from tests.installation.installed import all_records, eventually
from tests.sources.fake_crm import FakeCrm, deal, fake_crm, mapping

ACCOUNT = Account("crm", "")
SINCE = 1_777_593_600_000  # 2026-05-01
LIST = "/v1/deals?since=2026-05-01T00%3A00%3A00Z"


@pytest.fixture
async def crm() -> AsyncIterator[FakeCrm]:
    async with fake_crm() as found:
        yield found


def translator(settings: Settings, folder: Path, crm: FakeCrm) -> Translator:
    return Translator.of(replace(settings, sources=mapping(folder, crm)))


async def pulled(settings: Settings, folder: Path, crm: FakeCrm, since: int = SINCE) -> Pulled:
    """Pull once, with short pauses."""
    used = translator(settings, folder, crm)
    api = used.sources["crm"].api
    assert api is not None
    async with http_session() as session:
        client = ApiClient(session, api, "", "t0ken", lambda _, asked: asked or 10)
        return await Pull(settings, used, ACCOUNT, client).run(since)


async def brought(settings: Settings, folder: Path, crm: FakeCrm, *bodies: dict[str, Any]) -> None:
    """Bring the events of webhooks to the topics, as the translation does."""
    used = translator(settings, folder, crm)
    async with Writer.open(settings) as writer:
        for body in bodies:
            found = used.translate(Delivery("crm", "", {}, {}, json.dumps(body).encode(), 0))
            assert found.events
            await writer.write(
                event_write(settings, topic, each.key, each.value)
                for each in found.events
                for topic in each.topics
            )


async def deals(settings: Settings) -> list[dict[str, Any]]:
    """Give the events of deals that Kafka holds."""
    return [
        json.loads(record.value)
        for some in (await all_records(settings, "crm.deal")).values()
        for record in some
    ]


def webhook(number: int, stage: str, at: str) -> dict[str, Any]:
    return {"changed": str(number), "stage": stage, "at": at, "amount": "10.50"}


AT, LATER = "2026-05-01T10:00:00Z", "2026-05-01T11:00:00Z"


async def test_lost_webhook_is_repaired_counted_and_not_repaired_twice(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    # The first creation came and its later change did not; of the second deal nothing came.
    await pulled_into(settings, tmp_path, crm, [deal(1), deal(3)])
    crm.pages = {LIST: {"items": [deal(1, "won", LATER), deal(2), deal(3)]}}
    found = await pulled(settings, tmp_path, crm)
    assert found.repaired == Counter({"deal.changed": 2})
    assert (found.records["deal"], found.events) == (3, 3)
    assert sorted((each["deal"], each["stage"]) for each in await deals(settings)) == [
        ("1", "new"),
        ("1", "won"),
        ("2", "new"),
        ("3", "new"),
    ]
    again = await pulled(settings, tmp_path, crm)
    assert again.repaired == Counter()
    assert len(await deals(settings)) == 4


async def pulled_into(
    settings: Settings, folder: Path, crm: FakeCrm, found: list[dict[str, Any]]
) -> None:
    """Let earlier pulls have brought some records."""
    crm.pages = {LIST: {"items": found}}
    await pulled(settings, folder, crm)


async def test_what_webhooks_brought_is_not_repaired(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    await brought(settings, tmp_path, crm, webhook(1, "new", AT), webhook(1, "won", LATER))
    crm.pages = {LIST: {"items": [deal(1, "won", LATER), deal(2)]}}
    found = await pulled(settings, tmp_path, crm)
    assert (found.events, found.repaired) == (2, Counter({"deal.changed": 1}))
    assert [each["deal"] for each in await deals(settings) if "read" in each["id"]] == ["2"]


async def test_pages_are_followed_to_the_last(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    crm.pages = {
        f"{LIST}&after=b": {"items": [deal(2)], "next": "c"},
        f"{LIST}&after=c": {"items": [deal(3)]},
        LIST: {"items": [deal(1)], "next": "b"},
    }
    assert (await pulled(settings, tmp_path, crm)).records["deal"] == 3


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=429, headers={"Retry-After": "0.05"}),
        web.Response(status=503),
        web.Response(body=b'{"items": ['),
    ],
    ids=["too many", "away", "cut off"],
)
async def test_page_at_fault_is_asked_for_again(
    settings: Settings, tmp_path: Path, crm: FakeCrm, answer: web.Response
) -> None:
    crm.pages = {LIST: {"items": [deal(1)]}}
    crm.failing = [answer]
    assert (await pulled(settings, tmp_path, crm)).repaired.total() == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (403, "crm: list of deal: HTTP 403: is the token valid, and may it read this?"),
        (400, "crm: list of deal: HTTP 400"),
        ({"error": "x"}, "crm: list of deal: `items` leads to what is no record"),
        (b"<html>", "crm: list of deal: no JSON: JSONDecodeError"),
    ],
)
async def test_list_that_cannot_be_read_fails_and_writes_nothing(
    settings: Settings, tmp_path: Path, crm: FakeCrm, answer: Any, reason: str
) -> None:
    crm.pages = {
        f"{LIST}&after=b": answer,
        LIST: {"items": [deal(1)], "next": "b"},
    }
    with pytest.raises(CannotPull) as failed:
        await pulled(settings, tmp_path, crm)
    assert str(failed.value) == reason
    assert await deals(settings) == []


async def test_pages_that_go_in_a_circle_end(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    crm.pages = {"/v1/deals": {"items": [deal(1)], "next": "b"}}
    with pytest.raises(CannotPull, match="the pages do not end"):
        await pulled(settings, tmp_path, crm)
    assert len(crm.asked) == 2


async def test_next_page_on_another_server_is_not_asked_for(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    async with fake_crm() as other:
        crm.pages = {LIST: {"items": [deal(1)], "next": f"http://{other.host}/v1/deals"}}
        folder = mapping(tmp_path, crm)
        file = folder / "crm.toml"
        text = file.read_text().replace('page = { cursor = "next" }', 'page = { next = "next" }')
        file.write_text(text.replace(', after = "{cursor}"', ""))
        used = Translator.of(replace(settings, sources=folder))
        api = used.sources["crm"].api
        assert api is not None
        async with http_session() as session:
            client = ApiClient(session, api, "", "t0ken")
            with pytest.raises(CannotPull, match="leads to another server: not followed"):
                await Pull(settings, used, ACCOUNT, client).run(SINCE)
        assert other.asked == []


async def test_record_that_cannot_be_translated_is_reported(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    crm.pages = {LIST: {"items": [{**deal(1), "amount": "ten"}, deal(2)]}}
    found = await pulled(settings, tmp_path, crm)
    ((kind, why),) = found.unmapped
    assert (kind, why.rule, why.field) == ("deal", "read", "amount")
    assert found.repaired.total() == 1


async def test_pull_that_fails_is_repeated_from_the_same_instant(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    crm.pages = {"/v1/deals": {"items": [deal(1)]}}
    crm.failing = [web.Response(status=403)]
    used = replace(settings, api_tokens={"crm": "t0ken"}, now=SINCE + 86_400_000)
    work = pull_repeatedly(
        used, translator(settings, tmp_path, crm), ACCOUNT, SINCE, 100, "127.0.0.1"
    )
    task = asyncio.create_task(work)

    async def is_pulled_thrice() -> bool:
        return len(crm.asked) >= 4

    await eventually(is_pulled_thrice)
    await ended(task)
    assert crm.asked[:2] == [LIST, LIST]
    # A quarter of an hour before the pull that succeeded.
    assert crm.asked[2] == "/v1/deals?since=2026-05-01T23%3A45%3A00Z"
    assert len(await deals(settings)) == 1


async def test_account_without_token_is_named(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    used = translator(settings, tmp_path, crm)
    with pytest.raises(CannotPull, match="set SALES_KPIS_API_TOKEN_CRM_EU, the token of A CRM"):
        await pull(settings, used, Account("crm", "eu"), SINCE)


async def test_source_without_lists_is_named(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    used = translator(settings, tmp_path, crm)
    with pytest.raises(CannotPull, match=r"stripe\.toml has no"):
        await pull(settings, used, Account("stripe", ""), SINCE)


async def test_topics_are_not_read_where_nothing_has_changed(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    crm.pages = {LIST: {"items": []}}
    found = await pulled(settings, tmp_path, crm)
    assert (found.events, found.records.total()) == (0, 0)
