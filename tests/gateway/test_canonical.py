"""Canonical events go onto their topics as they came."""

import asyncio

import pytest

from tests.gateway.samples import (
    array,
    deal,
    lines,
)
from tests.gateway.sending import Sender
from tests.gateway.written import Written


async def test_one_event_is_written_byte_for_byte_under_its_subject(
    sender: Sender, written: Written
) -> None:
    event = deal(1, "lead-ü", ', "amount" : "1.10","currency":"EUR","score":1.50,"x":{"y":[1E2]}')
    answer = await sender.post(b" \n" + event + b"\n")
    assert (answer.status, answer.body) == (202, {"accepted": 1})
    (found,) = await written.records()
    assert (found.topic, found.key, found.value) == ("crm.deal", "lead-ü".encode(), event)


@pytest.mark.parametrize(
    ("content_type", "write"),
    [
        ("application/json", array),
        ("application/json; charset=UTF-8", array),
        ("application/x-ndjson", lines),
        ("Application/X-NDJSON", lines),
        ("application/jsonl", lines),
    ],
)
async def test_events_of_one_subject_stay_in_order_in_one_partition(
    sender: Sender,
    written: Written,
    content_type: str,
    write: type[bytes],
) -> None:
    events = [deal(n) for n in range(250)]
    answer = await sender.post(write(*events), content_type)
    assert (answer.status, answer.body) == (202, {"accepted": 250})
    found = await written.records()
    assert [one.value for one in found] == events
    assert len({one.partition for one in found}) == 1


async def test_an_event_keeps_its_own_blanks_within_an_array(
    sender: Sender, written: Written
) -> None:
    event = deal(1).replace(b",", b" ,\n ")
    assert (await sender.post(b"[ " + event + b" ,\n" + deal(2) + b" ]")).status == 202
    assert [one.value for one in await written.records()] == [event, deal(2)]


async def test_blank_lines_are_passed_over(sender: Sender, written: Written) -> None:
    body = b"\n" + deal(1) + b"\r\n  \n" + deal(2)
    answer = await sender.post(body, "application/x-ndjson")
    assert (answer.status, answer.body) == (202, {"accepted": 2})
    assert [one.value for one in await written.records()] == [deal(1), deal(2)]


async def test_each_type_goes_to_its_topic_and_reference_records_to_their_keys(
    sender: Sender, written: Written
) -> None:
    common = '"at":"2026-03-02T09:15:00Z"'
    call = '"rep":"ann","direction":"outbound","outcome":"busy"'
    events = [
        f'{{"id":"1","type":"call.ended",{common},"subject":"rep:ann",{call}}}'.encode(),
        f'{{"id":"2","type":"rep.set",{common},"rep":"ann","team":"north"}}'.encode(),
        f'{{"id":"3","type":"rate.set",{common},"currency":"USD",'
        '"date":"2026-03-01","rate":"0.91"}'.encode(),
    ]
    assert (await sender.post(array(*events))).status == 202
    assert {(one.topic, one.key) for one in await written.records()} == {
        ("crm.call", b"rep:ann"),
        ("crm.rep", b"ann"),
        ("crm.rate", b"USD|2026-03-01"),
    }


@pytest.mark.parametrize(
    ("body", "content_type"), [(b"[]", "application/json"), (b"\n", "application/x-ndjson")]
)
async def test_no_events_are_accepted_as_none(
    sender: Sender, written: Written, body: bytes, content_type: str
) -> None:
    answer = await sender.post(body, content_type)
    assert (answer.status, answer.body) == (202, {"accepted": 0})
    assert await written.count() == 0


async def test_senders_at_the_same_time_lose_nothing(sender: Sender, written: Written) -> None:
    answers = await asyncio.gather(
        *(sender.post(array(*(deal(n, f"lead-{n}") for n in range(50)))) for _ in range(20))
    )
    assert {answer.status for answer in answers} == {202}
    assert await written.count() == 1000
