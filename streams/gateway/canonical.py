"""Parsers of canonical events: one object, an array of objects, or one object per line.

The bytes of each event are forwarded unchanged, so that unknown fields and the exact text of
numbers are preserved.
"""

from collections.abc import Iterator

import msgspec

from streams.events.decode import explained
from streams.gateway.errors import Problem, RequestRejected
from streams.gateway.limits import (
    EVENTS,
    check_shape,
    too_many,
)
from streams.gateway.records import (
    Record,
    all_or_none,
    record,
)

JSON = "application/json"
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})

BLANKS = b" \t\r\n"

_array = msgspec.json.Decoder(list[msgspec.Raw])


def from_json(body: bytes) -> list[Record]:
    """Parse an object or an array of objects. Raises RequestRejected if any is not an event."""
    body = body.strip(BLANKS)
    if body.startswith(b"["):
        return all_or_none(record(bytes(item), n) for n, item in enumerate(items(body), 1))
    return all_or_none([record(body, 1)])


def from_lines(body: bytes) -> list[Record]:
    """Parse one object per line, ignoring blank lines; else as `from_json`."""
    return all_or_none(_lines(body))


def items(body: bytes) -> list[msgspec.Raw]:
    """Split a JSON array into its items, as they are written."""
    check_shape(body)
    try:
        return _array.decode(body)
    except msgspec.ValidationError as error:
        raise RequestRejected("malformed", explained(str(error)).reason) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestRejected("malformed", f"not a JSON array: {error}") from error


def _lines(body: bytes) -> Iterator[Record | Problem]:
    # Blank lines count too, so that the limit bounds the work.
    if body.count(b"\n") > EVENTS:
        raise too_many()
    for number, line in enumerate(body.split(b"\n"), 1):
        if event := line.strip(BLANKS):
            yield record(event, number)
