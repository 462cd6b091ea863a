"""What is no event is refused with a reason and, where one is to blame, the field."""

from typing import Any, get_args

import msgspec
import pytest

from streams.events import EVENT_TYPES, Rejected, RejectionKind, decode
from streams.events.decode import FORMS
from tests.events.wire import (
    REQUIRED,
    least,
    valid,
    written,
)

DEAL = written(least("deal.changed"))
TIME = "2026-03-02T09:15:00+03:30"


def rejected(value: bytes | None) -> Rejected:
    """Decode what must be refused."""
    found = decode(value)
    assert isinstance(found, Rejected), found
    return found


def with_text(text: bytes) -> bytes:
    """Add a field to a valid deal as raw text."""
    return DEAL[:-1] + b"," + text + b"}"


NOT_JSON = {
    "nothing": b"",
    "blanks": b"  ",
    "words": b"hello",
    "half an object": DEAL[:-1],
    "two objects": DEAL + DEAL,
    "a byte-order mark": b"\xef\xbb\xbf" + DEAL,
    "not UTF-8": with_text(b'"reason":"\xff"'),
    "half a surrogate pair": with_text(b'"reason":"\\ud800 alone"'),
    "not a number": with_text(b'"probability":NaN'),
    "not a number in an unknown field": with_text(b'"unknown":NaN'),
    "a raw control character": with_text(b'"reason":"a\x00b"'),
    "a comma too many": with_text(b""),
    "nesting without end": with_text(b'"unknown":' + b"[" * 200_000),
    "nesting too deep to read": with_text(b'"unknown":' + b"[" * 200_000 + b"]" * 200_000),
}


@pytest.mark.parametrize("what", NOT_JSON)
def test_bytes_that_are_not_json_are_refused(what: str) -> None:
    found = rejected(NOT_JSON[what])
    assert found.reason.startswith("not JSON")
    assert found.field is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty record"),
        (b"null", "must be a JSON object, not null"),
        (b"[]", "must be a JSON object, not a JSON array"),
        (b"[" + DEAL + b"]", "not a JSON array"),
        (b'"deal.changed"', "not a text"),
        (b"5", "not a number"),
        (b"[" * 200_000, "not a JSON array"),
    ],
)
def test_json_that_is_no_object_is_refused(value: bytes | None, reason: str) -> None:
    found = rejected(value)
    assert reason in found.reason
    assert found.field is None


@pytest.mark.parametrize("content", [DEAL, b"\x02\x08lead", b""])
def test_schema_registry_frame_is_named(content: bytes) -> None:
    assert rejected(b"\x00\x00\x00\x01\x02" + content) == Rejected(
        "a schema-registry frame (magic byte 0, schema 258): send JSON without a frame",
        None,
        "schema-registry frame",
    )


def test_a_few_zero_bytes_are_no_frame() -> None:
    assert rejected(b"\x00\x00\x00\x01").kind == "not JSON"


@pytest.mark.parametrize("kind", REQUIRED)
def test_missing_field_is_named(kind: str) -> None:
    for field in least(kind):
        said = least(kind)
        del said[field]
        assert rejected(written(said)) == Rejected(f"missing {field}", field, "missing field")


@pytest.mark.parametrize("kind", ["deal.chnaged", "Deal.Changed", "", "subject.renamed"])
def test_unknown_type_is_named(kind: str) -> None:
    found = rejected(written(valid("deal.changed") | {"type": kind}))
    assert found.field == "type"
    assert "unknown type" in found.reason
    assert repr(kind) in found.reason


