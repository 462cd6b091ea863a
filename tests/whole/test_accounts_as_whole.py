"""Accounts erased and merged without a topic, over HTTP and by file, on a real Kafka."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from streams.config.settings import Settings
from streams.operations.ingest import ingest
from streams.wiring.core import build_core
from tests.gateway.sending import TOKEN, gateway
from tests.installation.installed import event, installed, output
from tests.installation.tasks import hands

AT = "2026-05-12T00:00:00Z"
ISSUED = event(
    1,
    "invoice.issued",
    subject="a1",
    invoice="1",
    amount="100",
    currency="EUR",
    due="2026-05-31",
)
CREATED = event(2, subject="a1")
COMPLAINT = event(3, "ticket.opened", subject="a1", ticket="1") | {"kind": "complaint"}
ACCOUNT = event(4, "account.set", account="a2", rep="bob")
ERASED = event(5, "subject.erased", subject="a1", at=AT)
MERGED = event(6, "subject.merged", subject="a1", into="a2", at=AT)
Send = Callable[[Settings, list[dict[str, Any]], Path], Awaitable[int]]


@pytest.fixture
async def settings(kafka: str) -> Settings:
    """A fresh installation of two shards, in June 2026."""
    return replace(await installed(kafka), token=TOKEN)


async def over_http(settings: Settings, events: list[dict[str, Any]], _folder: Path) -> int:
    """Post events; return the number accepted."""
    async with gateway(settings) as sender:
        accepted: int = (await sender.post(json.dumps(events).encode())).body["accepted"]
    return accepted


async def by_file(settings: Settings, events: list[dict[str, Any]], folder: Path) -> int:
    """Ingest a file of events; return the number sent."""
    path = folder / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, events)))
    done = await asyncio.to_thread(ingest, path, settings, Console(file=StringIO()))
    return done.sent


@pytest.mark.parametrize("send", [over_http, by_file])
async def test_erased_account_owes_nothing_and_its_lead_is_gone(
    settings: Settings, tmp_path: Path, send: Send
) -> None:
    assert await send(settings, [ISSUED, CREATED, COMPLAINT], tmp_path) == 3
    before = {"receivables|all": "100.00", "lead_count|all": 1, "complaints|all": 1}
    found = await may(settings)
    assert {key: found.get(key) for key in before} == before
    assert await send(settings, [ERASED, ERASED], tmp_path) == 2
    found = await may(settings)
    assert [key for key in before if key in found] == []


@pytest.mark.parametrize("send", [over_http, by_file])
async def test_merged_account_owes_and_complains_as_its_survivor(
    settings: Settings, tmp_path: Path, send: Send
) -> None:
    assert await send(settings, [ACCOUNT, ISSUED, CREATED, COMPLAINT, MERGED], tmp_path) == 5
    found = await may(settings)
    assert found["receivables|all"] == "100.00"
    assert found["receivables|account=a2"] == "100.00"
    assert "receivables|account=a1" not in found
    assert found["complaints|rep=bob"] == found["lead_count|all"] == 1
    assert found["receivables|rep=bob"] == "100.00"


async def test_survivor_has_the_rep_of_the_account_merged_into_it(
    settings: Settings, tmp_path: Path
) -> None:
    known = event(7, "account.set", account="a1", rep="bob")
    issued = ISSUED | {"id": "8", "subject": "a2"}
    assert await by_file(settings, [known, issued, MERGED], tmp_path) == 3
    found = await may(settings)
    assert found["receivables|rep=bob"] == found["receivables|account=a2"] == "100.00"


async def may(settings: Settings) -> dict[str, Any]:
    """Process everything; return the values of May 2026 by KPI and scope."""
    async with hands(settings) as own:
        await own.settle(build_core(settings))
    return {
        key.partition("|month|")[0]: body["value"]
        for key, body in (await output(settings)).items()
        if "|month|2026-05" in key
    }
