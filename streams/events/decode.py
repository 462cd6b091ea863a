"""Decoding and encoding of events; invalid bytes are rejected with reason and field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date
from functools import reduce
from operator import or_
from types import MappingProxyType

import msgspec

from streams.events.common import Common
from streams.events.fields import choices
from streams.events.labels import EmptyLabel, clearable, normalised
from streams.events.registry import EVENT_TYPES
from streams.events.rejected import Rejected, RejectionKind

FIRST_YEAR, LAST_YEAR = 1970, 2199
# The magic byte and a schema id of four bytes.
FRAME_HEAD_BYTES = 5
_EMPTY = "must not be empty"
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
_BY_TYPE = {str(kind.__struct_config__.tag): kind for kind in EVENT_TYPES}
_UNKNOWN_VALUE = re.compile(r"unknown value (.*)", re.DOTALL)
_FINER = re.compile(rb"(\.[0-9]{6})[0-9]+(?=[Zz+-])")
_ANY = reduce(or_, EVENT_TYPES)
_from_json = msgspec.json.Decoder(_ANY)
_from_state = msgspec.msgpack.Decoder(_ANY)
_raw_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_CLEARABLE = {str(kind.__struct_config__.tag): clearable(kind) for kind in EVENT_TYPES}
_sorted = msgspec.json.Encoder(order="sorted")
_to_state = msgspec.msgpack.Encoder()
_MISSING = re.compile(r"missing required field `([^`]+)`")
# For an object in a field, such as a target's scope, the field is at fault.
_PATH = re.compile(r" - at (?:`key` in )?`\$(?:\.|\[\.\.\.\])?([^`]*?)(?:\[\.\.\.\])?`$")


class _Tagged(msgspec.Struct):
    """The type of an event that is not valid in another field."""

    type: str


@dataclass(frozen=True, slots=True)
class Form:
    """How a field that holds a text of a certain form is written."""

    name: str
    example: str
    kind: RejectionKind
    note: str = ""


_MONEY = Form("money is written", "1234.50", "invalid money")
_DAY = Form("a date is written", "2026-03-31", "invalid date")
# By field; a test holds that every field with a form is here.
FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "at": Form("a time is written", "2026-03-02T09:15:00+03:30", "invalid time"),
        "amount": _MONEY,
        "potential": Form("money is written", "50000.00", "invalid money", ", without a sign"),
        "value": Form("a target is written", "1234.50", "invalid number"),
        "hours": Form("hours are written", "1.5", "invalid number"),
        "rate": Form("a rate is written", "1.0837", "invalid number", ", greater than 0"),
        "currency": Form("a currency is written", "EUR", "invalid currency", ": its ISO 4217 code"),
        **dict.fromkeys(("due", "expected_close", "promised", "date", "start"), _DAY),
    }
)
_FOUND = {
    "str": "a text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "object": "a JSON object",
    "array": "a JSON array",
}
_EXPECTED = {**_FOUND, "int": "a whole number"}
_SIDES = {">=": "more", "<=": "less"}
_GOT = re.compile(r"Expected `(\w+)(?: \| null)?`, got `(\w+)`")
_BOUND = re.compile(r"Expected `\w+` (>=|<=) ([-0-9.e+]+)")
_LENGTH = re.compile(r"Expected `(\w+)` of length (>=|<=) ([0-9]+)")
_UNKNOWN = re.compile(r"Invalid (?:enum )?value (.*)", re.DOTALL)
_ONLY = re.compile(r"Expected `(\w+)(?: \| null)?`")


def decode(value: bytes | None) -> Common | Rejected:
    """Read one JSON object as the event its `type` names. Never raises on bad input.

    Unknown fields are left out; money and rates must be text, times must carry an offset.
    """
    if value is None:
        return Rejected("empty record", None, "empty record")
    try:
        event: Common = _from_json.decode(value)
    except msgspec.ValidationError as error:
        cleared = with_cleared(value)
        if cleared is not None:
            return decode(cleared)
        return _with_choices(explained(str(error)), value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return frame_rejection(value) or Rejected(f"not JSON: {error}", None, "not JSON")
    if event.at.microsecond % 1000 == 0 and b"999" in value:
        event = floored(event, value)
    try:
        return out_of_range(event) or normalised(event)
    except EmptyLabel as error:
        return Rejected(_EMPTY, str(error), "invalid value")


def _with_choices(rejected: Rejected, value: bytes) -> Rejected:
    """Name the values that a field may have, where it has another one."""
    unknown = _UNKNOWN_VALUE.fullmatch(rejected.reason)
    if unknown is None or rejected.field is None:
        return rejected
    kind = _BY_TYPE.get(msgspec.json.decode(value, type=_Tagged).type)
    fields = msgspec.structs.fields(kind) if kind else ()
    hints = [field.type for field in fields if field.encode_name == rejected.field]
    allowed = sorted({*choices(hints[0])}) if hints else []
    if not allowed:
        return rejected
    *first, last = allowed
    known = f"{', '.join(first)} or {last}" if first else last
    return replace(rejected, reason=f"must be {known}, not {unknown[1]}")


def frame_rejection(value: bytes) -> Rejected | None:
    """Reject the frame of a schema registry's serializer: a zero byte, an id, the content.

    None for any other bytes.
    """
    if len(value) < FRAME_HEAD_BYTES or value[0] != 0:
        return None
    schema = int.from_bytes(value[1:FRAME_HEAD_BYTES])
    reason = f"a schema-registry frame (magic byte 0, schema {schema}): send JSON without a frame"
    return Rejected(reason, None, "schema-registry frame")


def with_cleared(value: bytes) -> bytes | None:
    """Write null for the empty fields of a patch; None where there is nothing to write.

    Only texts can be empty and valid; an amount, a date or a status cannot.
    """
    if b'""' not in value:
        return None
    try:
        fields = _raw_fields.decode(value)
        names = _CLEARABLE.get(msgspec.json.decode(fields["type"]), frozenset())
    except (msgspec.MsgspecError, KeyError, TypeError):
        return None
    empty = [name for name in names & fields.keys() if bytes(fields[name]) == b'""']
    return msgspec.json.encode({**fields, **dict.fromkeys(empty)}) if empty else None


def floored(event: Common, value: bytes) -> Common:
    """Undo the rounding of a time finer than a microsecond to the next millisecond."""
    cut: Common = _from_json.decode(_FINER.sub(rb"\1", value))
    return msgspec.structs.replace(event, at=cut.at)


def out_of_range(event: Common) -> Rejected | None:
    """Reject times outside the range of calendars, so that none can stop a worker."""
    if not FIRST_YEAR <= event.at.year <= LAST_YEAR:
        return Rejected(_YEARS, "at", "out of range")
    for field in _DATES.get(type(event), ()):
        day = getattr(event, field)
        if isinstance(day, date) and not FIRST_YEAR <= day.year <= LAST_YEAR:
            return Rejected(_YEARS, field, "out of range")
    return None


def explained(message: str) -> Rejected:
    """Turn the decoder's message into a reason for people, the field at fault and a kind."""
    if missing := _MISSING.search(message):
        return Rejected(f"missing {missing[1]}", missing[1], "missing field")
    found = _PATH.search(message)
    if found is None:
        return Rejected(_reason(message), None, "not an object")
    field, what = found[1] or None, message[: found.start()]
    if field == "type" and (unknown := _UNKNOWN.fullmatch(what)):
        return Rejected(f"unknown type {unknown[1]}", field, "unknown type")
    form = FORMS.get(field or "")
    if form is None:
        return Rejected(_reason(what), field, "invalid value")
    return Rejected(_form_reason(form, what), field, form.kind)


