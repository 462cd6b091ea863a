"""What a CRM refuses, or what cannot be asked for, becomes a dead letter and holds up nothing."""

from pathlib import Path

import pytest

from streams.config.settings import Settings
from streams.operations.sources.reading.account_reader import LARGEST_BYTES, MOST_TRIES
from tests.installation.installed import eventually
from tests.sources.fake_crm import FakeCrm, deal
from tests.sources.reading.reading import ask, delivered, is_answered, letters, reading


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


async def test_record_of_a_source_that_is_no_more_is_a_dead_letter(
    settings: Settings, tmp_path: Path, crm: FakeCrm
) -> None:
    await ask(settings, ["1"], source="gone")
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