BAD_FIELDS: tuple[tuple[str, str, Any, str], ...] = (
    *(
        ("deal.changed", "at", at, f"a time is written {TIME}")
        for at in ("", "yesterday", "2026-03-10", "09:00Z")
    ),
    ("deal.changed", "at", "2026-02-30T09:00:00Z", f"a time is written {TIME}"),
    ("deal.changed", "at", "2026-03-10T24:00:00Z", f"a time is written {TIME}"),
    ("deal.changed", "at", "2026-03-10T09:00:00+25:00", f"a time is written {TIME}"),
    ("deal.changed", "at", "2026-03-10T09:00:00", f"with its offset from UTC, such as {TIME}"),
    ("deal.changed", "at", 1_700_000_000, f'a time is a text such as "{TIME}", not a number'),
    ("deal.changed", "at", None, "not null"),
    ("deal.changed", "id", "", "must not be empty"),
    ("deal.changed", "id", "x" * 513, "at most 512 characters"),
    ("deal.changed", "id", 7, "not a number"),
    ("deal.changed", "subject", "", "must not be empty"),
    ("deal.changed", "subject", None, "not null"),
    ("deal.changed", "type", None, "must be a text"),
    ("deal.changed", "amount", 12.5, 'money is a text such as "1234.50", not a number'),
    ("deal.changed", "amount", 12, 'money is a text such as "1234.50", not a number'),
    *(
        ("deal.changed", "amount", amount, "money is written 1234.50")
        for amount in ("1e3", "1,000.00", "+5", " 5", "5.", ".5", "NaN", "٣", "5 EUR", "1.5\n")
    ),
    ("deal.changed", "amount", "9" * 400, "money is written 1234.50"),
    *(
        ("deal.changed", "currency", it, "a currency is written EUR")
        for it in ("eur", "EU", "EURO", "EUR\n")
    ),
    ("deal.changed", "status", "closed", "'closed'"),
    ("deal.changed", "status", ["won"], "not a JSON array"),
    ("deal.changed", "probability", 1.5, "must be 1 or less"),
    ("deal.changed", "probability", -0.1, "must be 0 or more"),
    ("deal.changed", "probability", "0.5", "not a text"),
    ("deal.changed", "probability", True, "not true or false"),
    ("deal.changed", "expected_close", "2026-02-30", "a date is written 2026-03-31"),
    ("deal.changed", "expected_close", "2026-03-10T00:00:00Z", "a date is written 2026-03-31"),
    ("deal.changed", "deal", "x" * 513, "at most 512 characters"),
    ("deal.changed", "account", "x" * 513, "at most 512 characters"),
    ("deal.changed", "source", "x" * 4097, "at most 4096 characters"),
    ("deal.changed", "seq", -1, "must be 0 or more"),
    ("deal.changed", "seq", "1", "not a text"),
    ("deal.changed", "seq", 1.5, "must be a whole number, not one with a fraction"),
    ("deal.changed", "reason", {"text": "price"}, "not a JSON object"),
    ("deal.changed", "source", 5, "not a number"),
    ("call.ended", "direction", "sideways", "'sideways'"),
    ("call.ended", "outcome", None, "not null"),
    ("call.ended", "rep", None, "not null"),
    ("call.ended", "cold", 1, "not a number"),
    ("call.ended", "cold", "true", "not a text"),
    ("call.ended", "seconds", True, "not true or false"),
    ("call.ended", "seconds", -1, "must be 0 or more"),
    ("call.ended", "seconds", 1.5, "must be a whole number, not one with a fraction"),
    ("call.ended", "seconds", 10**30, "must be 1000000000 or less"),
    ("email.sent", "links", "1", "not a text"),
    ("email.sent", "email", "", "must not be empty"),
    ("lead.created", "media", "bought", "'bought'"),
    ("activity.logged", "kind", "lunch", "'lunch'"),
    ("activity.logged", "hours", 1.5, "not a number"),
    ("invoice.issued", "due", "", "a date is written 2026-03-31"),
    ("invoice.issued", "amount", None, "not null"),
    ("ticket.opened", "kind", "praise", "'praise'"),
    ("rate.set", "rate", 0.9, "not a number"),
    *(
        ("rate.set", "rate", it, "a rate is written 1.0837, greater than 0")
        for it in ("-1", "0", "0.000", "-0", "")
    ),
    ("rate.set", "rate", "1.5\n", "a rate is written 1.0837"),
    ("rate.set", "date", "10 March", "a date is written 2026-03-31"),
    ("rep.set", "rep", "", "must not be empty"),
    ("rep.set", "rep", " \u00a0 ", "must not be empty"),
    *(
        ("account.set", "potential", it, "money is written 50000.00, without a sign")
        for it in ("-1", "1e6", "1.5\n")
    ),
    ("account.set", "potential", 50_000, "not a number"),
    ("account.set", "account", "", "must not be empty"),
    ("account.set", "currency", "euro", "a currency is written EUR"),
    ("spend.recorded", "amount", "a lot", "money is written 1234.50"),
    ("spend.recorded", "currency", None, "not null"),
    ("spend.recorded", "media", "bought", "'bought'"),
    ("target.set", "scope", {"rep": "ann", "team": "north"}, "at most 1 entry"),
    ("target.set", "scope", {"": "north"}, "must not be empty"),
    ("target.set", "scope", {"rep": ""}, "must not be empty"),
    ("target.set", "scope", {"rep": " "}, "must not be empty"),
    ("target.set", "scope", {"rep": None}, "not null"),
    ("target.set", "scope", "rep=ann", "not a text"),
    *(("target.set", "window", it, repr(it)) for it in ("hour", "fortnight", "last_14d", "")),
    ("target.set", "value", 1000, "not a number"),
    ("target.set", "value", "plenty", "a target is written 1234.50"),
    ("target.set", "start", "2026-02-30", "a date is written 2026-03-31"),
    ("target.set", "start", "0999-01-01", "years"),
    ("target.set", "kpi", "", "must not be empty"),
    ("subject.merged", "into", "", "must not be empty"),
    ("subject.merged", "into", None, "not null"),
    ("subject.merged", "topic", "crm.rep", "'crm.rep'"),
    ("subject.erased", "topic", "lead", "'lead'"),
)


