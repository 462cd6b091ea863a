"""What is known of accounts that are one, one fact each."""

from itertools import permutations

from tests.alerts.current import current_alerts
from tests.journeys.wholes import merged
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
