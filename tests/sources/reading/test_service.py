"""Records that webhooks name are read from a fake CRM, with a real Kafka."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiokafka import AIOKafkaProducer
from prometheus_client import CollectorRegistry

from streams.config.settings import Settings
from streams.internal_topics import reads
from streams.internal_topics.inbox import InboxKeys, decode
from streams.internal_topics.reads import ReadKey, ReadRequest
from streams.kafka import topics
from streams.operations.sources.reading.account_reader import LARGEST_BYTES, MOST_TRIES
from streams.operations.sources.reading.service import read_records
from streams.process.cancellation import ended
from streams.sources.loading import sources
from tests.installation.installed import all_records, eventually, records
from tests.sources.fake_crm import FakeCrm, deal, fake_crm, mapping

TOKENS = {"crm": "t0ken"}


@pytest.fixture
async def crm() -> AsyncIterator[FakeCrm]:
    numbers = range(1, 11)
    async with fake_crm(records={f"/v1/deals/{n}": deal(n) for n in numbers}) as found:
        yield found


async def ask(settings: Settings, ids: Iterable[str], kind: str = "deal") -> None:
    """Write requests as the translation does."""
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap) as producer:
        for number, each in enumerate(ids):
            key, value = reads.write(ReadRequest(ReadKey("crm", "", kind, each), number))
            await producer.send_and_wait(topics.reads(settings), value, key, partition=0)


def short_pauses(tries: int, asked_ms: int | None) -> int:
    return 10 * tries if asked_ms is None else asked_ms


@asynccontextmanager
async def reading(
    settings: Settings, folder: Path, crm: FakeCrm, rate: int = 1000
) -> AsyncIterator[CollectorRegistry]:
    """Read what waits meanwhile."""
    registry = CollectorRegistry()
    found = sources(mapping(folder, crm, rate))
    used = replace(settings, api_tokens=TOKENS)
    task = asyncio.create_task(read_records(used, found, registry, short_pauses))
    try:
        yield registry
    finally:
        await ended(task)


async def delivered(settings: Settings) -> list[dict[str, Any]]:
    """Give the bodies of the inbox's deliveries."""
    found = []
    for some in (await all_records(settings, topics.INBOX)).values():
        for record in some:
            received = decode(record.value, record.headers, InboxKeys(settings.inbox_key))
            assert received.delivery.source == "crm"
            found.append(json.loads(received.delivery.body))
    return found


def are_delivered(settings: Settings, *ids: str) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return {each["id"] for each in await delivered(settings)} >= {*ids}

    return holds


def is_answered(settings: Settings, count: int) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        written = await records(settings, topics.reads(settings))
        return len({each.key for each in written if each.value is None}) == count

    return holds


async def letters(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(each.value) for each in await records(settings, topics.DEAD_LETTERS)]


async def test_record_is_delivered_as_the_crm_has_it(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    await ask(settings, ["7"])
    async with reading(settings, tmp_path, crm):
        await eventually(is_answered(settings, 1))
    assert await delivered(settings) == [{"_read": "deal", **deal(7)}]
    assert crm.tokens == ["Bearer t0ken"]


async def test_record_named_many_times_is_read_once(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    await ask(settings, ["1", "2"] * 50)
    async with reading(settings, tmp_path, crm) as registry:
        await eventually(is_answered(settings, 2))
        labels = {"source": "crm", "outcome": "read"}
        assert registry.get_sample_value("sales_kpis_record_reads_total", labels) == 2
    assert sorted(crm.asked) == ["/v1/deals/1", "/v1/deals/2"]


async def test_rate_limit_is_kept(settings: Settings, tmp_path: Path, crm: FakeCrm) -> None:
    await ask(settings, map(str, range(1, 6)))
    async with reading(settings, tmp_path, crm, rate=10):
        await eventually(is_answered(settings, 5))
    # On a busy machine the server sees the first request later than it was sent, by a tenth or so.
    assert crm.times[-1] - crm.times[0] >= 0.2


async def test_retry_after_is_kept(settings: Settings, tmp_path: Path, crm: FakeCrm) -> None:
    crm.failing.append(web.Response(status=429, headers={"Retry-After": "0.4"}))
    await ask(settings, ["1", "2"])
    async with reading(settings, tmp_path, crm):
        await eventually(are_delivered(settings, "1", "2"))
    assert crm.times[1] - crm.times[0] >= 0.2


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=500),
        web.Response(status=401),
        web.Response(body=b"<html>busy</html>"),
        web.Response(body=b'{"id": '),
        web.Response(status=302, headers={"Location": "http://example.com/"}),
    ],
    ids=["error", "unauthorised", "html", "cut off", "redirect"],
)
async def test_answer_at_fault_is_asked_for_again(
    settings: Settings, tmp_path: Path, crm: FakeCrm, answer: web.Response
) -> None:
    crm.failing.append(answer)
    await ask(settings, ["1"])
    async with reading(settings, tmp_path, crm):
        await eventually(are_delivered(settings, "1"))
    assert await letters(settings) == []


