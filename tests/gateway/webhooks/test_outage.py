"""Kafka stops or is slow: what was accepted is there, and all others were asked to come again."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from streams.broker.embedded import EmbeddedKafka
from streams.config.settings import Settings
from streams.gateway.event_producer import DEADLINE_SECONDS
from tests.gateway.test_outage import until
from tests.gateway.webhooks.posting import Inbox, Reply, WebhookSender, webhooks

COUNT, TOGETHER = 400, 40


def is_stopped(group: int) -> bool:
    """Return whether no thread of a process, or of its children, runs any more."""
    leader = psutil.Process(group)
    states = [
        stat.read_text().rpartition(")")[2].split()[0]
        for each in (leader, *leader.children(recursive=True))
        for stat in Path(f"/proc/{each.pid}/task").glob("*/stat")
    ]
    return set(states) == {"T"}


@contextmanager
def standing_still(broker: EmbeddedKafka) -> Iterator[None]:
    """Let Kafka keep its connections and do nothing for the block."""
    assert broker._process is not None
    assert broker._process._process is not None
    group = broker._process._process.pid
    os.killpg(group, signal.SIGSTOP)
    try:
        # Its threads stop one after another; on a busy machine one may answer meanwhile.
        latest = time.monotonic() + 10
        while not is_stopped(group) and time.monotonic() < latest:
            time.sleep(0.01)
        yield
    finally:
        os.killpg(group, signal.SIGCONT)


async def is_accepted(hooks: WebhookSender) -> bool:
    """Return whether a webhook is accepted now."""
    return (await hooks.post("hubspot", b"[0]")).status == 200


@pytest.mark.parametrize("source", ["hubspot", "odoo"])
async def test_kafka_killed_half_way_costs_no_accepted_webhook(
    broker: EmbeddedKafka, sources_settings: Settings, source: str
) -> None:
    replies: dict[bytes, Reply] = {}
    async with webhooks(sources_settings) as hooks:
        # A consumer that loses its connection may fail as it closes: this one is closed before.
        async with Inbox.from_now_on(sources_settings) as inbox:
            pass

        async def send(number: int) -> None:
            body = f"[{number + 1}]".encode()
            replies[body] = await hooks.post(source, body)

        for begin in range(0, COUNT, TOGETHER):
            sending = asyncio.gather(*map(send, range(begin, begin + TOGETHER)))
            if begin == COUNT // 2:
                await asyncio.to_thread(broker.kill)
            await sending
        await asyncio.to_thread(broker.start)
        await until(lambda: is_accepted(hooks))
        async with Inbox.from_now_on(sources_settings) as later:
            later.since(inbox)
            kept = {*await later.bodies()}
        accepted = {body for body, reply in replies.items() if reply.status == 200}
        others = [reply for reply in replies.values() if reply.status != 200]
        assert accepted
        assert accepted <= kept
        assert others
        assert {reply.status for reply in others} == {503}
        assert all(int(reply.headers["Retry-After"]) > 0 for reply in others)


async def test_answer_comes_within_the_senders_deadline_and_the_write_goes_on(
    broker: EmbeddedKafka, hooks: WebhookSender, inbox: Inbox
) -> None:
    await hooks.post("odoo", b"[1]")
    with standing_still(broker):
        begun = time.monotonic()
        replies = await asyncio.gather(hooks.post("odoo", b"[2]"), hooks.post("amocrm", b"a=3"))
        took = time.monotonic() - begun
        assert [reply.status for reply in replies] == [503, 503]
        assert 0.8 <= took < 1.9
    async with asyncio.timeout(10):
        while len(found := await inbox.bodies()) < 3:
            await asyncio.sleep(0.05)
    assert {*found} == {b"[1]", b"[2]", b"a=3"}
    assert await hooks.outcome("odoo", "later") == 1
    # It is in the inbox after all: nothing has to be read again.
    assert await hooks.sender.metric(AT_RISK.format("odoo")) == 0


AT_RISK = 'sales_kpis_gateway_webhooks_at_risk_total{{source="{}"}}'
FROM = 'sales_kpis_gateway_webhook_reconcile_from_timestamp_seconds{{source="{}"}}'


async def test_outage_of_a_source_that_never_repeats_says_from_when_to_read_it(
    broker: EmbeddedKafka, hooks: WebhookSender, caplog: pytest.LogCaptureFixture
) -> None:
    await hooks.post("odoo")
    broker.kill()
    begun = time.time()
    try:
        assert {(await hooks.post("odoo")).status for _ in range(3)} == {503}
        assert (await hooks.post("hubspot")).status == 503
    finally:
        await asyncio.to_thread(broker.start)
    assert await hooks.sender.metric(AT_RISK.format("odoo")) == 3
    since = await hooks.sender.metric(FROM.format("odoo"))
    assert begun - 0.001 <= since <= begun + DEADLINE_SECONDS
    # HubSpot sends again for a day.
    assert await hooks.sender.metric(AT_RISK.format("hubspot")) == 0

    async def odoo_is_accepted() -> bool:
        return (await hooks.post("odoo")).status == 200

    await until(odoo_is_accepted)
    lines = [each.getMessage() for each in caplog.records if "odoo" in each.getMessage()]
    assert len(lines) == 2
    assert lines[0].startswith("odoo: what it sends is not kept since ")
    assert "requests from" in lines[1]
    assert "sends nothing twice: sales-kpis sources pull odoo --since " in lines[1]


async def test_last_delivery_is_known_by_source(hooks: WebhookSender) -> None:
    name = 'sales_kpis_gateway_webhook_last_timestamp_seconds{source="odoo"}'
    assert await hooks.sender.metric(name) == 0
    before = time.time()
    await hooks.post("odoo")
    assert before - 0.001 <= await hooks.sender.metric(name) <= time.time()
