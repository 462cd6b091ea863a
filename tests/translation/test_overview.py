"""The overview of sources, samples, and what doctor and status say of the inbox."""

from dataclasses import replace
from pathlib import Path

import pytest

from streams.config.settings import Settings
from streams.operations.sources.backlog import backlog
from streams.operations.sources.health import check_sources_and_inbox
from streams.operations.sources.overview import Overview, SourceState, overview
from streams.operations.sources.send import CannotSend, Sample, post, signed
from tests.gateway.webhooks.posting import webhooks
from tests.translation.acme import change, deliver, deliveries, delivery, with_mapping, written
from tests.translation.by_task import translate_all
from tests.translation.processes import translating

SECRETS = {"acme": ("a-secret-of-the-acme-that-nobody-knows",)}
SAMPLE = Sample(delivery([change(1), change(4)]).body, "application/json")


def with_acme(settings: Settings, folder: Path) -> Settings:
    """Settings under which the CRM of the tests is on."""
    return replace(with_mapping(settings, folder / "sources"), secrets=SECRETS)


def of_acme(found: Overview) -> SourceState:
    """What the overview has about the CRM of the tests."""
    (state,) = [each for each in found.sources if each.name == "acme"]
    return state


async def test_sample_that_is_sent_becomes_events_and_is_in_the_overview(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_acme(settings, tmp_path)
    async with webhooks(used) as sender:
        answer = await post(signed(used, "acme", "north", SAMPLE), sender.url)
        assert (answer.status, "token" in answer.url) == (200, False)
        refused = await post(
            signed(used, "acme", "", SAMPLE)._replace(target="/webhooks/acme"), sender.url
        )
        assert refused.status == 401
        await translate_all(used)
        found = await overview(used, sender.url)
    assert len(await written(used)) == 2
    acme = of_acme(found)
    assert (acme.is_on, acme.has_token, acme.address) == (
        True,
        True,
        f"{sender.url}/webhooks/acme",
    )
    assert (acme.accepted, acme.refused, acme.unkept, acme.unmapped) == (1, 1, 0, 0)
    assert acme.last is not None
    assert (found.waiting, found.gateway_problem) == (0, None)
    assert SECRETS["acme"][0] not in repr(found)


async def test_overview_without_a_gateway_has_what_kafka_has(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_acme(settings, tmp_path)
    await deliver(used, [*deliveries(0, 3), delivery([change(1, stage="odd")])])
    await translate_all(used)
    await deliver(used, deliveries(3, 2))
    found = await overview(used, "http://127.0.0.1:9")
    acme = of_acme(found)
    assert (acme.accepted, acme.unmapped, found.waiting) == (None, 1, 2)
    assert acme.last is not None
    assert found.gateway_problem is not None


async def test_source_without_a_secret_is_off(settings: Settings, tmp_path: Path) -> None:
    found = await overview(with_mapping(settings, tmp_path / "sources"), "http://127.0.0.1:9")
    assert not any(each.is_on for each in found.sources)


def test_sample_of_a_source_that_is_off_names_the_setting(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_mapping(settings, tmp_path / "sources")
    with pytest.raises(CannotSend, match="acme is off: set SALES_KPIS_SECRET_ACME here and"):
        signed(used, "acme", "", SAMPLE)


async def test_doctor_says_that_nobody_translates(settings: Settings, tmp_path: Path) -> None:
    used = with_acme(settings, tmp_path)
    await deliver(used, deliveries(0, 5))
    found = {each.what: each.verdict for each in await check_sources_and_inbox(used)}
    assert found == {
        "sources that are on: acme": "ok",
        "no process translates webhooks into events: 5 deliveries wait in the inbox": "WRONG",
    }
    assert await backlog(used) == 5


async def test_doctor_names_sources_with_items_that_were_not_translated(
    settings: Settings, tmp_path: Path
) -> None:
    used = with_acme(settings, tmp_path)
    await deliver(used, [delivery([change(1, stage="odd"), change(2, stage="odder")])])
    with translating(used, tmp_path) as processes:
        processes.start()
        await processes.translated()
        found = {each.what: each.verdict for each in await check_sources_and_inbox(used)}
    assert found == {
        "sources that are on: acme": "ok",
        "all webhooks in the inbox are translated": "ok",
        "2 items of acme could not be translated": "look",
    }


async def test_doctor_has_nothing_to_report_where_there_are_no_webhooks(
    settings: Settings,
) -> None:
    assert await check_sources_and_inbox(settings) == []


async def test_doctor_reports_a_mapping_file_with_a_mistake(
    settings: Settings, tmp_path: Path
) -> None:
    used = replace(
        with_mapping(settings, tmp_path / "sources", 'source = "acme"\nodd = 1\n'), secrets=SECRETS
    )
    (found,) = await check_sources_and_inbox(used)
    assert found.verdict == "WRONG"
    assert "acme.toml" in found.what
