"""Subjects merged and erased, by hand."""

from typing import Any

import pytest

from tests.oracle.tests.stories import (
    account,
    call,
    event,
    issued,
    lead,
    reported,
    values,
)

MARCH = "|all|month|2026-03-01T00:00:00+00:00"
CREATED = lead("2026-03-02T09:00:00Z", {"rep": "ann"})
CALLED = call("2026-03-02T09:30:00Z") | {"subject": "lead-2"}


def merged(subject: str, into: str, at: str = "2026-03-05T09:00:00Z") -> dict[str, Any]:
    """Merge a subject into another."""
    return event("subject.merged", subject, at, {"into": into})


def erased(subject: str, at: str) -> dict[str, Any]:
    """Erase a subject."""
    return event("subject.erased", subject, at)


def test_events_of_a_merged_subject_count_as_the_survivors() -> None:
    response = f"response_time{MARCH}"
    assert response not in reported([CREATED, CALLED])
    assert reported([CREATED, CALLED, merged("lead-2", "lead-1")])[response]["value"] == 1_800_000
    assert reported([CREATED, CALLED, merged("lead-1", "lead-2")])[response]["value"] == 1_800_000


def test_later_merge_stands_and_chains_are_followed() -> None:
    events = [
        CREATED,
        CALLED,
        merged("lead-2", "elsewhere", "2026-03-04T09:00:00Z"),
        merged("lead-2", "lead-3", "2026-03-05T09:00:00Z"),
        merged("lead-3", "lead-1", "2026-03-01T09:00:00Z"),
    ]
    assert f"response_time{MARCH}" in reported(events)


def invoiced(account: str, at: str = "2026-03-02T09:00:00Z") -> dict[str, Any]:
    """Invoice an account for 10.00."""
    return issued(at, "10") | {"subject": account, "invoice": account}


def test_circle_of_merges_is_one_subject_that_the_last_of_them_names() -> None:
    circle = [
        merged("one", "two", "2026-03-05T09:00:00Z"),
        merged("two", "three", "2026-03-07T09:00:00Z"),
        merged("three", "one", "2026-03-06T09:00:00Z"),
        merged("before", "one", "2026-03-08T09:00:00Z"),
    ]
    found = reported([*map(invoiced, ("one", "two", "three", "before")), *circle])
    accounts = values(found, "receivables|account=")
    assert {key.partition("|")[0] for key in accounts} == {"three"}
    assert found["receivables|account=three|month|2026-03-01T00:00:00+00:00"]["value"] == "40.00"


def test_erasing_a_member_of_a_circle_erases_all_that_came_by_it() -> None:
    circle = [merged("one", "two"), merged("two", "one", "2026-03-06T09:00:00Z")]
    events = [*map(invoiced, ("one", "two")), *circle, erased("two", "2026-03-09T09:00:00Z")]
    assert not values(reported(events), "receivables")


def test_erasure_reaches_what_was_merged_elsewhere_since() -> None:
    events = [
        invoiced("one"),
        merged("one", "two", "2026-03-05T09:00:00Z"),
        merged("one", "three", "2026-03-06T09:00:00Z"),
    ]
    assert values(reported(events), "receivables|account=three")
    events.append(erased("two", "2026-03-04T09:00:00Z"))
    assert not values(reported(events), "receivables")


def test_merge_and_erasure_of_the_future_have_not_happened() -> None:
    events = [CREATED, CALLED, merged("lead-2", "lead-1", "2026-03-05T09:00:00Z")]
    events.append(erased("lead-1", "2026-03-09T09:00:00Z"))
    response = f"response_time{MARCH}"
    assert response not in reported(events, "2026-03-05T08:59:59Z")
    assert response in reported(events, "2026-03-05T09:00:00Z")
    assert not values(reported(events, "2026-03-09T09:00:00Z"), "response_time")


