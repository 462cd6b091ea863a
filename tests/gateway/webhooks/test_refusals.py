"""What is not verified is refused, counted and not kept; the codes are those of its sender."""

import asyncio
import logging
from dataclasses import replace

import pytest

from streams.config.declaration import BadSetting
from streams.config.settings import Settings
from streams.gateway.webhooks.endpoints import endpoints
from streams.sources.delivery import Webhook
from tests.gateway.sending import TOKEN
from tests.gateway.webhooks.posting import BODY, SECRETS, Inbox, WebhookSender, webhooks


@pytest.mark.parametrize("path", ["stripe", "nowhere", "hubspot/a/b", ""])
async def test_source_without_a_secret_is_not_there(hooks: WebhookSender, path: str) -> None:
    async with hooks.session.post(f"{hooks.url}/webhooks/{path}", data=b"{}") as response:
        assert (response.status, await response.json()) == (404, {"error": "Not Found"})


UNSIGNED = Webhook("hubspot", "", "POST", "/webhooks/hubspot", (), BODY, 0)


async def test_without_any_secret_there_are_no_webhooks(settings: Settings) -> None:
    async with webhooks(settings) as hooks:
        assert (await hooks.send(UNSIGNED)).status == 404


async def test_unverified_request_is_counted_and_not_kept(
    hooks: WebhookSender, inbox: Inbox
) -> None:
    signed = hooks.signed("hubspot")
    reply = await hooks.send(signed._replace(body=BODY + b" "))
    assert reply.status == 401
    assert b"not verified" in reply.body
    assert await inbox.bodies() == []
    assert await hooks.outcome("hubspot", "unverified") == 1
    kinds = "sales_kpis_gateway_webhooks_unverified_total"
    assert await hooks.sender.metric(f'{kinds}{{kind="mismatch",source="hubspot"}}') == 1


async def test_refusal_is_logged_once_in_a_while_with_its_kind(
    hooks: WebhookSender, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        await hooks.send(hooks.signed("hubspot")._replace(headers=()))
    lines = [each.getMessage() for each in caplog.records if "was refused" in each.getMessage()]
    assert len(lines) == 1
    assert lines[0].startswith("hubspot: a request was refused: missing: ")


async def test_body_that_cannot_be_read_for_its_token_is_broken(hooks: WebhookSender) -> None:
    reply = await hooks.send(hooks.signed("aircall", b"{}")._replace(body=b'{"token":'))
    assert reply.status == 400


async def test_mailgun_is_stopped_from_repeating_what_is_broken(hooks: WebhookSender) -> None:
    reply = await hooks.send(hooks.signed("mailgun", b"{}")._replace(body=b'{"signature":'))
    assert reply.status == 406


async def test_method_without_events_is_refused_with_those_that_have_some(
    hooks: WebhookSender,
) -> None:
    reply = await hooks.send(hooks.signed("odoo"), "PUT")
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")


async def test_too_large_body_is_refused_and_counted(hooks: WebhookSender) -> None:
    reply = await hooks.post("odoo", b"x" * (4 * 1024 * 1024 + 1))
    assert reply.status == 413
    assert await hooks.outcome("odoo", "unreadable") == 1


async def test_set_up_request_is_answered_and_not_kept(hooks: WebhookSender, inbox: Inbox) -> None:
    (secret,) = SECRETS["meta"]
    query = f"hub.mode=subscribe&hub.verify_token={secret}&hub.challenge=1158201444"
    async with hooks.session.get(f"{hooks.url}/webhooks/meta?{query}") as response:
        assert (response.status, await response.read()) == (200, b"1158201444")
        assert response.headers["Content-Type"] == "text/plain"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    wrong = query.replace(secret, "guessed")
    async with hooks.session.get(f"{hooks.url}/webhooks/meta?{wrong}") as response:
        assert response.status == 401
    assert await inbox.bodies() == []
    assert await hooks.outcome("meta", "handshake") == 1


async def test_too_many_requests_of_a_source_that_repeats_are_limited(
    sources_settings: Settings, inbox: Inbox
) -> None:
    async with webhooks(replace(sources_settings, webhook_rate=1)) as hooks:
        replies = [await hooks.post("hubspot") for _ in range(12)]
        statuses = [reply.status for reply in replies]
        assert statuses.count(200) in (10, 11)
        assert {*statuses} == {200, 429}
        assert int(replies[-1].headers["Retry-After"]) > 0
        assert (await hooks.post("meta", b"{}")).status == 200
        assert {(await hooks.post("odoo")).status for _ in range(12)} == {200}
        assert await hooks.outcome("hubspot", "limited") == statuses.count(429)
    assert len(await inbox.bodies()) == statuses.count(200) + 13


async def test_unverified_requests_use_up_nothing_of_the_limit(sources_settings: Settings) -> None:
    async with webhooks(replace(sources_settings, webhook_rate=1)) as hooks:
        forged = hooks.signed("hubspot")._replace(body=b"[]")
        assert {(await hooks.send(forged)).status for _ in range(20)} == {401}
        assert (await hooks.post("hubspot")).status == 200


@pytest.mark.parametrize(
    ("secrets", "complaint"),
    [
        ({"hubspt": ("a-secret-that-is-long-enough",)}, "SECRET_HUBSPT: there is no such source"),
        ({"hubspot": ("short",)}, "SECRET_HUBSPOT: secret 1 of 1: has 5 characters"),
        ({"twilio": ("a-secret-that-is-long-enough",)}, "which is not known; set SALES_KPIS_PUBL"),
    ],
)
def test_secret_that_is_of_no_use_stops_the_start(
    secrets: dict[str, tuple[str, ...]], complaint: str
) -> None:
    with pytest.raises(BadSetting, match=complaint) as refused:
        endpoints(Settings(secrets=secrets))
    assert "short" not in str(refused.value)


async def raw(host: str, port: int, request: bytes) -> bytes:
    """Send bytes and return what comes back until the connection is closed."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(request)
    async with asyncio.timeout(15):
        found = await reader.read()
    writer.close()
    return found


async def test_no_secret_is_in_a_log_a_metric_or_an_answer(
    hooks: WebhookSender, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (secret,) = SECRETS["odoo"]
    for target in ("odoo", "amocrm", "nowhere", "odoo/-", "odoo/north"):
        for method in ("POST", "GET", "PUT", "OPTIONS", "HEAD"):
            address = f"{hooks.url}/webhooks/{target}?token={secret}"
            async with hooks.session.request(method, address, data=b"{") as response:
                shown = f"{response.headers} {await response.text()}"
                assert secret not in shown
    host, port = hooks.url.removeprefix("http://").split(":")
    for request in (
        f"POST /webhooks/odoo?token={secret} HTTP/9.9\r\n\r\n",
        f"POST /webhooks/odoo?token={secret} HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        f"POST /webhooks/odoo?token={secret}\r\n\r\n",
    ):
        await raw(host, int(port), request.encode())
    _, metrics = await hooks.sender.get("/metrics", Authorization="Bearer " + TOKEN)
    assert "sales_kpis_gateway_webhooks_total" in metrics
    assert secret not in metrics
    assert secret not in caplog.text
