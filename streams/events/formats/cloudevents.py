"""CloudEvents 1.0 as canonical events, however they were carried.

The mapping, the same over HTTP and over Kafka:

- `type` is the event's type, without a prefix: `deal.changed`.
- `source` and `id`, joined by a space, are its `id`. A source is a URI reference and contains no
  space (otherwise it is refused), so the ids of different pairs differ. `source` is kept too.
- `time` is `at` and `subject` is `subject`. Both are required here, unlike in CloudEvents.
- `data` is a JSON object with the other fields. It must not contain `id`, `type`, `at`, `subject`
  or `source`. Its values are forwarded as they are written.
- Every other attribute, `dataschema` and extensions, is ignored; `partitionkey` too, because the
  subject alone decides the partition.

Rejections name the field by its CloudEvents name: `time`, `data.amount`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from streams.events.decode import explained
from streams.events.formats.json_text import is_json, is_json_type, is_utf8
from streams.events.rejected import Rejected, RejectionKind

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
# A body has these, and no header of the binary mode names one.
BODY_ATTRIBUTES = frozenset({"data", "data_base64", "datacontenttype"})

Attribute = Annotated[str, Meta(min_length=1)]
_OWN = {"id": "id", "type": "type", "at": "time", "subject": "subject", "source": "source"}


class CloudEvent(Struct, frozen=True, kw_only=True):
    """The attributes that are used, and the data as it is written."""

    specversion: Literal["1.0"]
    id: Attribute
    source: Attribute
    type: Attribute
    subject: str | None = None
    time: str | None = None
    datacontenttype: str | None = None
    data: Raw = Raw(b"null")
    data_base64: Raw = Raw(b"null")


# The attributes that a header of the binary mode can give.
ATTRIBUTES = frozenset(CloudEvent.__struct_fields__) - BODY_ATTRIBUTES
_event = msgspec.json.Decoder(CloudEvent)
_fields = msgspec.json.Decoder(dict[str, Raw] | None)
_encode = msgspec.json.Encoder().encode


def structured(value: bytes) -> CloudEvent | Rejected:
    """Read a CloudEvent that is a JSON object with its data in it."""
    if not is_utf8(value):
        return Rejected("not UTF-8", None, "not JSON")
    try:
        return _event.decode(value)
    except msgspec.ValidationError as error:
        return explained(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejected(f"not JSON: {error}", None, "not JSON")


def binary(attributes: Mapping[str, str], data: bytes) -> CloudEvent | Rejected:
    """Read a CloudEvent whose attributes came beside its data; no bytes are no data."""
    try:
        event = msgspec.convert({**attributes}, CloudEvent)
    except msgspec.ValidationError as error:
        return explained(str(error))
    return msgspec.structs.replace(event, data=Raw(data)) if data else event


def canonical_value(event: CloudEvent) -> bytes | Rejected:
    """Write the canonical event of a CloudEvent, which need not be valid."""
    if any(sign.isspace() for sign in event.source):
        return Rejected("a URI reference holds no spaces", "source", "invalid value")
    if event.datacontenttype is not None and not is_json_type(event.datacontenttype):
        return Rejected("only JSON holds events", "datacontenttype", "invalid value")
    if bytes(event.data_base64) != b"null":
        return Rejected("only JSON holds events", "data_base64", "invalid value")
    fields = _data(bytes(event.data))
    if isinstance(fields, Rejected):
        return fields
    for name in fields:
        if name in _OWN:
            reason = f"the CloudEvent's `{_OWN[name]}` has this already"
            return Rejected(reason, f"data.{name}", "invalid value")
    own = {
        "id": f"{event.source} {event.id}",
        "type": event.type,
        "at": event.time,
        "subject": event.subject,
        "source": event.source,
    }
    attributes = {name: value for name, value in own.items() if value is not None}
    return _encode({**attributes, **fields})


def named_as_sent(rejected: Rejected) -> Rejected:
    """Name the field of a canonical event's rejection as its CloudEvent does."""
    field = rejected.field
    if field is None:
        return rejected
    name = _OWN.get(field, f"data.{field}")
    is_missing = rejected.reason == f"missing {field}"
    return replace(
        rejected, field=name, reason=f"missing {name}" if is_missing else rejected.reason
    )


def _data(data: bytes) -> dict[str, Raw] | Rejected:
    try:
        return _fields.decode(data) or {}
    except msgspec.ValidationError as error:
        return replace(explained(str(error)), field="data")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        kind: RejectionKind = "invalid value" if is_json(data) else "not JSON"
        return Rejected(f"not a JSON object: {error}", "data", kind)
