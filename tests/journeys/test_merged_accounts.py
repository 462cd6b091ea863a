"""What is known of accounts that are one, one fact each."""

from itertools import permutations

import pytest

from tests.alerts.current import current_alerts
from tests.journeys.wholes import erased, merged
from tests.kpis.story import (
    DAY,
    account,
    invoice,
    ordered,
    ticket,
    told,
)


def test_account_merged_without_topic_owes_and_complains_as_the_survivor() -> None:
    found = told(
        account("a2", rep="bob"),
        invoice("03-10 09:00", "100", "03-31", subject="a1"),
        ticket("03-10 09:00", "complaint", subject="a1"),
        merged("03-12 09:00", "a1", "a2"),
    )
    assert found["receivables"] == "100.00"
    assert found["complaints", "rep=bob"] == 1
    assert found["receivables", "account=a2"] == "100.00"
    assert "account=a1" not in found.scopes("receivables")


def test_what_an_account_lacks_it_knows_of_the_first_merged_one() -> None:
    known = [
        account("b", rep="bob", potential="1000", currency="EUR"),
        account("c", rep="cyd"),
        invoice("03-10 09:00", "100", "03-31", subject="a"),
    ]
    into_a = [merged("03-12 09:00", "c", "a"), merged("03-13 09:00", "b", "a")]
    for events in permutations([*known, *into_a]):
        found = told(*events)
        assert found["receivables", "rep=cyd"] == "100.00"
        assert found["wallet_share", "account=a"] == 0.1
    own = told(*known, *into_a, account("a", rep="ann"))
    assert own["receivables", "rep=ann"] == "100.00"


def test_account_record_of_the_loser_alone_is_known_of_the_survivor() -> None:
    found = told(
        account("a1", rep="bob"),
        invoice("03-10 09:00", "100", "03-31", subject="a2"),
        merged("03-12 09:00", "a1", "a2"),
    )
    assert found["receivables", "rep=bob"] == "100.00"


def test_reorder_that_is_due_is_the_merged_accounts_reps() -> None:
    orders = [ordered(f"02-0{day} 09:00", f"order-{day}") for day in (1, 2, 3)]
    events = [account("a1", rep="bob"), *orders, merged("03-12 09:00", "a1", "acme")]
    (alert,) = current_alerts(*events).values()
    assert (alert["kind"], alert["rep"]) == ("reorder_due", "bob")


def test_circle_of_accounts_orders_owes_and_complains_as_one_whose_rep_is_the_only_one() -> None:
    found = told(
        account("b", rep="bob"),
        *(invoice("03-02 09:00", "10", "03-31", name, subject=name) for name in "abc"),
        ordered("03-02 09:00", subject="a"),
        ordered("03-05 09:00", "order-2", subject="b"),
        ticket("03-03 09:00", "complaint", subject="c"),
        merged("03-10 09:00", "a", "b"),
        merged("03-11 09:00", "b", "c"),
        merged("03-12 09:00", "c", "a"),
    )
    assert found["receivables", "account=a"] == found["receivables", "rep=bob"] == "30.00"
    assert found.scopes("receivables") == {"all", "account=a", "rep=bob"}
    assert found["reorder_interval", "account=a"] == 3 * DAY
    assert found["complaints", "rep=bob"] == 1


@pytest.mark.parametrize("subject", ["a", "b"])
@pytest.mark.parametrize("at", ["03-11 09:00", "03-12 09:00", "03-13 09:00"])
def test_merge_outlives_an_erasure_before_at_and_after_it(subject: str, at: str) -> None:
    events = [
        account("a", rep="ann"),
        merged("03-12 09:00", "a", "b"),
        erased(at, subject),
        invoice("03-14 09:00", "100", "03-31", subject="b"),
    ]
    for order in permutations(events):
        found = told(*order)
        assert found.scopes("receivables") == {"all", "account=b", "rep=ann"}


@pytest.mark.parametrize("subject", ["a", "b", "c"])
def test_merges_of_merges_outlive_the_erasure_of_any_of_them(subject: str) -> None:
    events = [
        account("a", rep="ann"),
        merged("03-11 09:00", "a", "b"),
        merged("03-12 09:00", "b", "c"),
        erased("03-13 09:00", subject),
        invoice("03-14 09:00", "100", "03-31", subject="c"),
    ]
    for order in permutations(events):
        found = told(*order)
        assert found.scopes("receivables") == {"all", "account=c", "rep=ann"}


def test_erased_survivor_owes_nothing_of_before_for_the_merged_accounts_rep() -> None:
    found = told(
        account("a", rep="ann"),
        invoice("03-10 09:00", "30", "03-31", subject="a"),
        invoice("03-10 09:00", "60", "03-31", "invoice-2", subject="b"),
        merged("03-12 09:00", "a", "b"),
        erased("03-13 09:00", "b"),
        invoice("03-14 09:00", "100", "03-31", "invoice-3", subject="a"),
    )
    assert found["receivables"] == found["receivables", "rep=ann"] == "100.00"


def test_merge_that_a_later_one_replaced_ends_though_all_were_erased() -> None:
    found = told(
        account("a", rep="ann"),
        merged("03-11 09:00", "a", "b"),
        erased("03-12 09:00", "a"),
        erased("03-12 09:00", "b"),
        merged("03-13 09:00", "a", "c"),
        invoice("03-14 09:00", "30", "03-31", subject="b"),
        invoice("03-14 09:00", "60", "03-31", "invoice-2", subject="c"),
    )
    assert found["receivables", "rep=ann"] == found["receivables", "account=c"] == "60.00"


def test_circle_of_erased_accounts_has_the_rep_of_any_of_them() -> None:
    events = [
        account("a", rep="ann"),
        merged("03-11 09:00", "a", "b"),
        merged("03-12 09:00", "b", "a"),
        merged("03-13 09:00", "b", "c"),
        merged("03-14 09:00", "c", "b"),
        erased("03-15 09:00", "b"),
    ]
    for last, survivor in (("03-10 09:00", "b"), ("03-16 09:00", "c")):
        again = merged(last, "b", "c")
        owed = invoice("03-17 09:00", "100", "03-31", subject="a")
        found = told(*events, again, owed)
        assert found.scopes("receivables") == {"all", f"account={survivor}", "rep=ann"}


@pytest.mark.parametrize(("first", "rep"), [("a", "ann"), ("z", "zoe")])
def test_of_two_accounts_merged_at_once_under_one_id_the_lesser_name_is_the_first(
    first: str, rep: str
) -> None:
    together = {"id": "1"}
    found = told(
        account(first, rep=rep),
        account("m", rep="mia"),
        merged("03-12 09:00", first, "b") | together,
        merged("03-12 09:00", "m", "b") | together,
        invoice("03-14 09:00", "100", "03-31", subject="b"),
    )
    assert ("receivables", f"rep={rep if first < 'm' else 'mia'}") in found
