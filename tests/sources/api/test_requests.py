"""Requests are made from declared texts, ids that match and the place in a list."""

import json

import pytest

from streams.sources.api.layout import Login
from streams.sources.api.requests import (
    Access,
    NoRequest,
    Position,
    list_request,
    login_request,
    read_request,
    refusal,
    same_origin,
    written,
)
from tests.sources.api.examples import ACCESS, EXAMPLE

AT = 1_795_000_000_123
ORIGIN = "https://crm.example.com/v1"


def test_record_is_read_by_its_id() -> None:
    request = read_request(EXAMPLE, "deal", ["55"], ACCESS)
    assert request == (
        "GET",
        f"{ORIGIN}/deals/55?with=contacts",
        {"Authorization": "Bearer t0ken"},
        None,
    )


@pytest.mark.parametrize("bad", ["", "../contacts", "5?x=1", "5/6", "5\n", "x" * 65, "５"])
def test_id_that_does_not_match_makes_no_address(bad: str) -> None:
    with pytest.raises(NoRequest):
        read_request(EXAMPLE, "deal", [bad], ACCESS)


def test_kind_that_cannot_be_read_is_named() -> None:
    assert refusal(EXAMPLE, "mail", "5") == "[api.read.mail] is missing: how such a record is read"


def test_several_ids_are_one_request() -> None:
    assert read_request(EXAMPLE, "lead", ["a", "b"], ACCESS).url == f"{ORIGIN}/leads?ids=a%2Cb"


def test_first_page_has_no_cursor() -> None:
    request = list_request(EXAMPLE, EXAMPLE.lists["deal"], Position(AT), ACCESS)
    assert json.loads(request.body or b"") == {
        "limit": 2,
        "filters": [{"name": "changed", "from": str(AT)}],
    }


def test_later_page_has_the_cursor_of_the_one_before() -> None:
    request = list_request(EXAMPLE, EXAMPLE.lists["deal"], Position(AT, cursor="c/1"), ACCESS)
    assert json.loads(request.body or b"")["after"] == "c/1"


def test_offset_counts_the_records_of_the_pages_before() -> None:
    request = list_request(EXAMPLE, EXAMPLE.lists["lead"], Position(AT, seen=2, number=1), ACCESS)
    assert request.url == f"{ORIGIN}/leads?since=2026-11-18T11%3A06%3A40Z&start=2&limit=2"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("s", "1795000000"),
        ("ms", "1795000000123"),
        ("iso", "2026-11-18T11:06:40Z"),
        ("offset", "2026-11-18T11:06:40+00:00"),
        ("utc", "2026-11-18 11:06:40"),
    ],
)
def test_time_is_written_as_the_api_has_it(form: str, text: str) -> None:
    assert written(AT, form) == text  # type: ignore[arg-type]  # one of the forms, by the table


@pytest.mark.parametrize(
    "url", ["/v1/x?page=2", f"{ORIGIN}/x?page=2", "https://crm.example.com:443/v1/x?page=2"]
)
def test_next_page_on_the_same_server_is_followed(url: str) -> None:
    assert same_origin(ORIGIN, url).endswith("/v1/x?page=2")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/v1/x",
        "http://crm.example.com/v1/x",
        "https://crm.example.com:8443/v1/x",
        "https://crm.example.com@evil.example.com/",
        "https://user@crm.example.com/v1/x",
        "//evil.example.com/v1",
        "file:///etc/passwd",
        "https://[::1",
    ],
)
def test_next_page_on_another_server_is_refused(url: str) -> None:
    with pytest.raises(NoRequest):
        same_origin(ORIGIN, url)


def test_account_without_its_host_is_named() -> None:
    with pytest.raises(NoRequest, match=r"\[api.account\] host is not given"):
        read_request(EXAMPLE, "deal", ["5"], Access({"host": ""}, "t0ken"))


LOGIN = Login(
    "https://{host}/token",
    {"grant_type": "refresh_token", "refresh_token": "{refresh}"},
    ("user", "password"),
    ("user", "password", "refresh"),
)


def test_login_sends_the_parts_of_the_configured_token() -> None:
    request = login_request(LOGIN, "u:p:r/1", {"host": "crm.example.com"})
    assert request.body == b"grant_type=refresh_token&refresh_token=r%2F1"
    assert request.headers["Authorization"] == "Basic dTpw"


def test_configured_token_with_a_part_missing_is_explained_without_it() -> None:
    with pytest.raises(NoRequest) as refused:
        login_request(LOGIN, "u:p", {})
    assert str(refused.value) == "the API token has not 3 parts: user:password:refresh"
