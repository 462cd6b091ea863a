"""The current alerts, as lines and as a gauge, from a real Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import orjson
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from streams.config.declaration import BadSetting
from streams.config.settings import Settings
from streams.output.alerts import AlertCollector, alerts
from tests.output.writing import Writer

LEAD, DEAL = "lead_unanswered", "opportunity_stale"


def record(kind: str, subject: str, rep: str) -> bytes:
    return orjson.dumps({"kind": kind, "subject": subject, "rep": rep})


async def write(writer: Writer, *records: tuple[str, bytes | None]) -> None:
    """Write alerts in one transaction."""
    async with writer.producer.transaction():
        for key, value in records:
            await writer.producer.send_and_wait("sales.alerts", value, key.encode(), partition=1)


async def lines(found: AsyncIterator[bytes]) -> list[bytes]:
    async with asyncio.timeout(30):
        return [line async for line in found]


async def test_current_alerts_of_a_rep_are_sorted_by_key(
    settings: Settings, writer: Writer, rep: str
) -> None:
    first, second = (record(kind, rep, rep) for kind in (LEAD, DEAL))
    ended = f"{LEAD}|{rep}-ended"
    await write(
        writer,
        (f"{DEAL}|{rep}", second),
        (f"{LEAD}|{rep}", first),
        (ended, record(LEAD, rep, rep)),
        (ended, None),
        (f"{LEAD}|{rep}-else", record(LEAD, f"{rep}-else", "somebody")),
    )
    assert await lines(alerts(settings, rep=rep)) == [first, second]
    assert await lines(alerts(settings, rep=rep, kind=DEAL)) == [second]


async def test_following_yields_changes_and_tombstones(
    settings: Settings, writer: Writer, rep: str
) -> None:
    key = f"{LEAD}|{rep}"
    mine, others = record(LEAD, rep, rep), record(LEAD, rep, "somebody")
    await write(writer, (key, mine))
    followed = alerts(settings, rep=rep, follow=True)
    async with asyncio.timeout(30), aclosing(followed):
        assert await anext(followed) == mine
        await write(writer, (key, others), (key, mine), (key, None))
        ended = {"kind": LEAD, "subject": rep, "tombstone": True}
        assert orjson.loads(await anext(followed)) == ended
        assert await anext(followed) == mine
        assert orjson.loads(await anext(followed)) == ended


async def test_unknown_kind_is_refused() -> None:
    with pytest.raises(BadSetting, match="there is no kind of alert 'late'; known: churn_risk, "):
        await lines(alerts(Settings(), kind="late"))


def test_gauge_counts_current_alerts_of_every_kind() -> None:
    collector, registry = AlertCollector(), CollectorRegistry()
    registry.register(collector)
    for key in (f"{LEAD}|lead-1", f"{LEAD}|lead-2", f"{DEAL}|lead-3/deal-3"):
        collector.update(key, b"{}")
        collector.update(key, b'{"again":1}')
    collector.update(f"{LEAD}|lead-2", None)
    collector.update(f"{LEAD}|never-there", None)
    shown = generate_latest(registry).decode().splitlines()
    assert 'sales_kpis_alerts{kind="lead_unanswered"} 1.0' in shown
    assert 'sales_kpis_alerts{kind="opportunity_stale"} 1.0' in shown
    assert 'sales_kpis_alerts{kind="invoice_overdue"} 0.0' in shown