@pytest.mark.parametrize(
    ("kind", "field", "value", "reason"), BAD_FIELDS, ids=lambda it: repr(it)[:20]
)
def test_bad_field_is_named_with_what_is_wrong(
    kind: str, field: str, value: object, reason: str
) -> None:
    found = rejected(written(valid(kind) | {field: value}))
    assert found.field == field
    assert reason in found.reason
    assert found.kind in get_args(RejectionKind)
    assert not any(sign in found.reason for sign in ("`", "regex", "RFC", "Expected"))


@pytest.mark.parametrize(
    ("field", "value", "reason", "kind"),
    [
        ("amount", "1,234.50", "money is written 1234.50", "invalid money"),
        ("amount", 1234.5, 'money is a text such as "1234.50", not a number', "invalid money"),
        (
            "at",
            "2026-03-10T09:00:00",
            "a time is written with its offset from UTC, such as 2026-03-02T09:15:00+03:30",
            "invalid time",
        ),
        ("at", "yesterday", "a time is written 2026-03-02T09:15:00+03:30", "invalid time"),
        ("type", "deal.chnaged", "unknown type 'deal.chnaged'", "unknown type"),
        ("status", "closed", "unknown value 'closed'", "invalid value"),
    ],
)
def test_reason_is_for_people_and_its_kind_for_counting(
    field: str, value: object, reason: str, kind: RejectionKind
) -> None:
    found = rejected(written(valid("deal.changed") | {field: value}))
    assert found == Rejected(reason, field, kind)


def test_every_text_with_a_form_has_an_example_of_it() -> None:
    found = set()
    for kind in EVENT_TYPES:
        described = msgspec.inspect.type_info(kind)
        assert isinstance(described, msgspec.inspect.StructType)
        for field in described.fields:
            of = field.type
            parts = of.types if isinstance(of, msgspec.inspect.UnionType) else (of,)
            if any(has_form(part) for part in parts):
                found.add(field.name)
    assert found == set(FORMS)


def has_form(part: msgspec.inspect.Type) -> bool:
    """Return whether a field's type is a time, a date, or a text that has to match a pattern."""
    match part:
        case msgspec.inspect.Metadata():
            return has_form(part.type)
        case msgspec.inspect.StrType():
            return part.pattern is not None
        case msgspec.inspect.DateTimeType() | msgspec.inspect.DateType():
            return True
        case _:
            return False
