"""Customers that may leave, and those that should have come back."""

import pytest

from tests.alerts.current import current_alerts, kinds
from tests.kpis.story import Said, said

CHURN = "churn_risk|acme"


def ticket(at: str, kind: str, name: str = "t", **fields: str) -> Said:
    """The account `acme` asks for something."""
    return said("ticket.opened", at, subject="acme", ticket=f"{name}-{at}", kind=kind, **fields)


def order(at: str, product: str | None = "starter", **fields: str) -> Said:
    """The account `acme` orders."""
    named = {"product": product} if product else {}
    return said(
        "order.placed",
        at,
        subject="acme",
        order=f"order-{at}-{product}",
        amount="10",
        currency="EUR",
        **named,
        **fields,
    )


def test_account_is_at_risk_from_the_ticket_that_meets_the_threshold() -> None:
    events = [ticket("03-01 09:00", "complaint"), ticket("03-05 09:00", "contract_question")]
    assert CHURN not in current_alerts(*events, now="03-05 08:59")
    assert current_alerts(*events, now="03-05 09:00")[CHURN]["since"] == "2026-03-05T09:00:00+00:00"


def test_risk_ends_ninety_days_after_the_first_of_its_tickets() -> None:
    events = [ticket("01-01 09:00", "complaint"), ticket("01-05 09:00", "contract_question")]
    # 90 days after 1 January 09:00 is 1 April 09:00: 30 of January, 28, 31, 1.
    assert CHURN in current_alerts(*events, now="04-01 08:59")
    assert CHURN not in current_alerts(*events, now="04-01 09:00")


def test_risk_that_came_back_is_since_it_came_back() -> None:
    events = [
        ticket("01-01 09:00", "closing_request"),
        ticket("04-10 09:00", "closing_request"),
    ]
    assert current_alerts(*events, now="04-15 09:00")[CHURN]["since"] == "2026-04-10T09:00:00+00:00"


def test_risk_names_the_accounts_own_rep() -> None:
    asked = ticket("03-01 09:00", "closing_request", rep="bob")
    assert current_alerts(asked)[CHURN]["rep"] == "bob"
    owned = said("account.set", "01-01 00:00", account="acme", rep="ann")
    assert current_alerts(asked, owned)[CHURN]["rep"] == "ann"


@pytest.mark.parametrize(("now", "holds"), [("03-18 08:59", False), ("03-18 09:00", True)])
def test_reorder_is_due_the_median_interval_after_the_last_order(now: str, holds: bool) -> None:
    # Gaps of 2, 9 and 2 days: due two days after the 14th.
    events = [order(f"03-{day} 09:00") for day in ("01", "03", "12", "14")]
    assert kinds(*events, now="03-16 08:59") == set()
    assert kinds(*events, now="03-16 09:00") == {"reorder_due"}
    # A fifth order: gaps of 2, 9, 2 and 2, and due two days after it.
    assert ("reorder_due" in kinds(*events, order("03-16 09:00"), now=now)) is holds


def test_two_orders_predict_nothing() -> None:
    assert kinds(order("03-01 09:00"), order("03-02 09:00")) == set()


def test_of_four_gaps_the_second_is_the_median() -> None:
    # Gaps of 8, 1, 2 and 4 days: due two days after the 16th.
    events = [order(f"03-{day} 09:00") for day in ("01", "09", "10", "12", "16")]
    assert kinds(*events, now="03-18 08:59") == set()
    assert kinds(*events, now="03-18 09:00") == {"reorder_due"}


def test_next_order_of_the_product_ends_it_and_another_products_does_not() -> None:
    events = [order(f"03-{day} 09:00", rep="ann") for day in ("01", "03", "05")]
    found = current_alerts(*events, order("03-08 09:00", "other"), now="03-09 09:00")
    assert [(key, it["rep"], it["since"][:10]) for key, it in found.items()] == [
        ("reorder_due|acme/starter", "ann", "2026-03-07")
    ]
    assert kinds(*events, order("03-08 09:00"), now="03-09 09:00") == set()


def test_orders_of_no_product_are_grouped() -> None:
    events = [order(f"03-{day} 09:00", None) for day in ("01", "03", "05")]
    assert current_alerts(*events).keys() == {"reorder_due|acme/-"}


def test_cancelled_order_is_no_order() -> None:
    events = [order(f"03-{day} 09:00") for day in ("01", "03", "05")]
    called_off = said(
        "order.cancelled", "03-06 09:00", subject="acme", order="order-03-05 09:00-starter"
    )
    assert kinds(*events, called_off) == set()


def test_orders_of_one_instant_make_none_due() -> None:
    events = [order("03-01 09:00") | {"id": f"o{n}", "order": f"o{n}"} for n in range(3)]
    assert kinds(*events) == set()


def test_account_that_has_been_gone_for_long_is_an_alert_no_more() -> None:
    events = [order(f"03-{day} 09:00") for day in ("01", "03", "05")]
    # Due on 7 March; 90 days later is 5 June: 24 of March, 30, 31, 5.
    assert kinds(*events, now="06-05 08:59") == {"reorder_due"}
    assert kinds(*events, now="06-05 09:00") == set()
