"""Only senders with the token may send."""

import pytest
from multidict import CIMultiDict

from streams.config.declaration import BadSetting
from streams.config.settings import Settings
from streams.gateway.auth import Token
from streams.gateway.server import make_app
from tests.gateway.samples import deal
from tests.gateway.sending import (
    TOKEN,
    Sender,
    gateway,
)
from tests.gateway.written import Written

OTHER = "another-token-known-to-nobody-else"


@pytest.mark.parametrize(
    "presented",
    [
        [],
        [""],
        [TOKEN],
        ["Bearer"],
        ["Bearer "],
        [f"Basic {TOKEN}"],
        [f"Bearer {OTHER}"],
        [f"Bearer {TOKEN}x"],
        [f"Bearer {TOKEN[:-1]}"],
        [f"Bearer {TOKEN[:-1]}é"],
        [f"Bearer {TOKEN},{TOKEN}"],
        [f"Bearer {TOKEN}", f"Bearer {TOKEN}"],
        [f"Bearer {TOKEN}", f"Bearer {OTHER}"],
    ],
)
async def test_without_the_one_right_token_nothing_is_accepted(
    sender: Sender, written: Written, presented: list[str]
) -> None:
    headers = CIMultiDict([("Authorization", each) for each in presented])
    headers["Content-Type"] = "application/json"
    async with sender.session.post(
        f"{sender.url}/events", data=deal(1), headers=headers
    ) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert TOKEN not in await response.text()
    assert await written.count() == 0


async def test_metrics_need_the_token_and_health_does_not(sender: Sender) -> None:
    assert (await sender.get("/metrics"))[0] == 401
    assert (await sender.get("/metrics", Authorization=f"bearer {TOKEN}"))[0] == 200
    assert (await sender.get("/healthz"))[0] == 200
    assert (await sender.get("/readyz"))[0] == 200


def test_two_tokens_are_valid_while_one_replaces_the_other() -> None:
    both = Token(f"{TOKEN},{OTHER}")
    assert both.admits([f"Bearer {TOKEN}"])
    assert both.admits([f"Bearer {OTHER}"])
    assert not both.admits([f"Bearer {TOKEN},{OTHER}"])


async def test_without_a_token_the_gateway_is_open_to_this_machine(settings: Settings) -> None:
    open_to_all = Settings(bootstrap=settings.bootstrap)
    async with gateway(open_to_all) as sender:
        assert (await sender.post(deal(1), Authorization="")).status == 202


ELSEWHERE = ["0.0.0.0", "::", "", "192.0.2.7", "gateway.example"]  # noqa: S104  # refused


@pytest.mark.parametrize("host", ELSEWHERE)
def test_without_a_token_it_does_not_listen_to_other_machines(host: str) -> None:
    with pytest.raises(BadSetting, match="SALES_KPIS_TOKEN is not set"):
        make_app(Settings(), host)
    make_app(Settings(token=TOKEN), host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_without_a_token_it_listens_on_loopback(host: str) -> None:
    make_app(Settings(), host)


@pytest.mark.parametrize("token", ["short", "x" * 23, f"{TOKEN},short", f"{TOKEN} x", f"{TOKEN},"])
def test_a_token_that_is_no_secret_is_a_bad_setting(token: str) -> None:
    with pytest.raises(BadSetting, match="openssl") as refused:
        make_app(Settings(token=token))
    assert token not in str(refused.value)