async def test_restart_in_the_middle_loses_nothing(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    ids = [str(number) for number in range(1, 11)]
    await ask(settings, ids)

    async def are_three_asked_for() -> bool:
        return len(crm.asked) >= 3

    async with reading(settings, tmp_path, crm, rate=20):
        await eventually(are_three_asked_for)
    assert len(crm.asked) < 10
    async with reading(settings, tmp_path, crm):
        await eventually(is_answered(settings, 10))
    assert {each["id"] for each in await delivered(settings)} == {*ids}
    # One at most was read and not answered yet.
    assert len(crm.asked) <= 11


async def test_crm_that_is_away_loses_nothing(settings: Settings, tmp_path: Path) -> None:
    async with fake_crm(records={"/v1/deals/1": deal(1)}) as gone:
        pass
    await ask(settings, ["1"])
    async with reading(settings, tmp_path, gone) as registry:
        labels = {"source": "crm", "outcome": "later"}

        async def has_failed() -> bool:
            return (registry.get_sample_value("sales_kpis_record_reads_total", labels) or 0) >= 2

        await eventually(has_failed)
    async with (
        fake_crm(records=gone.records) as back,
        reading(settings, tmp_path, back),
    ):
        await eventually(are_delivered(settings, "1"))


async def test_record_named_while_it_is_read_is_read_again(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    crm.hold.clear()
    await ask(settings, ["1"])

    async def is_asked_for() -> bool:
        return len(crm.asked) == 1

    async with reading(settings, tmp_path, crm) as registry:

        async def are_known() -> bool:
            waiting = {"source": "crm"}
            return registry.get_sample_value("sales_kpis_record_reads_waiting", waiting) == 2

        await eventually(is_asked_for)
        # That the other one is known says that the request before it is: one that came after the
        # answer might be read once more.
        await ask(settings, ["1", "2"])
        await eventually(are_known)
        crm.hold.set()
        await eventually(is_answered(settings, 2))

        async def is_read_twice() -> bool:
            return sorted(each["id"] for each in await delivered(settings)) == ["1", "1", "2"]

        await eventually(is_read_twice)
    assert sorted(crm.asked) == ["/v1/deals/1", "/v1/deals/1", "/v1/deals/2"]


async def test_record_that_is_gone_is_answered_without_a_delivery(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    await ask(settings, ["999"])
    async with reading(settings, tmp_path, crm):
        await eventually(is_answered(settings, 1))
    assert await delivered(settings) == []


async def test_record_that_is_refused_becomes_a_dead_letter(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    crm.records["/v1/deals/5"] = 400
    await ask(settings, ["5", "1"])
    async with reading(settings, tmp_path, crm):
        await eventually(is_answered(settings, 2))
    (letter,) = await letters(settings)
    assert (letter["source"], letter["rule"], letter["field"], letter["reason"]) == (
        "crm",
        "read deal 5",
        "id",
        "HTTP 400",
    )
    assert crm.asked.count("/v1/deals/5") == MOST_TRIES
    assert [each["id"] for each in await delivered(settings)] == ["1"]


async def test_record_that_is_too_large_becomes_a_dead_letter(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    crm.records["/v1/deals/5"] = {**deal(5), "notes": "x" * LARGEST_BYTES}
    await ask(settings, ["5", "1"])
    async with reading(settings, tmp_path, crm):
        await eventually(is_answered(settings, 2))
    (letter,) = await letters(settings)
    assert letter["reason"].endswith(f" bytes, more than {LARGEST_BYTES}")
    assert [each["id"] for each in await delivered(settings)] == ["1"]


async def test_records_of_an_account_without_a_token_wait(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    await ask(settings, ["1"])
    registry, found = CollectorRegistry(), sources(mapping(tmp_path, crm))
    task = asyncio.create_task(read_records(settings, found, registry, short_pauses))
    waiting = {"source": "crm"}

    async def is_known() -> bool:
        return registry.get_sample_value("sales_kpis_record_reads_waiting", waiting) == 1

    await eventually(is_known)
    await ended(task)
    async with reading(settings, tmp_path, crm):
        await eventually(are_delivered(settings, "1"))


async def test_record_of_a_source_that_is_no_more_is_a_dead_letter(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap) as producer:
        key, value = reads.write(ReadRequest(ReadKey("gone", "", "deal", "1"), 0))
        await producer.send_and_wait(topics.reads(settings), value, key, partition=0)
    async with reading(settings, tmp_path, crm):
        await eventually(is_answered(settings, 1))
    reasons = [each["reason"] for each in await letters(settings)]
    assert reasons == ["[api.read.deal] is missing: how such a record is read"]


@pytest.mark.parametrize(
    ("kind", "id_", "reason"),
    [
        ("deal", "../users/1", "the id '../users/1' of a deal does not match [0-9]{1,9}"),
        ("mail", "1", "[api.read.mail] is missing: how such a record is read"),
    ],
)
async def test_what_cannot_be_asked_for_is_a_dead_letter_and_no_request(
    settings: Settings, tmp_path: Path, crm: FakeCrm, kind: str, id_: str, reason: str
) -> None:
    await ask(settings, [id_], kind)
    async with reading(settings, tmp_path, crm):
        await eventually(is_answered(settings, 1))
    assert [each["reason"] for each in await letters(settings)] == [reason]
    assert crm.asked == []
