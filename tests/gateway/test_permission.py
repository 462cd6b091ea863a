"""The validation request of CloudEvents' webhooks is answered, to senders with the token."""

import pytest
from multidict import CIMultiDict

from tests.gateway.sending import TOKEN, Sender

ORIGIN = "WebHook-Request-Origin", "eventemitter.example.com"
RATE = "WebHook-Request-Rate", "120"
CALLBACK = "WebHook-Request-Callback", "http://127.0.0.1:1/confirm"
AUTHORIZATION = "Authorization", f"Bearer {TOKEN}"


async def options(sender: Sender, *headers: tuple[str, str]) -> tuple[int, dict[str, str]]:
    """Send OPTIONS; return the status and the headers that matter."""
    async with sender.session.options(
        f"{sender.url}/events", headers=CIMultiDict(headers)
    ) as response:
        kept = ("Allow", "WebHook-Allowed-Origin", "WebHook-Allowed-Rate")
        return response.status, {
            name: response.headers[name] for name in kept if name in response.headers
        }


@pytest.mark.parametrize("more", [[], [RATE], [RATE, CALLBACK]])
async def test_a_sender_with_the_token_is_permitted(
    sender: Sender, more: list[tuple[str, str]]
) -> None:
    assert await options(sender, AUTHORIZATION, ORIGIN, *more) == (
        200,
        {
            "Allow": "POST",
            "WebHook-Allowed-Origin": "eventemitter.example.com",
            "WebHook-Allowed-Rate": "*",
        },
    )


async def test_without_the_token_nobody_is_permitted(sender: Sender) -> None:
    assert await options(sender, ORIGIN, RATE) == (401, {})
    assert await options(sender, ("Authorization", f"Bearer {TOKEN}x"), ORIGIN) == (401, {})


async def test_without_an_origin_no_permission_is_given(sender: Sender) -> None:
    assert await options(sender, AUTHORIZATION) == (200, {"Allow": "POST"})


@pytest.mark.parametrize(
    "headers",
    [
        [(ORIGIN[0], "")],
        [(ORIGIN[0], "a b")],
        [(ORIGIN[0], "x" * 256)],
        [ORIGIN, ORIGIN],
        [ORIGIN, (RATE[0], "0")],
        [ORIGIN, (RATE[0], "-5")],
        [ORIGIN, (RATE[0], "many")],
        [(RATE[0], "many")],
    ],
)
async def test_a_bad_request_for_permission_is_refused(
    sender: Sender, headers: list[tuple[str, str]]
) -> None:
    assert await options(sender, AUTHORIZATION, *headers) == (400, {})
