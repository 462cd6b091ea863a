"""Parsers of CloudEvents 1.0 over HTTP: structured, batch and binary.

What they become is the mapping's, `streams.events.formats.cloudevents`. Errors name the field by
its CloudEvents name: `time`, `data.amount`.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from multidict import MultiMapping

from streams.events.formats import cloudevents as mapping
from streams.events.formats.cloudevents import ATTRIBUTES, CloudEvent
from streams.events.formats.json_text import is_json_type
from streams.events.rejected import Rejected
from streams.gateway.canonical import items
from streams.gateway.errors import Kind, Problem, RequestRejected
from streams.gateway.limits import check_shape
from streams.gateway.records import Record, all_or_none, record

PREFIX = "ce-"

# A DNS name, also of several systems: `*.example.com`.
_ORIGIN = re.compile(r"[A-Za-z0-9*_.:-]{1,255}")
_RATE = re.compile(r"[1-9][0-9]{0,17}")


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
    attributes: dict[str, str] = {}
    for name, value in headers:
        attribute = name.lower().removeprefix(PREFIX)
        if attribute == name.lower():
            continue
        if attribute in attributes:
            raise RequestRejected.because_of([Problem(1, "malformed", "given twice", attribute)])
        if attribute in ATTRIBUTES:
            attributes[attribute] = _header(value, attribute)
    if body and not is_json_type(content_type):
        raise RequestRejected(
            "media_type", f"data of type {content_type!r}: send JSON, as application/json"
        )
    check_shape(body)
    return all_or_none([_canonical(mapping.binary(attributes, body), 1)])


def permission(headers: MultiMapping[str]) -> dict[str, str]:
    """Return the headers that permit a sender to send, as its validation request asks for.

    Without a request for permission none is given. The rate is not limited. A callback is never
    called: it could be any address.
    """
    origins = headers.getall("WebHook-Request-Origin", [])
    rates = headers.getall("WebHook-Request-Rate", [])
    if len(origins) > 1 or not all(map(_ORIGIN.fullmatch, origins)):
        raise RequestRejected("malformed", "WebHook-Request-Origin is to be one DNS name")
    if len(rates) > 1 or not all(map(_RATE.fullmatch, rates)):
        raise RequestRejected("malformed", "WebHook-Request-Rate is to be one whole number above 0")
    if not origins:
        return {}
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
    return _canonical(mapping.structured(value), line)


def _canonical(event: CloudEvent | Rejected, line: int) -> Record | Problem:
    value = event if isinstance(event, Rejected) else mapping.canonical_value(event)
    if isinstance(value, Rejected):
        kind: Kind = "malformed" if value.kind == "not JSON" else "not_an_event"
        return Problem(line, kind, value.reason, value.field)
    outcome = record(value, line, mapping.named_as_sent)
    return outcome._replace(within="data.") if isinstance(outcome, Record) else outcome
