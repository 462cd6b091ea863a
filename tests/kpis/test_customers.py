"""What customers are worth, whether they come back, and who may leave: by hand."""

from tests.kpis.story import (
    DAY,
    account,
    credited,
    delivered,
    invoice,
    member,
    ordered,
    paid,
    rate,
    said,
    ticket,
    told,
)

BILLED = (
    invoice("03-02 09:00", "1000", due="03-31", rep="ann", product="basic"),
    credited("03-06 09:00", "100"),
    paid("03-07 09:00", "900"),
    invoice("03-03 09:00", "500", due="03-31", name="invoice-2", subject="bolt", rep="bob"),
)


def test_lifetime_value_is_what_customers_were_billed_less_credits_on_average() -> None:
    found = told(*BILLED)
    assert found["customer_lifetime_value"] == "700.00"
    assert found.parts("customer_lifetime_value") == {"numerator": 140_000, "denominator": 2}
    assert found["customer_lifetime_value", "rep=ann"] == "900.00"
    assert found["customer_lifetime_value", "product=basic"] == "900.00"
    days = {
        day: found["customer_lifetime_value", "all", "day", f"2026-03-{day}"]
        for day in ("02", "03", "06")
    }
    # One customer, two, and the credit; the payment changes nothing.
    assert days == {"02": "1000.00", "03": "750.00", "06": "700.00"}
    assert ("customer_lifetime_value", "all", "day", "2026-03-07") not in found


def test_lifetime_value_goes_on_from_before_and_has_none_before_the_first_invoice() -> None:
    found = told(*BILLED, now="04-20 12:00")
    assert found["customer_lifetime_value"] == "700.00"
    march = found.record("customer_lifetime_value", "all", "month", "2026-03")
    assert march is not None
    assert (march["previous"], march["change"]) == (None, None)
    assert march["unit"] == "money:EUR"


def test_customer_of_several_reps_and_products_counts_once_for_each_and_once_for_all() -> None:
    found = told(
        invoice("03-02 09:00", "1000", due="03-31", rep="ann", product="basic"),
        invoice("03-03 09:00", "300", due="03-31", name="invoice-2", rep="bob", product="basic"),
        invoice("03-04 09:00", "200", due="03-31", name="invoice-3", rep="ann"),
    )
    assert found.parts("customer_lifetime_value") == {"numerator": 150_000, "denominator": 1}
    assert found["customer_lifetime_value", "rep=ann"] == "1200.00"
    assert found["customer_lifetime_value", "rep=bob"] == "300.00"
    assert found["customer_lifetime_value", "product=basic"] == "1300.00"


def test_customer_with_a_late_first_invoice_has_been_one_since() -> None:
    found = told(*BILLED, invoice("02-02 09:00", "50", due="03-31", name="invoice-0"))
    assert found["customer_lifetime_value", "all", "month", "2026-02"] == "50.00"
    # (950 + 500) / 2
    assert found["customer_lifetime_value"] == "725.00"


def test_corrected_invoice_is_billed_once() -> None:
    first = invoice("03-02 09:00", "1000", due="03-31")
    found = told(first, invoice("03-02 10:00", "800", due="03-31") | {"id": first["id"]})
    assert found["customer_lifetime_value"] == "800.00"


def test_voided_invoice_makes_no_customer() -> None:
    void = said("invoice.voided", "03-06 09:00", subject="bolt", invoice="invoice-2")
    assert told(*BILLED, void)["customer_lifetime_value"] == "900.00"


def test_lifetime_value_is_rounded_half_up_to_a_minor_unit() -> None:
    found = told(
        invoice("03-02 09:00", "100.01", due="03-31"),
        invoice("03-03 09:00", "100", due="03-31", name="invoice-2", subject="bolt"),
    )
    # 10,000.5 cents.
    assert found["customer_lifetime_value"] == "100.01"


def test_lifetime_value_is_at_the_issue_dates_rate() -> None:
    found = told(
        invoice("03-02 09:00", "1000", due="03-31", currency="USD"),
        credited("03-06 09:00", "100"),
        rate("USD", "03-01", "0.5"),
        rate("USD", "03-06", "0.9"),
    )
    assert found["customer_lifetime_value"] == "400.00"


def test_invoice_without_a_rate_makes_no_customer_and_a_payment_without_one_no_difference() -> None:
    found = told(
        invoice("03-02 09:00", "1000", due="03-31", currency="XOF"),
        invoice("03-03 09:00", "500", due="03-31", name="invoice-2", subject="bolt"),
        paid("03-04 09:00", "5", "invoice-2", subject="bolt", currency="XOF"),
    )
    assert found["customer_lifetime_value"] == "500.00"
    assert found.parts("unpriced_facts")["customer_lifetime_value"] == 1


def test_complaints_are_the_tickets_reps_else_the_accounts() -> None:
    found = told(
        ticket("03-02 09:00", "complaint"),
        ticket("03-03 09:00", "complaint", "ticket-2", rep="bob"),
        ticket("03-04 09:00", "complaint", "ticket-3", subject="bolt"),
        ticket("03-05 09:00", "contact", "ticket-4"),
        account(rep="ann"),
        member("ann", team="north"),
    )
    assert found["complaints"] == 3
    assert found["complaints", "rep=ann"] == found["complaints", "team=north"] == 1
    assert found["complaints", "rep=bob"] == 1


def test_account_that_changes_rep_brings_its_complaints_along() -> None:
    found = told(
        ticket("03-02 09:00", "complaint"),
        account(rep="ann"),
        account(rep="bob", at="03-10 09:00"),
    )
    assert found.scopes("complaints") == {"all", "rep=bob"}


