"""A webhook that only names a record becomes the record's events, through the real process."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from streams.config.settings import Settings
from streams.sources.delivery import Delivery
from tests.installation.installed import eventually
from tests.sources.fake_crm import deal, fake_crm, mapping
from tests.translation.acme import deliver, written
from tests.translation.processes import translating


async def test_thin_webhook_becomes_the_events_of_its_record(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALES_KPIS_API_TOKEN_CRM", "t0ken-of-the-api")
    async with fake_crm(records={"/v1/deals/7": deal(7, "won")}) as crm:
        folder = tmp_path / "sources"
        folder.mkdir()
        used = replace(settings, sources=mapping(folder, crm))
        await deliver(used, [Delivery("crm", "", {}, {}, b'{"named": "7"}', 0)] * 3)

        async def is_written() -> bool:
            return bool(await written(used))

        with translating(used, tmp_path) as processes:
            processes.start()
            await eventually(is_written)
            assert "t0ken-of-the-api" not in processes.logs()
        (event,) = set(await written(used))
    found = json.loads(event)
    assert (found["deal"], found["stage"], found["amount"]) == ("7", "won", "10.50")
