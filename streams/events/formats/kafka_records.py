"""Events in Kafka records: canonical ones, and CloudEvents of the Kafka binding 1.0.

The header `content-type: application/cloudevents+json` is the structured mode; else the header
`ce_specversion` is the binary mode: `ce_` headers are the attributes, in UTF-8 and without
escapes, and the value is the data. The key is the subject in every mode.
"""

from collections.abc import Sequence

from streams.events.common import Common
from streams.events.decode import decode
from streams.events.formats import cloudevents
from streams.events.formats.cloudevents import ATTRIBUTES, BATCH, STRUCTURED, CloudEvent
from streams.events.formats.json_text import is_json_type
from streams.events.rejected import Rejected

Headers = Sequence[tuple[str, bytes | None]]

PREFIX = "ce_"
CONTENT_TYPE = "content-type"
UNMARKED = Rejected(
    f"a CloudEvent without its header {CONTENT_TYPE}: {STRUCTURED}", None, "missing field"
)


def decode_record(value: bytes | None, headers: Headers) -> Common | Rejected:
    """Read a record's event, canonical or a CloudEvent. Never raises on bad input."""
    if not headers:
        return _canonical(value)
    written = canonical_value(value, headers)
    if isinstance(written, Rejected):
        return written
    if written is value:
        return _canonical(value)
    event = decode(written)
    return cloudevents.named_as_sent(event) if isinstance(event, Rejected) else event


def canonical_value(value: bytes | None, headers: Headers) -> bytes | Rejected | None:
    """Give the canonical event of a CloudEvent; of any other record its value itself."""
    if not headers:
        return value
    content_type = _content_type(headers)
    media_type = content_type.partition(";")[0].strip()
    if media_type == BATCH:
        return Rejected("a record holds one CloudEvent, not several", None, "invalid value")
    if media_type == STRUCTURED:
        event = cloudevents.structured(value or b"")
    elif any(name.lower() == "ce_specversion" for name, _ in headers):
        event = _binary(value or b"", headers, content_type)
    else:
        return value
    return event if isinstance(event, Rejected) else cloudevents.canonical_value(event)


def _canonical(value: bytes | None) -> Common | Rejected:
    event = decode(value)
    if isinstance(event, Rejected) and value is not None and b'"specversion"' in value:
        return UNMARKED
    return event


def _binary(value: bytes, headers: Headers, content_type: str) -> CloudEvent | Rejected:
    attributes: dict[str, str] = {}
    for name, text in headers:
        attribute = name.lower().removeprefix(PREFIX)
        if attribute == name.lower() or attribute not in ATTRIBUTES:
            continue
        if attribute in attributes:
            return Rejected("given twice", attribute, "invalid value")
        try:
            attributes[attribute] = (text or b"").decode()
        except UnicodeDecodeError:
            return Rejected("not UTF-8", attribute, "invalid value")
    if value and content_type and not is_json_type(content_type):
        return Rejected(
            f"data of type {content_type!r}: send JSON, as application/json",
            "datacontenttype",
            "invalid value",
        )
    return cloudevents.binary(attributes, value)


def _content_type(headers: Headers) -> str:
    """Give the declared type in lower case; empty if there is none."""
    found = (text for name, text in headers if name.lower() == CONTENT_TYPE)
    return (next(found, None) or b"").decode(errors="replace").strip().lower()