def _form_reason(form: Form, what: str) -> str:
    """Explain what is wrong with a text that has a form of its own, such as money."""
    if "with a timezone component" in what:
        return f"{form.name} with its offset from UTC, such as {form.example}"
    if found := _GOT.fullmatch(what):
        name, got = form.name.removesuffix(" written"), _FOUND.get(found[2], found[2])
        return f'{name} a text such as "{form.example}", not {got}'
    return f"{form.name} {form.example}{form.note}"


def _reason(what: str) -> str:
    """Explain any other message of the decoder."""
    if found := _GOT.fullmatch(what):
        expected, got = found[1], _FOUND.get(found[2], found[2])
        if (expected, found[2]) == ("int", "float"):
            got = "one with a fraction"
        return f"must be {_EXPECTED.get(expected, expected)}, not {got}"
    if found := _BOUND.fullmatch(what):
        return f"must be {float(found[2]):.0f} or {_SIDES[found[1]]}"
    if found := _LENGTH.fullmatch(what):
        if found[2] == ">=":
            return _EMPTY
        return f"must have at most {found[3]} {'characters' if found[1] == 'str' else 'entry'}"
    if found := _UNKNOWN.fullmatch(what):
        return f"unknown value {found[1]}"
    if found := _ONLY.fullmatch(what):
        return f"must be {_EXPECTED.get(found[1], found[1])}"
    return what.replace("`", "")


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
