"""Bad requests are rejected whole, with the status and the place of the error."""

from collections.abc import AsyncIterator

import pytest

from streams.gateway.limits import (
    BODY_BYTES,
    DEPTH,
    EVENT_BYTES,
    EVENTS,
)
from tests.gateway.samples import (
    array,
    deal,
    lines,
)
from tests.gateway.sending import TOKEN, Sender
from tests.gateway.written import Written

JSON, LINES = "application/json", "application/x-ndjson"
GOOD = deal(1)
FLOAT = deal(2, more=',"amount":1.5')
TARGET = (
    b'{"id":"t1","type":"target.set","at":"2026-03-02T09:15:00Z","kpi":"revenue_wonn","scope":{},'
    b'"window":"month","value":"1"}'
)
UNKNOWN = GOOD.replace(b"deal.changed", b"deal.eaten")
NESTED = deal(1, more=',"x":' + "[" * DEPTH + "]" * DEPTH)
LONG = deal(1, more=',"x":"' + "x" * EVENT_BYTES + '"')


@pytest.mark.parametrize(
    ("content_type", "body", "status", "line", "field"),
    [
        (JSON, b"", 400, 1, None),
        (JSON, b"{", 400, 1, None),
        (JSON, GOOD + GOOD, 400, 1, None),
        (JSON, GOOD.replace(b"lead-1", b"lead-\xff"), 400, 1, None),
        (JSON, deal(1, more=',"x":"').replace(b'"}', b'\xff"}'), 400, 1, None),
        (JSON, b"3", 422, 1, None),
        (JSON, FLOAT, 422, 1, "amount"),
        (JSON, UNKNOWN, 422, 1, "type"),
        (JSON, array(GOOD, GOOD, FLOAT), 422, 3, "amount"),
        (JSON, array(GOOD, TARGET), 422, 2, "kpi"),
        (LINES, lines(GOOD, TARGET), 422, 2, "kpi"),
        (
            JSON,
            TARGET.replace(b"revenue_wonn", b"revenue_won").replace(b"month", b"moon"),
            422,
            1,
            "window",
        ),
        (JSON, array(GOOD, b"[]"), 422, 2, None),
        (JSON, GOOD.replace(b"+03:30", b""), 422, 1, "at"),
        (JSON, GOOD.replace(b'"lead-1"', b'""'), 422, 1, "subject"),
        (JSON, GOOD.replace(b'"subject":"lead-1",', b""), 422, 1, "subject"),
        (LINES, lines(GOOD, b"", FLOAT), 422, 3, "amount"),
        (LINES, lines(GOOD, b"{]"), 400, 2, None),
        (LINES, lines(GOOD, array(GOOD)), 422, 2, None),
        (LINES, lines(GOOD, NESTED), 413, 2, None),
        (LINES, lines(GOOD, LONG), 413, 2, None),
        (JSON, array(GOOD, LONG), 413, 2, None),
    ],
)
async def test_a_bad_event_refuses_them_all_and_is_named(
    sender: Sender,
    written: Written,
    content_type: str,
    body: bytes,
    status: int,
    line: int,
    field: str | None,
) -> None:
    answer = await sender.post(body, content_type)
    assert answer.status == status, answer.body
    assert (answer.body["line"], answer.body["field"]) == (line, field)
    assert answer.body["reason"]
    assert answer.body["errors"][0]["line"] == line
    assert await written.count() == 0


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        (JSON, b"[" + GOOD, 400),
        (JSON, b"[" + GOOD + b",]", 400),
        (JSON, array(NESTED), 413),
        (JSON, b"[" * 1_000_000, 413),
        (JSON, array(*[GOOD] * (EVENTS + 1)), 413),
        (JSON, b"[" + b"1," * 1_000_000 + b"1]", 413),
        (LINES, lines(*[GOOD] * (EVENTS + 1)), 413),
        (LINES, b"\n" * (EVENTS + 1), 413),
        (JSON, b" " * (BODY_BYTES + 1), 413),
        ("text/plain", GOOD, 415),
        ("application/x-www-form-urlencoded", GOOD, 415),
        ("application/cloudevents+xml", GOOD, 415),
        ("application/json; charset=utf-16", GOOD.decode().encode("utf-16"), 415),
        (None, GOOD, 415),
    ],
)
async def test_a_bad_body_is_refused(
    sender: Sender, written: Written, content_type: str | None, body: bytes, status: int
) -> None:
    answer = await sender.post(body, content_type)
    assert answer.status == status, answer.body
    assert answer.body["error"]
    assert await written.count() == 0


async def test_as_many_and_as_large_as_allowed_is_accepted(
    sender: Sender, written: Written
) -> None:
    assert (await sender.post(array(*[GOOD] * EVENTS))).status == 202
    assert await written.count() == EVENTS
    length = EVENT_BYTES - len(deal(1, more=',"x":""'))
    assert (await sender.post(deal(1, more=f',"x":"{"x" * length}"'))).status == 202


async def test_a_body_of_undeclared_length_is_bounded_too(sender: Sender) -> None:
    async def blanks() -> AsyncIterator[bytes]:
        for _ in range(2 * BODY_BYTES // 65536):
            yield b" " * 65536

    async with sender.session.post(
        f"{sender.url}/events",
        data=blanks(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": JSON},
    ) as response:
        assert response.status == 413


async def test_at_most_twenty_faults_are_listed(sender: Sender) -> None:
    answer = await sender.post(lines(GOOD, *[FLOAT] * 50), LINES)
    assert [problem["line"] for problem in answer.body["errors"]] == list(range(2, 22))


async def test_unknown_paths_and_methods_are_answered_properly(sender: Sender) -> None:
    assert (await sender.get("/"))[0] == 404
    async with sender.session.get(f"{sender.url}/events") as response:
        assert (response.status, response.headers["Allow"]) == (405, "OPTIONS,POST")
