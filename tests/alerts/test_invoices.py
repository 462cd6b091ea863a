"""Invoices that are late."""

import pytest

from tests.alerts.current import current_alerts, kinds
from tests.kpis.story import (
    credited,
    invoice,
    paid,
    rate,
    said,
)

OVERDUE = "invoice_overdue|acme/invoice-1"
ISSUED = invoice("03-01 09:00", "300", "03-15", rep="bob")


@pytest.mark.parametrize(
    ("now", "holds"), [("2026-03-15T20:29:59.999Z", False), ("2026-03-15T20:30:00Z", True)]
)
def test_invoice_is_overdue_when_its_due_day_has_ended(now: str, holds: bool) -> None:
    assert bool(kinds(ISSUED, now=now, timezone="Asia/Tehran")) is holds


def test_overdue_invoice_names_rep_since_and_what_is_unpaid() -> None:
    alert = current_alerts(ISSUED, paid("03-02 09:00", "100"))[OVERDUE]
    assert (alert["rep"], alert["amount"], alert["currency"]) == ("bob", "200.00", "EUR")
    assert alert["since"] == "2026-03-16T00:00:00+00:00"
    assert alert["rule"] == {}
    assert alert["text"] == (
        "Account acme still owes 200.00 EUR of invoice invoice-1,"
        " overdue since 2026-03-16T00:00:00+00:00."
    )


def test_amount_goes_down_with_each_payment_and_since_stays() -> None:
    events = [ISSUED, paid("03-17 09:00", "100"), credited("03-18 09:00", "50")]
    seen = [
        (alert["amount"], alert["since"][:10])
        for now in ("03-17 08:59", "03-17 09:00", "03-18 09:00")
        for alert in [current_alerts(*events, now=now)[OVERDUE]]
    ]
    assert seen == [("300.00", "2026-03-16"), ("200.00", "2026-03-16"), ("150.00", "2026-03-16")]


def test_paid_invoice_is_overdue_no_more() -> None:
    events = [ISSUED, paid("03-17 09:00", "300")]
    assert OVERDUE in current_alerts(*events, now="03-17 08:59")
    assert OVERDUE not in current_alerts(*events, now="03-17 09:00")


def test_voided_invoice_is_overdue_no_more() -> None:
    assert not kinds(
        ISSUED, said("invoice.voided", "03-17 09:00", subject="acme", invoice="invoice-1")
    )


def test_money_owed_is_an_alert_of_any_age() -> None:
    assert OVERDUE in current_alerts(ISSUED, now="2029-03-01T09:00:00Z")


def test_invoice_without_a_rate_is_overdue_without_an_amount_until_it_is_paid() -> None:
    events = [
        invoice("03-01 09:00", "300", "03-15", currency="USD"),
        paid("03-17 09:00", "100", currency="USD"),
        paid("03-18 09:00", "200", currency="USD"),
    ]
    assert current_alerts(*events, now="03-17 10:00")[OVERDUE]["amount"] is None
    assert OVERDUE not in current_alerts(*events, now="03-18 09:00")


def test_rate_that_comes_later_gives_the_amount() -> None:
    events = [invoice("03-01 09:00", "300", "03-15", currency="USD"), rate("USD", "03-01", "0.5")]
    assert current_alerts(*events)[OVERDUE]["amount"] == "150.00"


def test_invoice_in_two_currencies_without_rates_is_assumed_unpaid() -> None:
    events = [
        invoice("03-01 09:00", "300", "03-15", currency="USD"),
        paid("03-10 09:00", "300", currency="CHF"),
    ]
    assert current_alerts(*events)[OVERDUE]["amount"] is None
