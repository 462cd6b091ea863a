"""Do quotes become orders, and what could not be sold: by hand."""

from tests.kpis.story import (
    lead,
    member,
    quoted,
    said,
    told,
)


def test_quote_to_order_is_the_share_of_quotes_sent_that_are_orders_now() -> None:
    found = told(
        lead("03-01 09:00", rep="ann", product="basic"),
        quoted("03-02 09:00"),
        quoted("03-09 09:00", what="ordered", order="order-1"),
        quoted("03-03 09:00", "quote-2", rep="bob"),
        quoted("03-04 09:00", "quote-2", "rejected"),
        quoted("03-05 09:00", "quote-3"),
        member("ann", team="north"),
    )
    assert found.parts("quote_to_order") == {"hits": 1, "total": 3}
    # Quotes 1 and 3 are the lead's rep's.
    assert found["quote_to_order", "rep=ann"] == found["quote_to_order", "team=north"] == 0.5
    assert found["quote_to_order", "rep=bob"] == 0.0
    assert found["quote_to_order", "product=basic"] == 1 / 3
    # It counts on the day it was sent.
    assert ("quote_to_order", "all", "day", "2026-03-09") not in found


def test_quote_is_its_subjects_reps_though_no_lead_was_created() -> None:
    found = told(
        said("lead.assigned", "03-01 09:00", subject="lead-1", rep="ann"),
        quoted("03-02 09:00"),
    )
    assert found.scopes("quote_to_order") == {"all", "rep=ann"}


def test_quote_is_of_its_own_product_else_of_its_subjects() -> None:
    found = told(
        lead("03-01 09:00", product="basic"),
        quoted("03-02 09:00"),
        quoted("03-03 09:00", "quote-2", product="pro"),
        quoted("03-04 09:00", "quote-2", "ordered"),
    )
    assert found["quote_to_order", "product=basic"] == 0.0
    assert found["quote_to_order", "product=pro"] == 1.0


def test_quote_rejected_after_all_is_no_order() -> None:
    sent = quoted("03-02 09:00")
    later = quoted("03-09 09:00", what="ordered"), quoted("03-10 09:00", what="rejected")
    assert told(sent, *later)["quote_to_order"] == 0.0
    assert told(sent, *later, quoted("03-11 09:00", what="ordered"))["quote_to_order"] == 1.0


def test_quote_counts_when_it_was_first_sent() -> None:
    found = told(quoted("03-05 09:00"), quoted("02-05 09:00"))
    assert "quote_to_order" not in found
    assert found.parts("quote_to_order", "all", "month", "2026-02") == {"hits": 0, "total": 1}


def test_quote_that_was_never_sent_is_not_asked_whether_it_became_an_order() -> None:
    found = told(
        quoted("03-05 09:00", what="ordered"),
        quoted("03-05 09:00", "quote-2", "rejected", unmet_demand="red"),
    )
    assert "quote_to_order" not in found
    assert found.parts("unmet_demand") == {"red": 1}


def test_unmet_demand_is_counted_by_what_was_wanted() -> None:
    found = told(
        quoted("03-02 09:00", rep="ann"),
        quoted("03-03 09:00", what="rejected", unmet_demand="red"),
        quoted("03-03 09:00", "quote-2", "rejected", unmet_demand="red", subject="lead-2"),
        quoted("03-04 09:00", "quote-3", "rejected"),
        quoted("03-05 09:00", "quote-4", unmet_demand="blue"),
        quoted("03-06 09:00", "quote-4", "ordered"),
    )
    assert found["unmet_demand"] == 3
    assert found.parts("unmet_demand") == {"red": 2, "unknown": 1}
    assert found.parts("unmet_demand", "rep=ann") == {"red": 1}


def test_demand_is_the_one_named_last_wherever_it_was_named() -> None:
    found = told(
        quoted("03-02 09:00", unmet_demand="red"),
        quoted("03-04 09:00", what="rejected", unmet_demand="blue"),
        quoted("03-03 09:00", what="sent", unmet_demand="green"),
        quoted("03-02 09:00", "quote-2", unmet_demand="red"),
        quoted("03-03 09:00", "quote-2", "rejected"),
    )
    assert found.parts("unmet_demand") == {"blue": 1, "red": 1}


def test_rejection_counts_when_its_last_run_began() -> None:
    found = told(
        quoted("03-05 09:00", what="rejected"),
        quoted("03-06 09:00", what="ordered"),
        quoted("03-07 09:00", what="rejected"),
        # Sending it again is neither an order nor a rejection.
        quoted("03-08 09:00"),
        quoted("03-09 09:00", what="rejected", unmet_demand="red"),
    )
    assert found.parts("unmet_demand", "all", "day", "2026-03-07") == {"red": 1}
    assert found["unmet_demand"] == 1


def test_corrected_quote_is_another_quote() -> None:
    first = quoted("03-02 09:00", what="rejected", rep="ann")
    found = told(first, quoted("03-02 10:00", what="ordered", rep="ann") | {"id": first["id"]})
    assert "unmet_demand" not in found
