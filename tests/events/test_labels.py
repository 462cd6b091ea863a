"""Texts that name something have one form; identifiers stay as they are."""

import json

import pytest

from streams.events import Common, Rejected, TargetSet, canonical, decode
from tests.events.wire import least, valid, written

# By type: the fields that name something.
LABELS = {
    "lead.created": "rep channel campaign partner product",
    "lead.assigned": "rep",
    "lead.qualified": "rep reason",
    "call.ended": "rep",
    "email.sent": "rep",
    "deal.changed": "pipeline stage rep product channel partner reason",
    "activity.logged": "rep channel asset",
    "quote.rejected": "rep reason unmet_demand",
    "order.placed": "rep product",
    "invoice.issued": "rep product",
    "ticket.opened": "rep",
    "rep.set": "rep team department unit",
    "account.set": "segment rep",
    "spend.recorded": "campaign channel",
}
each_label = pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, names in LABELS.items() for field in names.split()]
)


def read(kind: str, **fields: object) -> Common:
    found = decode(written(valid(kind) | fields))
    assert not isinstance(found, Rejected), found
    return found


@each_label
@pytest.mark.parametrize(
    ("text", "label"),
    [
        (" Ann ", "Ann"),
        ("\u00a0Ann\t\n", "Ann"),
        ("Mu\u0308ller", "Müller"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ("x" * 100_000, "x" * 199 + "…"),
        (" " * 300 + "e\u0301" * 200, "é" * 200),
    ],
    ids=lambda it: repr(it)[:12],
)
def test_label_is_composed_trimmed_and_cut(kind: str, field: str, text: str, label: str) -> None:
    # Twice: what is normal is remembered.
    assert [getattr(read(kind, **{field: text}), field) for _ in range(2)] == [label, label]


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("deal.changed", "id"),
        ("deal.changed", "subject"),
        ("deal.changed", "deal"),
        ("deal.changed", "account"),
        ("order.placed", "order"),
        ("account.set", "account"),
    ],
)
def test_identifier_stays_as_it_is(kind: str, field: str) -> None:
    for name in (" u\u0308 ", "x" * 512):
        assert getattr(read(kind, **{field: name}), field) == name


def test_scope_of_a_target_is_named_as_facts_are() -> None:
    scopes: tuple[dict[str, str], ...] = (
        {"rep": " Mu\u0308ller"},
        {"account": " u\u0308 "},
        {"media": "paid"},
        {},
    )
    found = [read("target.set", scope=scope) for scope in scopes]
    assert [each.scope for each in found if isinstance(each, TargetSet)] == [
        {"rep": "Müller"},
        {"account": " u\u0308 "},
        {"media": "paid"},
        {},
    ]


def test_required_name_of_a_rep_may_be_empty_where_it_is_no_key() -> None:
    event = decode(written(least("call.ended") | {"rep": "  "}))
    assert isinstance(event, Common)
    assert json.loads(canonical(event))["rep"] == ""
