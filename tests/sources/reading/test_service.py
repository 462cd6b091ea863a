"""Records that webhooks name are read from a fake CRM, with a real Kafka."""

from pathlib import Path

import pytest
from aiohttp import web

from streams.config.settings import Settings
from tests.installation.installed import eventually
from tests.sources.fake_crm import FakeCrm, deal, fake_crm
from tests.sources.reading.reading import (
    are_delivered,
    are_waiting,
    ask,
    delivered,
    is_answered,
    letters,
    reading,
)


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
        await eventually(is_asked_for)
        # That the other one is known says that the request before it is: one that came after the
        # answer might be read once more.
        await ask(settings, ["1", "2"])
        await eventually(are_waiting(registry, 2))
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


async def test_records_of_an_account_without_a_token_wait(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    await ask(settings, ["1"])
    async with reading(settings, tmp_path, crm, tokens={}) as registry:
        await eventually(are_waiting(registry, 1))
    async with reading(settings, tmp_path, crm):
        await eventually(are_delivered(settings, "1"))
