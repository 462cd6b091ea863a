"""Parsers of CloudEvents 1.0 over HTTP: structured, batch and binary.

The mapping to canonical events:

- `type` is the event's type, without a prefix: `deal.changed`.
- `source` and `id`, joined by a space, are its `id`. A source is a URI reference and contains no
  space (otherwise it is refused), so the ids of different pairs differ. `source` is kept too.
- `time` is `at` and `subject` is `subject`. Both are required here, unlike in CloudEvents.
- `data` is a JSON object with the other fields. It must not contain `id`, `type`, `at`, `subject`
  or `source`. Its values are forwarded as they are written.
- Every other attribute, `dataschema` and extensions, is ignored; `partitionkey` too, because the
  subject alone decides the partition.

Errors name the field by its CloudEvents name: `time`, `data.amount`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from urllib.parse import unquote

import msgspec
from msgspec import Meta, Raw, Struct
from multidict import MultiMapping

from streams.events.decode import explained
from streams.gateway.canonical import is_json_type, items
from streams.gateway.errors import (
    Kind,
    Problem,
    RequestRejected,
)
from streams.gateway.limits import check_shape
from streams.gateway.records import (
    Record,
    all_or_none,
    is_json,
    is_utf8,
    record,
)

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
PREFIX = "ce-"

RawEvent = Annotated[str, Meta(min_length=1)]
# A DNS name, also of several systems: `*.example.com`.
_ORIGIN = re.compile(r"[A-Za-z0-9*_.:-]{1,255}")
_RATE = re.compile(r"[1-9][0-9]{0,17}")
_OWN = {"id": "id", "type": "type", "at": "time", "subject": "subject", "source": "source"}


class CloudEvent(Struct, frozen=True, kw_only=True):
    """The attributes that are used, and the data as it is written."""

    specversion: Literal["1.0"]
    id: RawEvent
    source: RawEvent
    type: RawEvent
    subject: str | None = None
    time: str | None = None
    datacontenttype: str | None = None
    data: Raw = Raw(b"null")
    data_base64: Raw = Raw(b"null")


_event = msgspec.json.Decoder(CloudEvent)
_fields = msgspec.json.Decoder(dict[str, Raw] | None)
_encode = msgspec.json.Encoder().encode


def from_structured(body: bytes) -> list[Record]:
    """Parse one CloudEvent that is a JSON object."""
    check_shape(body)
    return all_or_none([_structured(body, 1)])


def from_batch(body: bytes) -> list[Record]:
    """Parse a JSON array of CloudEvents. Raises RequestRejected if any is not an event."""
    return all_or_none(_structured(bytes(item), n) for n, item in enumerate(items(body), 1))


def is_binary(headers: Mapping[str, str]) -> bool:
    """Return whether the headers contain a CloudEvent."""
    return any(name.lower().startswith(PREFIX) for name in headers)


def from_binary(headers: Sequence[tuple[str, str]], content_type: str, body: bytes) -> list[Record]:
    """Parse the CloudEvent whose attributes are `ce-` headers and whose data is the body."""
    attributes: dict[str, object] = {}
    for name, value in headers:
        attribute = name.lower().removeprefix(PREFIX)
        if attribute == name.lower():
            continue
        if attribute in attributes:
            raise RequestRejected.because_of([Problem(1, "malformed", "given twice", attribute)])
        if attribute in CloudEvent.__struct_fields__:
            attributes[attribute] = _header(value, attribute)
    if body and not is_json_type(content_type):
        raise RequestRejected(
            "media_type", f"data of type {content_type!r}: send JSON, as application/json"
        )
    check_shape(body)
    for reserved in ("data", "data_base64", "datacontenttype"):
        attributes.pop(reserved, None)
    try:
        event = msgspec.convert(attributes, CloudEvent)
    except msgspec.ValidationError as error:
        raise RequestRejected.because_of([_explained(str(error), 1)]) from error
    if body:
        event = msgspec.structs.replace(event, data=Raw(body))
    return all_or_none([_canonical(event, 1)])


def permission(headers: MultiMapping[str]) -> dict[str, str]:
    """Return the headers that permit a sender to send, as its validation request asks for.

    Without a request for permission none is given. The rate is not limited. A callback is never
    called: it could be any address.
    """
    origins = headers.getall("WebHook-Request-Origin", [])
    rates = headers.getall("WebHook-Request-Rate", [])
    if not origins:
        return {}
    if len(origins) > 1 or not _ORIGIN.fullmatch(origins[0]):
        raise RequestRejected("malformed", "WebHook-Request-Origin is to be one DNS name")
    if len(rates) > 1 or not all(map(_RATE.fullmatch, rates)):
        raise RequestRejected("malformed", "WebHook-Request-Rate is to be one whole number above 0")
    return {"WebHook-Allowed-Origin": origins[0], "WebHook-Allowed-Rate": "*"}


def _header(value: str, attribute: str) -> str:
    """Undo the quoting and the percent-encoding of attributes in the HTTP binding."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    try:
        text = unquote(value, errors="strict")
        text.encode()
    except UnicodeError:
        problem = Problem(1, "malformed", "not UTF-8", attribute)
        raise RequestRejected.because_of([problem]) from None
    return text


def _structured(value: bytes, line: int) -> Record | Problem:
    if not is_utf8(value):
        return Problem(line, "malformed", "not UTF-8")
    try:
        event = _event.decode(value)
    except msgspec.ValidationError as error:
        return _explained(str(error), line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Problem(line, "malformed", f"not JSON: {error}")
    return _canonical(event, line)


def _canonical(event: CloudEvent, line: int) -> Record | Problem:
    if any(sign.isspace() for sign in event.source):
        return Problem(line, "not_an_event", "a URI reference holds no spaces", "source")
    if event.datacontenttype is not None and not is_json_type(event.datacontenttype):
        return Problem(line, "not_an_event", "only JSON holds events", "datacontenttype")
    if bytes(event.data_base64) != b"null":
        return Problem(line, "not_an_event", "only JSON holds events", "data_base64")
    data = bytes(event.data)
    try:
        fields = _fields.decode(data) or {}
    except msgspec.ValidationError as error:
        return Problem(line, "not_an_event", explained(str(error)).reason, "data")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        kind: Kind = "not_an_event" if is_json(data) else "malformed"
        return Problem(line, kind, f"not a JSON object: {error}", "data")
    for name in fields:
        if name in _OWN:
            reason = f"the CloudEvent's `{_OWN[name]}` has this already"
            return Problem(line, "not_an_event", reason, f"data.{name}")
    own = {
        "id": f"{event.source} {event.id}",
        "type": event.type,
        "at": event.time,
        "subject": event.subject,
        "source": event.source,
    }
    attributes = {name: value for name, value in own.items() if value is not None}
    return _cloudevents_errors(record(_encode({**attributes, **fields}), line))


def _cloudevents_errors(outcome: Record | Problem) -> Record | Problem:
    if isinstance(outcome, Record):
        return outcome._replace(within="data.")
    if outcome.field is None:
        return outcome
    name = _OWN.get(outcome.field, f"data.{outcome.field}")
    missing = outcome.reason == f"missing {outcome.field}"
    return Problem(
        outcome.line, outcome.kind, f"missing {name}" if missing else outcome.reason, name
    )


def _explained(message: str, line: int) -> Problem:
    rejected = explained(message)
    return Problem(line, "not_an_event", rejected.reason, rejected.field)
