"""Merges and erasures without a topic are written once for leads and once for accounts."""

import asyncio
import json
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from streams.config.settings import Settings
from streams.operations.ingest import ingest
from streams.operations.replay import replay
from tests.gateway.samples import array, deal
from tests.gateway.sending import Sender
from tests.gateway.written import Found, Written

AT = b'"at":"2026-03-12T09:15:00Z"'
ERASED = b'{"id":"x","type":"subject.erased",%b,"subject":"a1"}' % AT
MERGED = b'{"id":"m","type":"subject.merged",%b,"subject":"a1","into":"a2"}' % AT
CREATED = b'{"id":"l","type":"lead.created","at":"2026-03-02T09:15:00Z","subject":"a1"}'
ISSUED = (
    b'{"id":"i","type":"invoice.issued","at":"2026-03-02T09:15:00Z","subject":"a1",'
    b'"invoice":"1","amount":"100","currency":"EUR","due":"2026-03-31"}'
)

NOW = 1_774_000_000_000  # 2026-03-20


def places(found: Iterable[Found], value: bytes) -> list[tuple[str, bytes]]:
    """Return topics and keys of the records with these bytes."""
    return sorted((record.topic, record.key) for record in found if record.value == value)


def march(lines: Iterable[bytes]) -> dict[str, object]:
    """Replay, and return the values of receivables and leads in March 2026, by scope."""
    values = {}
    for record in map(json.loads, replay(lines, Settings(now=NOW))):
        if record["window"] == "month" and record["start"].startswith("2026-03"):
            scope = "".join(f"|{name}={value}" for name, value in record["scope"].items())
            values[record["kpi"] + scope] = record["value"]
    return {
        name: values.get(name) for name in ("receivables", "receivables|account=a2", "lead_count")
    }


@pytest.mark.parametrize("event", [ERASED, MERGED])
async def test_event_without_topic_is_written_for_leads_and_accounts_and_accepted_once(
    sender: Sender, written: Written, event: bytes
) -> None:
    answer = await sender.post(array(event, deal(1)))
    assert (answer.status, answer.body) == (202, {"accepted": 2})
    found = await written.records()
    assert places(found, event) == [("crm.lead", b"a1"), ("crm.order", b"a1")]
    assert len(found) == 3
    assert len({record.partition for record in found if record.value == event}) == 1
    name = "sales_kpis_gateway_events_accepted_total"
    assert await sender.metric(f'{name}{{topic="crm.lead"}}') == 1
    assert await sender.metric(f'{name}{{topic="crm.order"}}') == 0


async def test_cloudevent_without_topic_is_written_for_leads_and_accounts(
    sender: Sender, written: Written
) -> None:
    event = {
        "specversion": "1.0",
        "id": "42",
        "source": "/crm",
        "type": "subject.erased",
        "subject": "a1",
        "time": "2026-03-12T09:15:00Z",
    }
    answer = await sender.post(json.dumps(event).encode(), "application/cloudevents+json")
    assert (answer.status, answer.body) == (202, {"accepted": 1})
    first, second = await written.records()
    assert {first.topic, second.topic} == {"crm.lead", "crm.order"}
    assert (first.key, first.value) == (second.key, second.value)


async def test_event_with_topic_is_written_there_alone(sender: Sender, written: Written) -> None:
    event = ERASED[:-1] + b',"topic":"crm.ticket"}'
    assert (await sender.post(event)).body == {"accepted": 1}
    (found,) = await written.records()
    assert (found.topic, found.value) == ("crm.ticket", event)


async def test_file_is_written_as_a_request_is(
    settings: Settings, written: Written, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join((ERASED, ISSUED, MERGED)))
    done = await asyncio.to_thread(ingest, path, settings, Console(file=StringIO()))
    assert (done.sent, done.rejected) == (3, 0)
    found = await written.records()
    for event in (ERASED, MERGED):
        assert places(found, event) == [("crm.lead", b"a1"), ("crm.order", b"a1")]
    assert places(found, ISSUED) == [("crm.invoice", b"a1")]


def test_replay_of_an_erasure_leaves_neither_lead_nor_account() -> None:
    before = {"receivables": "100.00", "receivables|account=a2": None, "lead_count": 1}
    assert march([CREATED, ISSUED]) == before
    gone = dict.fromkeys(before)
    assert march([CREATED, ISSUED, ERASED]) == gone
    assert march([ERASED, CREATED, ISSUED, ERASED]) == gone


def test_replay_of_a_merge_moves_lead_and_account() -> None:
    after = {"receivables": "100.00", "receivables|account=a2": "100.00", "lead_count": 1}
    assert march([CREATED, ISSUED, MERGED]) == after
