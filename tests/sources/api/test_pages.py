"""Answers give records and the next page, or say what is wrong with them."""

from decimal import Decimal
from typing import Any

import pytest

from streams.sources.api.pages import (
    Answer,
    BadAnswer,
    delivered,
    instant,
    page,
    parsed,
    records,
)
from streams.sources.api.requests import Position
from tests.sources.api.examples import EXAMPLE, TEXT, answer, api

SINCE = 1_795_000_000_000
FIRST = Position(SINCE)
DEAL, LEAD, CALL = (EXAMPLE.lists[name] for name in ("deal", "lead", "call"))


def test_cursor_in_the_body_leads_to_the_next_page() -> None:
    found = page(DEAL, FIRST, answer({"results": [{"id": 1}], "paging": {"after": 7}}))
    assert found == ([{"id": 1}], Position(SINCE, seen=1, number=1, cursor="7"))


def test_page_without_cursor_is_the_last() -> None:
    assert page(DEAL, FIRST, answer({"results": [{"id": 1}]})).next is None


def test_full_page_has_a_next_one_by_offset() -> None:
    found = page(LEAD, FIRST, answer({"data": [{"id": 1}, {"id": 2}]}))
    assert found.next == Position(SINCE, seen=2, number=1)


def test_page_that_is_not_full_is_the_last() -> None:
    assert page(LEAD, FIRST, answer({"data": [{"id": 1}]})).next is None


def test_address_in_the_body_leads_to_the_next_page() -> None:
    found = page(CALL, FIRST, answer({"data": [{"id": 1}], "links": {"next": "/v1/calls?p=2"}}))
    assert found.next == Position(SINCE, seen=1, number=1, url="/v1/calls?p=2")


def test_header_link_leads_to_the_next_page() -> None:
    call = api(TEXT.replace('next = "links.next"', "link = true")).lists["call"]
    link = '</v1/calls?p=1>; rel="prev", </v1/calls?p=3>; rel="next"'
    assert page(call, FIRST, answer({"data": [{"id": 1}]}, link=link)).next == Position(
        SINCE, seen=1, number=1, url="/v1/calls?p=3"
    )


def test_list_says_itself_whether_there_is_more() -> None:
    call = api(TEXT.replace("from = 0 }", 'from = 0, more = "info.more" }')).lists["lead"]
    body = {"data": [{"id": 1}], "info": {"more": True}}
    assert page(call, FIRST, answer(body)).next == Position(SINCE, seen=1, number=1)
    assert page(call, FIRST, answer({**body, "info": {}})).next is None


LIMITED = api(
    TEXT.replace('cursor = "paging.after"', 'cursor = "paging.after", most = 2, changed = "at"')
).lists["deal"]


def test_list_begins_again_where_the_api_gives_no_further_page() -> None:
    body = {"results": [{"at": "2026-11-18T11:06:40Z"}, {"at": "2026-11-18T11:06:41.5Z"}]}
    assert page(LIMITED, FIRST, answer(body)).next == Position(1_795_000_001_500)


def test_more_records_of_one_instant_than_the_api_lists_are_an_error() -> None:
    body = {"results": [{"at": "2026-11-18T11:06:40Z"}] * 2}
    with pytest.raises(BadAnswer, match="of one instant"):
        page(LIMITED, FIRST, answer(body))


def test_no_content_is_an_empty_page() -> None:
    assert page(LEAD, FIRST, Answer(204, {}, b"")) == ((), None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"data": ',
        b"{}",
        b'{"data": null}',
        b'{"data": [1]}',
        b'{"data": "x"}',
        b'{"data": [{"a": NaN}]}',
        b"[" * 100_000,
    ],
)
def test_malformed_page_is_no_empty_page(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        page(LEAD, FIRST, answer(body))


@pytest.mark.parametrize("cursor", [{"a": 1}, [1], "x" * 4_001, True])
def test_cursor_that_is_none_is_an_error(cursor: Any) -> None:
    with pytest.raises(BadAnswer):
        page(DEAL, FIRST, answer({"results": [{"id": 1}], "paging": {"after": cursor}}))


def test_records_that_were_read_are_told_apart_by_id() -> None:
    read = EXAMPLE.reads["lead"]
    body = {"data": [{"id": 2}, {"id": "3"}]}
    assert records(read, ["1", "2", "3"], answer(body)) == {
        "1": None,
        "2": {"id": 2},
        "3": {"id": "3"},
    }


def test_record_that_is_gone_is_none() -> None:
    assert records(EXAMPLE.reads["deal"], ["1"], Answer(404, {}, b"no")) == {"1": None}


def test_money_keeps_every_digit_from_answer_to_delivery() -> None:
    body = b'{"data": {"amount": 12345678901234567.89, "id": 123456789012345678901234}}'
    found = records(EXAMPLE.reads["deal"], ["1"], answer(body))["1"]
    assert found == {
        "amount": Decimal("12345678901234567.89"),
        "id": Decimal(123456789012345678901234),
    }
    assert delivered("deal", found) == (
        b'{"_read":"deal","amount":12345678901234567.89,"id":123456789012345678901234}'
    )


def test_record_cannot_name_its_own_kind() -> None:
    assert parsed(delivered("deal", {"_read": "contact"}))["_read"] == "deal"


@pytest.mark.parametrize(
    "written",
    [1_795_000_000, 1_795_000_000_000, "1795000000", "2026-11-18T11:06:40Z", "2026-11-18 11:06:40"],
)
def test_time_of_change_is_read_in_any_form(written: Any) -> None:
    assert instant(written) == SINCE
