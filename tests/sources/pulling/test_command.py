"""The command `sales-kpis sources pull`."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli import main
from streams.config.settings import Settings
from tests.sources.fake_crm import FakeCrm, deal, fake_crm, mapping


async def run(settings: Settings, folder: Path, crm: FakeCrm, *options: str) -> Result:
    """Run the command beside the server."""
    environment = {
        "SALES_KPIS_BOOTSTRAP": settings.bootstrap,
        "SALES_KPIS_APP": settings.app,
        "SALES_KPIS_PARTITIONS": str(settings.partitions),
        "SALES_KPIS_SOURCES": str(mapping(folder, crm)),
        "SALES_KPIS_API_TOKEN_CRM": "t0ken",
    }
    words = ["sources", "pull", "crm", *options]
    return await asyncio.to_thread(CliRunner().invoke, main, words, env=environment)


async def test_command_counts_what_it_had_to_repair(settings: Settings, tmp_path: Path) -> None:
    async with fake_crm(pages={"/v1/deals": {"items": [deal(1)]}}) as crm:
        first = await run(settings, tmp_path, crm, "--since", "2026-05-01T00:00:00Z")
        again = await run(settings, tmp_path, crm, "--since", "30d")
    of = "1 records have changed: of their 1 events"
    assert (first.exit_code, first.output) == (
        0,
        f"{of} 1 were missing or differed: 1 deal.changed\n",
    )
    assert (again.exit_code, again.output) == (0, f"{of} 0 were missing or differed\n")


async def test_record_that_cannot_be_translated_is_an_exit_code_of_1(
    settings: Settings, tmp_path: Path
) -> None:
    bad = {**deal(1), "amount": "ten"}
    async with fake_crm(pages={"/v1/deals": {"items": [bad]}}) as crm:
        found = await run(settings, tmp_path, crm)
    assert found.exit_code == 1
    assert "deal, read, amount: " in found.output


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--every", "15"), "'15' is no period; write one such as 15m or 1h"),
        (("--since", "soon"), "or 90m, 12h, 3d ago"),
    ],
)
async def test_option_that_cannot_be_read_is_explained(
    settings: Settings, tmp_path: Path, options: tuple[str, ...], reason: str
) -> None:
    async with fake_crm() as crm:
        found = await run(settings, tmp_path, crm, *options)
    assert found.exit_code == 2
    assert reason in found.output


async def test_crm_that_refuses_is_one_line(settings: Settings, tmp_path: Path) -> None:
    async with fake_crm(pages={"/v1/deals": 403}) as crm:
        found = await run(settings, tmp_path, crm)
    assert found.exit_code == 1
    assert found.output == (
        "Error: crm: list of deal: HTTP 403: is the token valid, and may it read this?\n"
    )