def test_ticket_that_is_opened_again_stands_as_it_was_last() -> None:
    found = told(
        ticket("03-09 09:00", "contact"),
        ticket("02-02 09:00", "complaint"),
        ticket("02-02 10:00", "complaint", "ticket-2"),
    )
    assert found["complaints", "all", "month", "2026-02"] == 1


ANGRY = (ticket("03-01 09:00", "complaint"), ticket("03-05 09:00", "contract_question", "ticket-2"))


def test_account_may_leave_once_its_tickets_weigh_five() -> None:
    found = told(*ANGRY, ticket("03-05 09:00", "complaint", subject="bolt"))
    # 3 on the 1st, 3 + 2 on the 5th; the other account has 3.
    assert ("churn_risk", "all", "day", "2026-03-01") not in found
    assert found["churn_risk", "all", "day", "2026-03-05"] == 1
    assert found["churn_risk"] == 1


def test_account_is_at_risk_no_longer_ninety_days_after_without_any_event() -> None:
    # The complaint of 1 March, 09:00, is 90 days old on 30 May, 09:00.
    assert told(*ANGRY, now="2026-05-30T08:59:59.999Z")["churn_risk"] == 1
    gone = told(*ANGRY, now="05-30 09:00")
    assert gone["churn_risk"] == gone["churn_risk", "all", "day", "2026-05-30"] == 0
    assert gone["churn_risk", "all", "day", "2026-03-05"] == 1


def test_late_ticket_makes_the_account_a_risk_when_it_was_opened() -> None:
    found = told(*ANGRY, ticket("02-20 09:00", "contract_question", "ticket-0"))
    assert found["churn_risk", "all", "day", "2026-03-01"] == 1
    assert ("churn_risk", "all", "day", "2026-03-05") not in found


def test_tickets_of_one_instant_weigh_together() -> None:
    # The first is forgotten in the very instant in which the second is opened.
    found = told(
        ticket("01-10 09:00", "closing_request"),
        ticket("04-10 09:00", "closing_request", "ticket-2"),
        now="04-20 12:00",
    )
    assert found["churn_risk"] == 1
    assert ("churn_risk", "all", "day", "2026-04-10") not in found


def test_risk_is_the_accounts_reps_else_the_latest_reps_that_a_ticket_names() -> None:
    named = ticket("03-06 09:00", "contact", "ticket-3", rep="bob")
    later = ticket("03-07 09:00", "contact", "ticket-4")
    found = told(*ANGRY, named, later, member("bob", team="south"))
    assert found.scopes("churn_risk") == {"all", "rep=bob", "team=south"}
    owned = told(*ANGRY, named, account(rep="ann"))
    assert owned.scopes("churn_risk") == {"all", "rep=ann"}
    assert told(*ANGRY).scopes("churn_risk") == {"all"}


def test_weights_and_threshold_are_settings() -> None:
    assert "churn_risk" not in told(*ANGRY, churn_threshold=6)
    light = {"complaint": 1, "contact": 9}
    assert "churn_risk" not in told(*ANGRY, churn_weights=light)
    assert told(*ANGRY, churn_weights=light, churn_threshold=1)["churn_risk"] == 1


ORDERS = (
    ordered("03-01 09:00", "order-1", product="basic"),
    ordered("03-04 09:00", "order-2", product="large"),
    ordered("03-10 09:00", "order-3", product="basic"),
)


def test_reorder_interval_is_from_one_order_to_the_next() -> None:
    found = told(*ORDERS, ordered("03-09 09:00", "order-9", subject="bolt"))
    # 3 days, then 6; the other account has ordered but once.
    assert found["reorder_interval"] == found["reorder_interval", "account=acme"] == 4.5 * DAY
    assert found["reorder_interval", "all", "day", "2026-03-04"] == 3 * DAY
    record = found.record("reorder_interval")
    assert record is not None
    assert abs(record["percentiles"]["p50"] - 3 * DAY) * 100 <= 3 * DAY


def test_reorder_interval_of_a_product_is_between_its_own_orders() -> None:
    found = told(*ORDERS)
    assert found["reorder_interval", "product=basic"] == 9 * DAY
    assert found.scopes("reorder_interval") == {"all", "account=acme", "product=basic"}


def test_late_order_parts_an_interval_and_a_cancelled_one_joins_two() -> None:
    late = told(*ORDERS, ordered("03-06 09:00", "order-0"))
    # 3, 2 and 4 days.
    assert late["reorder_interval"] == 3 * DAY
    joined = told(*ORDERS, delivered("03-05 09:00", "order-2", "cancelled"))
    assert joined["reorder_interval"] == 9 * DAY


def test_corrected_order_was_placed_when_it_first_was() -> None:
    found = told(*ORDERS[:2], ordered("03-05 09:00", "order-2", product="basic"))
    assert found["reorder_interval"] == 3 * DAY
    # What later events carry holds from then on.
    assert found["reorder_interval", "product=basic"] == 3 * DAY


def test_order_placed_again_after_its_cancellation_was_placed_then() -> None:
    found = told(
        ordered("03-01 09:00", "order-1"),
        ordered("03-02 09:00", "order-2", product="large"),
        delivered("03-03 09:00", "order-2", "cancelled"),
        ordered("03-05 09:00", "order-2"),
        ordered("03-06 09:00", "order-2"),
    )
    assert found["reorder_interval"] == 4 * DAY


def test_orders_of_one_instant_are_no_time_apart() -> None:
    found = told(ordered("03-01 09:00", "order-1"), ordered("03-01 09:00", "order-2"))
    assert found["reorder_interval"] == 0
