"""A verified webhook is in the inbox before its sender is told so, as it came."""

import asyncio
import gzip
import time
from dataclasses import replace

import pytest

from streams.config.settings import Settings
from streams.gateway.webhooks.replay_memory import KEPT_MS
from tests.gateway.webhooks.posting import (
    BODY,
    SECRETS,
    Inbox,
    WebhookSender,
    webhooks,
)


async def test_accepted_webhook_is_in_the_inbox(hooks: WebhookSender, inbox: Inbox) -> None:
    before = time.time_ns() // 1_000_000
    assert (await hooks.post("hubspot")).status == 200
    (received,) = await inbox.received()
    delivery = received.delivery
    assert (delivery.source, delivery.label, delivery.body) == ("hubspot", "", BODY)
    assert before <= delivery.received <= time.time_ns() // 1_000_000
    assert received.mapping


async def test_label_of_the_address_goes_along(hooks: WebhookSender, inbox: Inbox) -> None:
    assert (await hooks.post("hubspot", label="eu-1")).status == 200
    assert [each.delivery.label for each in await inbox.received()] == ["eu-1"]


@pytest.mark.parametrize("label", ["a/b", "%20", "é", "x" * 65, "..%2fx", "-a"])
async def test_label_that_could_be_anything_is_not_found(hooks: WebhookSender, label: str) -> None:
    async with hooks.session.post(f"{hooks.url}/webhooks/hubspot/{label}") as response:
        assert response.status == 404


async def test_token_of_the_address_is_not_kept(hooks: WebhookSender, inbox: Inbox) -> None:
    signed = hooks.signed("odoo")
    other = signed._replace(target=f"{signed.target}&db=north&db=south&empty=")
    assert (await hooks.send(other)).status == 200
    (received,) = await inbox.received()
    assert received.delivery.query == {"db": "north", "empty": ""}


async def test_live_tokens_of_the_body_are_not_kept(hooks: WebhookSender, inbox: Inbox) -> None:
    (secret,) = SECRETS["bitrix24"]
    form = f"event=ONCRMDEALUPDATE&data[FIELDS][ID]=7&auth[application_token]={secret}"
    body = f"{form}&auth%5Baccess_token%5D=alive&ts=1795000000".encode()
    assert (await hooks.send(hooks.signed("bitrix24", b"")._replace(body=body))).status == 200
    assert await inbox.bodies() == [b"event=ONCRMDEALUPDATE&data[FIELDS][ID]=7&ts=1795000000"]


async def test_amounts_beside_a_stripped_token_keep_their_digits(
    hooks: WebhookSender, inbox: Inbox
) -> None:
    (secret,) = SECRETS["aircall"]
    body = f'{{"amount":12345678901234567.890,"token":"{secret}"}}'.encode()
    assert (await hooks.send(hooks.signed("aircall", b"{}")._replace(body=body))).status == 200
    assert await inbox.bodies() == [b'{"amount":12345678901234567.890}']


async def test_headers_are_kept_as_the_mapping_file_lists_them(
    sources_settings: Settings,
) -> None:
    settings = replace(sources_settings, secrets={"shopify": ("a-secret-of-shopify-alone",)})
    async with webhooks(settings) as hooks, Inbox.from_now_on(settings) as inbox:
        signed = hooks.signed("shopify", b"{}")
        others = (("x-shopify-topic", "orders/paid"), ("cookie", "a=b"))
        sent = signed._replace(headers=(*signed.headers, *others))
        assert (await hooks.send(sent)).status == 200
        (received,) = await inbox.received()
        assert received.delivery.headers == {"x-shopify-topic": "orders/paid"}


async def test_compressed_body_is_verified_and_kept_uncompressed(
    hooks: WebhookSender, inbox: Inbox
) -> None:
    signed = hooks.signed("odoo")
    headers = (("content-encoding", "gzip"),)
    sent = signed._replace(body=gzip.compress(BODY), headers=headers)
    assert (await hooks.send(sent)).status == 200
    assert await inbox.bodies() == [BODY]


async def test_largest_body_is_kept_whole(hooks: WebhookSender, inbox: Inbox) -> None:
    body = b'"' + b"x" * (4 * 1024 * 1024 - 2) + b'"'
    assert (await hooks.post("odoo", body)).status == 200
    assert await inbox.bodies() == [body]


@pytest.mark.parametrize("key", ["ab" * 32, "cd" * 32 + "," + "ab" * 32])
async def test_encrypted_inbox_gives_back_what_came(sources_settings: Settings, key: str) -> None:
    settings = replace(sources_settings, inbox_key=key)
    async with webhooks(settings) as hooks, Inbox.from_now_on(settings) as inbox:
        assert (await hooks.post("odoo")).status == 200
        assert await inbox.bodies() == [BODY]


async def test_rotated_key_still_reads_what_the_old_one_encrypted(
    sources_settings: Settings,
) -> None:
    old = replace(sources_settings, inbox_key="ab" * 32)
    new = replace(sources_settings, inbox_key="cd" * 32 + "," + "ab" * 32)
    async with Inbox.from_now_on(new) as inbox:
        for settings, body in ((old, b"[1]"), (new, b"[2]")):
            async with webhooks(settings) as hooks:
                assert (await hooks.post("odoo", body)).status == 200
        assert await inbox.bodies() == [b"[1]", b"[2]"]


async def test_new_and_old_secret_are_valid_while_one_replaces_the_other(
    sources_settings: Settings, inbox: Inbox
) -> None:
    (secret,) = SECRETS["hubspot"]
    both = replace(sources_settings, secrets={"hubspot": ("the-new-secret-of-hubspot", secret)})
    async with webhooks(sources_settings) as old, webhooks(both) as new:
        assert (await new.send(old.signed("hubspot"))).status == 200
        assert (await new.post("hubspot")).status == 200
        assert (await old.send(new.signed("hubspot"))).status == 401
    assert len(await inbox.bodies()) == 2


async def test_copy_of_what_is_signed_without_a_time_is_kept_once(
    hooks: WebhookSender, inbox: Inbox
) -> None:
    body = b'{"event-data":{"id":"m1","event":"clicked"}}'
    signed = hooks.signed("mailgun", body)
    assert [(await hooks.send(signed)).status for _ in range(3)] == [200, 200, 200]
    assert len(await inbox.bodies()) == 1
    assert await hooks.outcome("mailgun", "accepted") == 1
    assert await hooks.outcome("mailgun", "repeated") == 2


async def test_sender_that_does_not_wait_loses_nothing(hooks: WebhookSender, inbox: Inbox) -> None:
    host, port = hooks.url.removeprefix("http://").split(":")
    count = 50
    for number in range(count):
        body = f'{{"_id":{number}}}'.encode()
        signed = hooks.signed("odoo", body)
        head = f"POST {signed.target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()
    async with asyncio.timeout(10):
        while len(found := await inbox.bodies()) < count:
            await asyncio.sleep(0.05)
    assert {*found} == {f'{{"_id":{number}}}'.encode() for number in range(count)}


async def test_fixed_clock_of_the_settings_is_the_clock_of_signatures(
    sources_settings: Settings, inbox: Inbox
) -> None:
    long_ago = 1_795_000_000_000 - 2 * KEPT_MS
    async with webhooks(replace(sources_settings, now=long_ago)) as hooks:
        assert (await hooks.send(hooks.signed("hubspot", now=long_ago))).status == 200
    assert [each.delivery.received for each in await inbox.received()] == [long_ago]
