"""Reading a body by its format."""

from typing import Any

from streams.sources.bodies import json_text, xml_text
from streams.sources.bodies.forms import flat, nested
from streams.sources.bodies.layout import Layout
from streams.sources.bodies.limits import BadBody

_READ = b'{"_read":'
_BLANKS = b" \t\r\n"


def record_read(kind: str, record: bytes) -> bytes:
    """Give the body of a delivery that holds a record read by [api]: a JSON object.

    Raises BadBody if the record is none.
    """
    text = record.strip(_BLANKS)
    if not isinstance(json_text.parsed(text), dict):
        raise BadBody("not a JSON object")
    inner = text[1:].strip(_BLANKS)
    kept = b"" if inner == b"}" else b","
    return b"%b%b%b%b" % (_READ, json_text.written(kind), kept, inner)


def is_read(body: bytes) -> bool:
    """Whether a body is one that `record_read` gave."""
    return body.startswith(_READ)


def whole(layout: Layout, body: bytes) -> Any:
    """Read the whole body as its layout says. Raises BadBody."""
    match layout.format:
        case "json":
            return json_text.parsed(body)
        case "form":
            return flat(body)
        case "brackets" | "entities":
            return nested(body)
        case "soap":
            return xml_text.parsed(body)
        case "json-in-form":
            return _inside(flat(body), layout.field)
        case _:
            return _recognised(body)


def _inside(form: dict[str, Any], field: str) -> Any:
    text = form.get(field)
    if not isinstance(text, str):
        raise BadBody(f"the form has no field {field}")
    return json_text.parsed(text)


def _recognised(body: bytes) -> Any:
    """Read a body of any format, which its first character tells."""
    first = body.strip(_BLANKS)[:1]
    if first in (b"{", b"["):
        return json_text.parsed(body)
    return xml_text.parsed(body) if first == b"<" else nested(body)
