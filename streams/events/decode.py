"""Decoding and encoding of events; invalid bytes are rejected with reason and field."""

import re
from dataclasses import dataclass
from datetime import UTC
from functools import reduce
from operator import or_

import msgspec

from streams.events.common import Common
from streams.events.registry import EVENT_TYPES

FIRST_YEAR, LAST_YEAR = 1970, 2199
_YEARS = f"not between the years {FIRST_YEAR} and {LAST_YEAR}"
_DATES = {
    kind: names
    for kind in EVENT_TYPES
    if (
        names := tuple(
            {"due", "expected_close", "promised", "date", "start"} & {*kind.__struct_fields__}
        )
    )
}
_FINER = re.compile(rb"(\.[0-9]{6})[0-9]+(?=[Zz+-])")
_ANY = reduce(or_, EVENT_TYPES)
_from_json = msgspec.json.Decoder(_ANY)
_from_state = msgspec.msgpack.Decoder(_ANY)
_sorted = msgspec.json.Encoder(order="sorted")
_to_state = msgspec.msgpack.Encoder()
_MISSING = re.compile(r"missing required field `([^`]+)`")
# For an object in a field, such as a target's scope, the field is at fault.
_PATH = re.compile(r" - at (?:`key` in )?`\$(?:\.|\[\.\.\.\])?([^`]*?)(?:\[\.\.\.\])?`$")


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why some bytes are no event; `field` is the one at fault, if any."""

    reason: str
    field: str | None = None


def decode(value: bytes | None) -> Common | Rejected:
    """Read one JSON object as the event its `type` names. Never raises on bad input.

    Unknown fields are left out; money and rates must be text, times must carry an offset.
    """
    if value is None:
        return Rejected("empty record")
    try:
        event: Common = _from_json.decode(value)
    except msgspec.ValidationError as error:
        return explained(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejected(f"not JSON: {error}")
    if event.at.microsecond % 1000 == 0 and b"999" in value:
        event = floored(event, value)
    return out_of_range(event) or event


def floored(event: Common, value: bytes) -> Common:
    """Undo the rounding of a time finer than a microsecond to the next millisecond."""
    cut: Common = _from_json.decode(_FINER.sub(rb"\1", value))
    return msgspec.structs.replace(event, at=cut.at)


def out_of_range(event: Common) -> Rejected | None:
    """Reject times outside the range of calendars, so that none can stop a worker."""
    if not FIRST_YEAR <= event.at.year <= LAST_YEAR:
        return Rejected(_YEARS, "at")
    for field in _DATES.get(type(event), ()):
        day = getattr(event, field)
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            return Rejected(_YEARS, field)
    return None


def explained(message: str) -> Rejected:
    """Turn the decoder's message into a reason and the field it is about."""
    if missing := _MISSING.search(message):
        return Rejected(f"missing {missing[1]}", missing[1])
    if found := _PATH.search(message):
        reason = message[: found.start()]
        if found[1] == "type":
            reason = reason.replace("Invalid value", "unknown type")
        return Rejected(reason, found[1] or None)
    return Rejected(message)


def canonical(event: Common) -> bytes:
    """Write an event as JSON with sorted fields and UTC, to choose between equals in time."""
    return _sorted.encode(msgspec.structs.replace(event, at=event.at.astimezone(UTC)))


def pack(event: Common) -> bytes:
    """Encode an event for the state topic: equal events give equal bytes."""
    return _to_state.encode(event)


def unpack(value: bytes) -> Common:
    """Decode what `pack` encoded."""
    event: Common = _from_state.decode(value)
    return event
