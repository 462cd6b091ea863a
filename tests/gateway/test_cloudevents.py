"""CloudEvents 1.0 become canonical events, in every mode."""

import json
from typing import Any

import pytest

from tests.gateway.samples import array
from tests.gateway.sending import TOKEN, Sender
from tests.gateway.written import Written

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "42",
    "source": "/crm/emea",
    "type": "deal.changed",
    "subject": "lead-1",
    "time": "2026-03-02T09:15:00+03:30",
    "datacontenttype": "application/json",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "data": {"deal": "d1", "amount": "1234.50", "currency": "EUR"},
}
CANONICAL = {
    "id": "/crm/emea 42",
    "source": "/crm/emea",
    "type": "deal.changed",
    "at": "2026-03-02T09:15:00+03:30",
    "subject": "lead-1",
    "deal": "d1",
    "amount": "1234.50",
    "currency": "EUR",
}
HEADERS = {
    "ce-specversion": "1.0",
    "ce-id": "42",
    "ce-source": "/crm/emea",
    "ce-type": "deal.changed",
    "ce-subject": "lead-1",
    "ce-time": "2026-03-02T09:15:00+03:30",
    "ce-traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}
DATA = b'{"deal":"d1","amount":"1234.50","currency":"EUR"}'


def event(**changed: Any) -> bytes:
    """Write the event with attributes changed, or left out where None."""
    return json.dumps({k: v for k, v in {**EVENT, **changed}.items() if v is not None}).encode()


async def test_a_structured_one_becomes_its_canonical_event(
    sender: Sender, written: Written
) -> None:
    answer = await sender.post(event(), STRUCTURED)
    assert (answer.status, answer.body) == (202, {"accepted": 1})
    (found,) = await written.records()
    assert (found.topic, found.key) == ("crm.deal", b"lead-1")
    assert json.loads(found.value) == CANONICAL


async def test_a_binary_one_gives_the_same_bytes(sender: Sender, written: Written) -> None:
    assert (await sender.post(event(), STRUCTURED)).status == 202
    assert (await sender.post(DATA, "application/json", **HEADERS)).status == 202
    structured, binary = await written.records()
    assert json.loads(structured.value) == json.loads(binary.value)
    assert structured.key == binary.key


async def test_a_batch_is_accepted_whole(sender: Sender, written: Written) -> None:
    answer = await sender.post(array(event(), event(id="43")), BATCH)
    assert (answer.status, answer.body) == (202, {"accepted": 2})
    ids = [json.loads(record.value)["id"] for record in await written.records()]
    assert ids == ["/crm/emea 42", "/crm/emea 43"]


async def test_numbers_in_data_keep_their_text(sender: Sender, written: Written) -> None:
    body = event().replace(b'"deal": "d1"', b'"deal": "d1", "score": 12345678901234567.890')
    assert (await sender.post(body, STRUCTURED)).status == 202
    (found,) = await written.records()
    assert b'"score":12345678901234567.890' in found.value


async def test_an_event_without_data_may_have_no_content_type(
    sender: Sender, written: Written
) -> None:
    headers = HEADERS | {"ce-type": "lead.qualified"}
    assert (await sender.post(b"", None, **headers)).status == 202
    (found,) = await written.records()
    assert json.loads(found.value)["type"] == "lead.qualified"


async def test_binary_attributes_are_unquoted_and_decoded(sender: Sender, written: Written) -> None:
    headers = HEADERS | {"ce-subject": '"lead \\"%C3%BC%E2%82%AC%20%25\\""'}
    assert (await sender.post(DATA, **headers)).status == 202
    (found,) = await written.records()
    assert found.key.decode() == 'lead "ü€ %"'


async def test_a_reference_record_needs_no_subject(sender: Sender, written: Written) -> None:
    body = event(type="rep.set", subject=None, data={"rep": "ann", "team": "north"})
    assert (await sender.post(body, STRUCTURED)).status == 202
    (found,) = await written.records()
    assert (found.topic, found.key) == ("crm.rep", b"ann")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, None),
        (b"[]", 422, None),
        (event(specversion="0.3"), 422, "specversion"),
        (event(id=None), 422, "id"),
        (event(id=""), 422, "id"),
        (event(id="x" * 510), 422, "id"),
        (event(source=None), 422, "source"),
        (event(source="/crm emea"), 422, "source"),
        (event(type="com.example.deal.changed"), 422, "type"),
        (event(time=None), 422, "time"),
        (event(time="2026-03-02T09:15:00"), 422, "time"),
        (event(subject=None), 422, "subject"),
        (event(datacontenttype="application/xml"), 422, "datacontenttype"),
        (event(data=None, data_base64="e30="), 422, "data_base64"),
        (event(data="text"), 422, "data"),
        (event(data=None), 422, "data.deal"),
        (event(data={"deal": "d1", "amount": 1.5}), 422, "data.amount"),
        (event(data={"deal": "d1", "subject": "lead-1"}), 422, "data.subject"),
        (event(data={"deal": "d1", "at": "2026-03-02T09:15:00Z"}), 422, "data.at"),
    ],
)
async def test_what_is_missing_or_clashes_is_named_as_the_sender_knows_it(
    sender: Sender, written: Written, body: bytes, status: int, field: str | None
) -> None:
    answer = await sender.post(body, STRUCTURED)
    assert (answer.status, answer.body["field"]) == (status, field), answer.body
    assert await written.count() == 0


