"""CloudEvents in Kafka records are the events that they are over HTTP."""

import json
from typing import Any

import pytest

from streams.events import DealChanged, LeadQualified, Rejected, RepSet, decode
from streams.events.formats.kafka_records import Headers, canonical_value, decode_record

STRUCTURED = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "42",
    "source": "/crm/emea",
    "type": "deal.changed",
    "subject": "lead-ü",
    "time": "2026-03-02T09:15:00+03:30",
    "partitionkey": "lead-ü",
    "data": {"deal": "d1", "amount": "1234.50", "currency": "EUR"},
}
BINARY = {
    "ce_specversion": b"1.0",
    "ce_id": b"42",
    "ce_source": b"/crm/emea",
    "ce_type": b"deal.changed",
    "ce_subject": "lead-ü".encode(),
    "ce_time": b"2026-03-02T09:15:00+03:30",
    "ce_partitionkey": "lead-ü".encode(),
    "content-type": b"application/json",
}
DATA = b'{"deal":"d1","amount":"1234.50","currency":"EUR"}'
CANONICAL = decode(
    json.dumps(
        {
            "id": "/crm/emea 42",
            "source": "/crm/emea",
            "type": "deal.changed",
            "at": "2026-03-02T09:15:00+03:30",
            "subject": "lead-ü",
            "deal": "d1",
            "amount": "1234.50",
            "currency": "EUR",
        }
    ).encode()
)


def structured(**changed: Any) -> bytes:
    """Write the event with attributes changed, or left out where None."""
    return json.dumps({k: v for k, v in {**EVENT, **changed}.items() if v is not None}).encode()


def binary(**changed: bytes | None) -> Headers:
    """Give the headers with some changed, or left out where None."""
    named = {name.replace("content_type", "content-type"): v for name, v in changed.items()}
    return [(name, text) for name, text in {**BINARY, **named}.items() if text is not None]


def rejected(value: bytes | None, headers: Headers) -> Rejected:
    found = decode_record(value, headers)
    assert isinstance(found, Rejected), found
    return found


def test_both_modes_give_the_canonical_event() -> None:
    assert isinstance(CANONICAL, DealChanged)
    assert decode_record(structured(), STRUCTURED) == CANONICAL
    assert decode_record(DATA, binary()) == CANONICAL


def test_binary_one_needs_no_content_type() -> None:
    assert decode_record(DATA, binary(content_type=None)) == CANONICAL


def test_names_of_headers_may_be_written_in_any_case() -> None:
    assert decode_record(DATA, [(name.upper(), text) for name, text in binary()]) == CANONICAL


@pytest.mark.parametrize("value", [b"", None])
def test_event_without_fields_of_its_own_needs_no_data(value: bytes | None) -> None:
    found = decode_record(value, binary(ce_type=b"lead.qualified", content_type=None))
    assert isinstance(found, LeadQualified)
    assert found.subject == "lead-ü"


def test_reference_record_needs_no_subject() -> None:
    value = structured(type="rep.set", subject=None, data={"rep": "ann", "team": "north"})
    found = decode_record(value, STRUCTURED)
    assert isinstance(found, RepSet)
    assert found.rep == "ann"


def test_attributes_in_headers_are_not_percent_encoded() -> None:
    found = decode_record(DATA, binary(ce_subject=b"100%25"))
    assert isinstance(found, DealChanged)
    assert found.subject == "100%25"


@pytest.mark.parametrize(
    "headers", [(), (("traceparent", b"00-0af7"),), (("content-type", b"application/json"),)]
)
def test_other_headers_leave_a_canonical_event_as_it_is(headers: Headers) -> None:
    value = b'{"id":"1","type":"lead.created","at":"2026-03-02T09:15:00Z","subject":"lead-1"}'
    assert decode_record(value, headers) == decode(value)
    assert canonical_value(value, headers) is value
    assert decode_record(None, headers) == Rejected("empty record", None, "empty record")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": None}, "id"),
        ({"source": "/crm emea"}, "source"),
        ({"type": "com.example.deal.changed"}, "type"),
        ({"time": None}, "time"),
        ({"time": "2026-03-02T09:15:00"}, "time"),
        ({"subject": None}, "subject"),
        ({"datacontenttype": "application/xml"}, "datacontenttype"),
        ({"data": None, "data_base64": "e30="}, "data_base64"),
        ({"data": "text"}, "data"),
        ({"data": {"deal": "d1", "amount": 1.5}}, "data.amount"),
        ({"data": {"deal": "d1", "at": "2026-03-02T09:15:00Z"}}, "data.at"),
    ],
)
def test_what_is_wrong_is_named_as_its_sender_knows_it(changed: dict[str, Any], field: str) -> None:
    assert rejected(structured(**changed), STRUCTURED).field == field


@pytest.mark.parametrize(
    ("headers", "value", "field", "reason"),
    [
        (binary(ce_time=None), DATA, "time", "missing time"),
        (binary(ce_source=None), DATA, "source", "missing source"),
        (binary(ce_subject=b"\xff"), DATA, "subject", "not UTF-8"),
        ([*binary(), ("ce_subject", b"lead-2")], DATA, "subject", "given twice"),
        (binary(), b'{"deal":1}', "data.deal", "must be a text, not a number"),
        (binary(), b"{", "data", "not a JSON object: Input data was truncated"),
        (
            binary(content_type=b"application/avro"),
            DATA,
            "datacontenttype",
            "data of type 'application/avro': send JSON, as application/json",
        ),
        (
            (("content-type", b"application/cloudevents-batch+json"),),
            b"[]",
            None,
            "a record holds one CloudEvent, not several",
        ),
        (STRUCTURED, None, None, "not JSON: Input data was truncated"),
        (STRUCTURED, b'{"a":"\xff"}', None, "not UTF-8"),
    ],
)
def test_bad_record_is_refused_with_its_reason(
    headers: Headers, value: bytes | None, field: str | None, reason: str
) -> None:
    found = rejected(value, headers)
    assert (found.field, found.reason) == (field, reason)


def test_structured_one_without_its_header_is_named_as_one() -> None:
    assert rejected(structured(), ()).reason == (
        "a CloudEvent without its header content-type: application/cloudevents+json"
    )