def test_survivor_has_the_rep_of_the_first_merged_account_where_it_has_none() -> None:
    known = [
        account("2026-01-01T00:00:00Z", {"account": "acme", "segment": "retail"}),
        account("2026-01-02T00:00:00Z", {"account": "later", "rep": "bob"}),
        account("2026-01-03T00:00:00Z", {"account": "first", "rep": "ann", "potential": "100"})
        | {"currency": "EUR"},
        merged("later", "acme", "2026-03-06T09:00:00Z"),
        merged("first", "acme", "2026-03-05T09:00:00Z"),
    ]
    found = reported([invoiced("acme"), *known])
    month = "month|2026-03-01T00:00:00+00:00"
    assert found[f"receivables|rep=ann|{month}"]["value"] == "10.00"
    assert found[f"wallet_share|account=acme|{month}"]["value"] == 0.1
    own = account("2026-01-04T00:00:00Z", {"account": "acme", "rep": "cyd"})
    assert f"receivables|rep=cyd|{month}" in reported([invoiced("acme"), *known, own])


def test_same_id_in_two_subjects_that_became_one_is_two_events() -> None:
    one, other = CALLED | {"id": "e1"}, CALLED | {"id": "e1", "subject": "lead-1"}
    found = reported([CREATED, one, other, merged("lead-2", "lead-1")])
    assert found[f"call_count{MARCH}"]["value"] == 2


@pytest.mark.parametrize(
    ("at", "counted"), [("2026-03-02T09:30:00Z", False), ("2026-03-02T09:29:59.999Z", True)]
)
def test_what_happened_up_to_an_erasure_is_gone(at: str, counted: bool) -> None:
    found = reported([CALLED, erased("lead-2", at)])
    assert (f"call_count{MARCH}" in found) is counted


def test_erasure_of_the_merge_target_erases_what_came_from_others_too() -> None:
    merge = merged("lead-2", "lead-1")
    assert reported([CREATED, CALLED, merge, erased("lead-1", "2026-03-09T09:00:00Z")]) == {}
    loser = reported([CREATED, CALLED, merge, erased("lead-2", "2026-03-09T09:00:00Z")])
    assert f"lead_count{MARCH}" in loser
    assert f"call_count{MARCH}" not in loser


def test_merge_outlives_the_erasure_of_its_subject() -> None:
    again = CALLED | {"id": "c2", "at": "2026-03-10T09:00:00Z"}
    events = [CREATED, CALLED, again, merged("lead-2", "lead-1")]
    found = reported([*events, erased("lead-2", "2026-03-09T09:00:00Z")])
    assert found[f"response_time{MARCH}"]["value"] == 8 * 86_400_000


def test_accounts_and_leads_of_one_name_have_their_own_tombstones() -> None:
    invoice = issued("2026-03-02T09:00:00Z", "10") | {"subject": "lead-2"}
    erasure = erased("lead-2", "2026-03-09T09:00:00Z")
    found = reported([CREATED, CALLED, invoice, erasure | {"topic": "crm.call"}])
    assert f"receivables{MARCH}" in found
    assert f"call_count{MARCH}" not in found
    found = reported([CREATED, CALLED, invoice, erasure | {"topic": "crm.order"}])
    assert f"receivables{MARCH}" not in found
    assert f"call_count{MARCH}" in found


def test_erasure_without_topic_is_of_the_lead_and_of_the_account() -> None:
    invoice = issued("2026-03-02T09:00:00Z", "10") | {"subject": "lead-2"}
    events = [CREATED, CALLED, invoice, erased("lead-2", "2026-03-09T09:00:00Z")]
    found = reported(events)
    assert f"receivables{MARCH}" not in found
    assert f"call_count{MARCH}" not in found


def test_merge_without_topic_is_of_the_lead_and_of_the_account() -> None:
    invoices = [
        issued("2026-03-02T09:00:00Z", "10") | {"subject": subject, "invoice": subject, "id": name}
        for subject, name in (("lead-1", "i1"), ("lead-2", "i2"))
    ]
    found = reported([CREATED, CALLED, *invoices, merged("lead-2", "lead-1")])
    assert found[f"response_time{MARCH}"]["value"] == 1_800_000
    (account,) = [key for key in found if key.startswith("receivables|account=lead-1|month")]
    assert found[account]["value"] == "20.00"


def test_reps_own_efforts_cannot_be_merged() -> None:
    own = CALLED | {"subject": "rep:ann"}
    found = reported([CREATED, own, merged("rep:ann", "lead-1")])
    assert found[f"call_count{MARCH}"]["value"] == 1
    assert not values(found, "response_time")