@pytest.mark.parametrize(
    ("changed", "content_type", "body", "status", "field"),
    [
        ({"ce-specversion": "2.0"}, "application/json", DATA, 422, "specversion"),
        ({"ce-subject": "%FF"}, "application/json", DATA, 400, "subject"),
        ({"ce-time": "today"}, "application/json", DATA, 422, "time"),
        ({}, "application/json", b"{", 400, "data"),
        ({}, "application/json", b"[1]", 422, "data"),
        ({}, "application/json", b'{"deal":1}', 422, "data.deal"),
        ({}, "application/json", b'{"deal":"d1","x":"\xff"}', 400, None),
    ],
)
async def test_a_bad_binary_one_is_refused(
    sender: Sender,
    written: Written,
    changed: dict[str, str],
    content_type: str,
    body: bytes,
    status: int,
    field: str | None,
) -> None:
    answer = await sender.post(body, content_type, **(HEADERS | changed))
    assert (answer.status, answer.body["field"]) == (status, field), answer.body
    assert await written.count() == 0


async def test_binary_data_that_is_no_json_is_of_a_wrong_type(sender: Sender) -> None:
    assert (await sender.post(b"<deal/>", "application/xml", **HEADERS)).status == 415


async def test_an_attribute_given_twice_is_refused(sender: Sender, written: Written) -> None:
    headers = [*HEADERS.items(), ("ce-subject", "lead-2"), ("Content-Type", "application/json")]
    headers.append(("Authorization", f"Bearer {TOKEN}"))
    async with sender.session.post(f"{sender.url}/events", data=DATA, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["field"] == "subject"
    assert await written.count() == 0


async def test_one_bad_event_refuses_the_batch(sender: Sender, written: Written) -> None:
    answer = await sender.post(array(event(), event(id="43", time=None)), BATCH)
    assert (answer.status, answer.body["line"], answer.body["field"]) == (422, 2, "time")
    assert await written.count() == 0


async def test_pairs_of_source_and_id_that_differ_give_ids_that_differ(
    sender: Sender, written: Written
) -> None:
    pairs = [("/a", "b c"), ("/a/b", "c"), ("/a", "b/c"), ("/a", "b%20c")]
    body = array(*(event(source=source, id=name) for source, name in pairs))
    assert (await sender.post(body, BATCH)).status == 202
    assert len({json.loads(record.value)["id"] for record in await written.records()}) == len(pairs)
