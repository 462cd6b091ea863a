"""What is no event is refused with a reason and, where one is to blame, the field."""

from typing import Any

import pytest

from streams.events import Rejected, decode
from tests.events.wire import (
    REQUIRED,
    least,
    valid,
    written,
)

DEAL = written(least("deal.changed"))


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
        (b"null", "got `null`"),
        (b"[]", "got `array`"),
        (b"[" + DEAL + b"]", "got `array`"),
        (b'"deal.changed"', "got `str`"),
        (b"5", "got `int`"),
        (b"[" * 200_000, "got `array`"),
    ],
)
def test_json_that_is_no_object_is_refused(value: bytes | None, reason: str) -> None:
    found = rejected(value)
    assert reason in found.reason
    assert found.field is None


@pytest.mark.parametrize("kind", REQUIRED)
def test_missing_field_is_named(kind: str) -> None:
    for field in least(kind):
        said = least(kind)
        del said[field]
        assert rejected(written(said)) == Rejected(f"missing {field}", field)


@pytest.mark.parametrize("kind", ["deal.chnaged", "Deal.Changed", "", "subject.renamed"])
def test_unknown_type_is_named(kind: str) -> None:
    found = rejected(written(valid("deal.changed") | {"type": kind}))
    assert found.field == "type"
    assert "unknown type" in found.reason
    assert repr(kind) in found.reason


BAD_FIELDS: tuple[tuple[str, str, Any, str], ...] = (
    *(("deal.changed", "at", at, "RFC3339") for at in ("", "yesterday", "2026-03-10", "09:00Z")),
    ("deal.changed", "at", "2026-02-30T09:00:00Z", "RFC3339"),
    ("deal.changed", "at", "2026-03-10T24:00:00Z", "RFC3339"),
    ("deal.changed", "at", "2026-03-10T09:00:00+25:00", "RFC3339"),
    ("deal.changed", "at", "2026-03-10T09:00:00", "timezone"),
    ("deal.changed", "at", 1_700_000_000, "got `int`"),
    ("deal.changed", "at", None, "got `null`"),
    ("deal.changed", "id", "", "length >= 1"),
    ("deal.changed", "id", "x" * 513, "length <= 512"),
    ("deal.changed", "id", 7, "got `int`"),
    ("deal.changed", "subject", "", "length >= 1"),
    ("deal.changed", "subject", None, "got `null`"),
    ("deal.changed", "type", None, "Expected `str`"),
    ("deal.changed", "amount", 12.5, "got `float`"),
    ("deal.changed", "amount", 12, "got `int`"),
    *(
        ("deal.changed", "amount", amount, "matching regex")
        for amount in ("", "1e3", "1,000.00", "+5", " 5", "5.", ".5", "NaN", "٣", "5 EUR", "1.5\n")
    ),
    ("deal.changed", "amount", "9" * 400, "matching regex"),
    *(("deal.changed", "currency", it, "matching regex") for it in ("eur", "EU", "EURO", "EUR\n")),
    ("deal.changed", "status", "closed", "'closed'"),
    ("deal.changed", "status", ["won"], "got `array`"),
    ("deal.changed", "probability", 1.5, "<= 1"),
    ("deal.changed", "probability", -0.1, ">= 0"),
    ("deal.changed", "probability", "0.5", "got `str`"),
    ("deal.changed", "probability", True, "got `bool`"),
    ("deal.changed", "expected_close", "2026-02-30", "date"),
    ("deal.changed", "expected_close", "2026-03-10T00:00:00Z", "date"),
    ("deal.changed", "reason", "x" * 4097, "length <= 4096"),
    ("deal.changed", "reason", {"text": "price"}, "got `object`"),
    ("deal.changed", "source", 5, "got `int`"),
    ("call.ended", "direction", "sideways", "'sideways'"),
    ("call.ended", "outcome", None, "got `null`"),
    ("call.ended", "rep", None, "got `null`"),
    ("call.ended", "cold", 1, "got `int`"),
    ("call.ended", "cold", "true", "got `str`"),
    ("call.ended", "seconds", True, "got `bool`"),
    ("call.ended", "seconds", -1, ">= 0"),
    ("call.ended", "seconds", 1.5, "got `float`"),
    ("call.ended", "seconds", 10**30, "<= 1000000000"),
    ("email.sent", "links", "1", "got `str`"),
    ("email.sent", "email", "", "length >= 1"),
    ("lead.created", "media", "bought", "'bought'"),
    ("activity.logged", "kind", "lunch", "'lunch'"),
    ("activity.logged", "hours", 1.5, "got `float`"),
    ("invoice.issued", "due", "", "date"),
    ("invoice.issued", "amount", None, "got `null`"),
    ("ticket.opened", "kind", "praise", "'praise'"),
    ("rate.set", "rate", 0.9, "got `float`"),
    ("rate.set", "rate", "-1", "matching regex"),
    ("rate.set", "rate", "1.5\n", "matching regex"),
    ("rate.set", "date", "10 March", "date"),
    ("rep.set", "rep", "", "length >= 1"),
    *(("account.set", "potential", it, "matching regex") for it in ("-1", "", "1e6", "1.5\n")),
    ("account.set", "potential", 50_000, "got `int`"),
    ("account.set", "account", "", "length >= 1"),
    ("account.set", "currency", "euro", "matching regex"),
    ("spend.recorded", "amount", "a lot", "matching regex"),
    ("spend.recorded", "currency", None, "got `null`"),
    ("spend.recorded", "media", "bought", "'bought'"),
    ("target.set", "scope", {"rep": "ann", "team": "north"}, "length <= 1"),
    ("target.set", "scope", {"region": "north"}, "'region'"),
    ("target.set", "scope", {"rep": ""}, "length >= 1"),
    ("target.set", "scope", {"rep": None}, "got `null`"),
    ("target.set", "scope", "rep=ann", "got `str`"),
    *(("target.set", "window", it, repr(it)) for it in ("hour", "fortnight", "last_14d", "")),
    ("target.set", "value", 1000, "got `int`"),
    ("target.set", "value", "plenty", "matching regex"),
    ("target.set", "start", "2026-02-30", "date"),
    ("target.set", "start", "0999-01-01", "years"),
    ("target.set", "kpi", "", "length >= 1"),
    ("subject.merged", "into", "", "length >= 1"),
    ("subject.merged", "into", None, "got `null`"),
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
