"""What the topics hold of an event: fields are compared, whatever the ids."""

import json
from typing import Any

import pytest

from streams.events import Common, Rejected, decode
from streams.operations.sources.pulling.held import HeldEvents


def event(type_: str, at: int, id_: str = "e", **fields: Any) -> Common:
    """An event of the subject `s` at some minute."""
    values = {"type": type_, "id": id_, "at": f"2026-05-01T10:{at:02}:00Z", "subject": "s"}
    found = decode(json.dumps({**values, **fields}).encode())
    assert not isinstance(found, Rejected), found
    return found


def deal(at: int, id_: str = "e", **fields: Any) -> Common:
    return event("deal.changed", at, id_, deal="7", **fields)


def held(*events: Common) -> HeldEvents:
    found = HeldEvents()
    for each in events:
        found.add(each)
    return found


def test_nothing_is_held_of_a_deal_without_events() -> None:
    assert not held().has(deal(5))


def test_patches_that_give_the_same_state_are_held() -> None:
    found = held(deal(1, "a", stage="new", amount="10.00"), deal(2, "b", stage="won"))
    assert found.has(deal(5, "read", stage="won", amount="10.00"))


def test_amount_is_a_number_however_it_is_written() -> None:
    assert held(deal(1, "a", amount="12.50")).has(deal(5, "read", amount="12.5"))


def test_other_value_is_not_held() -> None:
    assert not held(deal(1, "a", stage="new")).has(deal(5, "read", stage="won"))


def test_value_that_a_later_patch_has_replaced_is_held() -> None:
    found = held(deal(1, "a", stage="new"), deal(9, "b", stage="won"))
    assert found.has(deal(5, "read", stage="new"))


def test_value_is_held_where_a_clock_that_runs_ahead_has_set_it() -> None:
    assert held(deal(9, "a", stage="won")).has(deal(5, "read", stage="won"))


def test_order_of_adding_does_not_matter() -> None:
    found = held(deal(2, "b", stage="won"), deal(1, "a", stage="new"))
    assert not found.has(deal(5, "read", stage="new"))


def test_field_that_was_cleared_and_one_never_given_are_one() -> None:
    assert held(deal(1, "a", stage="new")).has(deal(5, "read", stage="new", amount=None))


def test_field_that_was_to_be_cleared_is_not_held() -> None:
    assert not held(deal(1, "a", amount="5.00")).has(deal(5, "read", amount=None))


def test_other_deal_of_the_subject_is_another() -> None:
    other = event("deal.changed", 1, deal="8", stage="new")
    assert not held(other).has(deal(5, stage="new"))


def test_deal_that_was_deleted_since_lacks_its_revival() -> None:
    deleted = event("deal.deleted", 2, deal="7")
    assert not held(deal(1, "a", stage="new"), deleted).has(deal(5, "read", stage="new"))


def test_deletion_is_held_whatever_its_id_and_time() -> None:
    deleted = event("deal.deleted", 9, "webhook", deal="7")
    assert held(deal(1), deleted).has(event("deal.deleted", 5, "read", deal="7"))


def test_invoice_that_was_changed_without_effect_is_held() -> None:
    fields = {"invoice": "i", "amount": "5.00", "currency": "EUR", "due": "2026-06-01"}
    assert held(event("invoice.issued", 1, "a", **fields)).has(
        event("invoice.issued", 7, "b", **fields)
    )


def test_call_with_the_same_id_and_fields_is_held() -> None:
    fields = {"rep": "ann", "direction": "outbound", "outcome": "connected"}
    found = held(event("call.ended", 1, "c1", **fields))
    assert found.has(event("call.ended", 2, "c1", **fields))
    assert found.has(event("call.ended", 1, "c2", **fields))
    assert not found.has(event("call.ended", 2, "c2", **fields))
    assert not found.has(event("call.ended", 2, "c1", **{**fields, "rep": "bob"}))


def test_event_that_a_newer_one_of_its_id_makes_void_is_held() -> None:
    found = held(event("subject.merged", 5, "m", into="a"))
    assert found.has(event("subject.merged", 4, "m", into="b"))


def test_merge_that_was_taken_back_and_made_again_is_not_held() -> None:
    found = held(
        event("subject.merged", 1, "m", into="a"), event("subject.merged", 2, "m", into="s")
    )
    assert not found.has(event("subject.merged", 3, "m", into="a"))


def test_lead_that_is_still_qualified_is_held() -> None:
    found = held(event("lead.qualified", 1, "a"))
    assert found.has(event("lead.qualified", 5, "read"))
    found.add(event("lead.disqualified", 3, "b", reason="budget"))
    assert not found.has(event("lead.qualified", 5, "read"))
    assert not found.has(event("lead.disqualified", 5, "read", reason="other"))


def test_rep_of_a_lead_may_have_come_with_an_assignment() -> None:
    found = held(
        event("lead.created", 1, "a", rep="ann", channel="web"),
        event("lead.assigned", 2, "b", rep="bob"),
    )
    assert found.has(event("lead.created", 1, "a", rep="ann", channel="web"))
    assert found.has(event("lead.assigned", 5, "read", rep="bob"))
    assert not found.has(event("lead.assigned", 5, "read", rep="cid"))
    assert not found.has(event("lead.created", 1, "a", rep="ann", channel="fair"))


@pytest.mark.parametrize(
    "written",
    [
        deal(5, "read", stage="won", amount=None),
        event("call.ended", 5, "c", rep="a", direction="outbound", outcome="busy"),
        event("lead.created", 5, "l", rep="a"),
        event("deal.deleted", 5, "d", deal="7"),
        event("subject.merged", 5, "m", into="a"),
        event("lead.assigned", 5, "m", rep=None),
    ],
)
def test_what_was_written_is_held(written: Common) -> None:
    assert held(written).has(written)
