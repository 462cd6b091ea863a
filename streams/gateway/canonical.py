"""Bodies of canonical events: one object, an array of them, or one a line.

The bytes of each event go on as they came, so unknown fields and the exact text of numbers
survive.
"""

from collections.abc import Iterator

import msgspec

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

JSON = frozenset({"application/json"})
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})

BLANKS = b" \t\r\n"

_array = msgspec.json.Decoder(list[msgspec.Raw])


def from_json(body: bytes) -> list[Record]:
    """Read an object or an array of objects; any that is no event refuses them all."""
    body = body.strip(BLANKS)
    if body.startswith(b"["):
        return all_or_none(record(bytes(item), n) for n, item in enumerate(items(body), 1))
    return all_or_none([record(body, 1)])


def from_lines(body: bytes) -> list[Record]:
    """Read one object a line, passing over blank lines; any that is no event refuses them all."""
    return all_or_none(_lines(body))


def items(body: bytes) -> list[msgspec.Raw]:
    """Take a JSON array apart, leaving its items as they are written."""
    check_shape(body)
    try:
        return _array.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestRejected("malformed", f"not a JSON array: {error}") from error


def _lines(body: bytes) -> Iterator[Record | Problem]:
    # Blank lines count too, so that the bound holds for what has to be walked through.
    if body.count(b"\n") > EVENTS:
        raise too_many()
    for number, line in enumerate(body.split(b"\n"), 1):
        if event := line.strip(BLANKS):
            yield record(event, number)
