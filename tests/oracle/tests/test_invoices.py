"""Invoices, by hand."""

from typing import Any

from tests.oracle.tests.stories import (
    account,
    event,
    rate,
    reported,
    values,
)

EventDict = dict[str, Any]


def change(kind: str, at: str, amount: str, currency: str = "EUR") -> EventDict:
    """Issue, pay or credit the invoice."""
    fields = {"invoice": "i1", "amount": amount, "currency": currency}
    if kind == "issued":
        fields |= {"due": "2026-03-10", "rep": "ann"}
    return event(f"invoice.{kind}", "acme", at, fields)


ISSUED = change("issued", "2026-03-02T09:00:00Z", "100")
HALF = change("paid", "2026-03-05T09:00:00Z", "60")
REST = change("paid", "2026-03-12T09:00:00Z", "30")
CREDIT = change("credited", "2026-03-13T09:00:00Z", "10")


def test_receivables_fall_with_each_payment_and_credit() -> None:
    found = reported([ISSUED, HALF, REST, CREDIT])
    assert values(found, "receivables|account=acme|day|2026-03-") == {
        "02T00:00:00+00:00": "100.00",
        "05T00:00:00+00:00": "40.00",
        "12T00:00:00+00:00": "10.00",
        "13T00:00:00+00:00": "0.00",
        "20T00:00:00+00:00": "0.00",
    }


def test_only_what_is_unpaid_after_the_due_day_is_overdue() -> None:
    found = reported([ISSUED, HALF, REST, CREDIT])
    assert values(found, "overdue|rep=ann|day|2026-03-") == {
        "11T00:00:00+00:00": "40.00",
        "12T00:00:00+00:00": "10.00",
        "13T00:00:00+00:00": "0.00",
        "20T00:00:00+00:00": "0.00",
    }


def test_overpaid_invoice_is_owed_negatively_and_never_overdue() -> None:
    found = reported([ISSUED, change("paid", "2026-03-05T09:00:00Z", "110")])
    march = "|all|month|2026-03-01T00:00:00+00:00"
    assert found[f"receivables{march}"]["value"] == "-10.00"
    assert not values(found, "overdue")


def test_invoice_overpaid_when_overdue_is_overdue_by_nothing() -> None:
    found = reported([ISSUED, change("paid", "2026-03-12T09:00:00Z", "110")])
    assert values(found, "overdue|all|day|2026-03-") == {
        "11T00:00:00+00:00": "100.00",
        "12T00:00:00+00:00": "0.00",
        "20T00:00:00+00:00": "0.00",
    }


def test_days_to_pay_ends_when_nothing_is_open() -> None:
    found = reported([ISSUED, HALF, REST, CREDIT])
    paid = found["days_to_pay|all|day|2026-03-13T00:00:00+00:00"]
    assert paid["value"] == 11 * 86_400_000
    assert paid["percentiles"] == {"p50": paid["value"], "p90": paid["value"]}


def test_invoice_only_credited_was_never_paid() -> None:
    credit = change("credited", "2026-03-05T09:00:00Z", "100")
    assert not values(reported([ISSUED, credit]), "days_to_pay")


def test_voided_invoice_is_neither_owed_nor_overdue_but_was_collected() -> None:
    voided = event("invoice.voided", "acme", "2026-03-15T09:00:00Z", {"invoice": "i1"})
    found = reported([ISSUED, HALF, voided])
    kpis = {record["kpi"] for record in found.values()}
    assert kpis == {"collected"}
    assert found["collected|rep=ann|day|2026-03-05T00:00:00+00:00"]["value"] == "60.00"


def test_other_currencies_are_converted_at_the_rate_of_the_issue() -> None:
    events = [
        ISSUED,
        change("paid", "2026-03-05T09:00:00Z", "100", "USD"),
        rate("USD", "2026-03-01", "0.5"),
        rate("USD", "2026-03-04", "0.9"),
    ]
    found = reported(events)
    march = "|all|month|2026-03-01T00:00:00+00:00"
    assert found[f"receivables{march}"]["value"] == "50.00"
    assert found[f"collected{march}"]["value"] == "90.00"


def test_invoice_without_a_rate_is_unpriced_but_has_its_days_to_pay() -> None:
    issued = change("issued", "2026-03-02T09:00:00Z", "100", "USD")
    paid = change("paid", "2026-03-12T09:00:00Z", "100", "USD")
    found = reported([issued, paid])
    day = "unpriced_facts|all|day|2026-03-{}T00:00:00+00:00"
    labels = {it: found[day.format(it)]["parts"]["counts"] for it in ("02", "11", "12")}
    assert labels == {
        "02": {"receivables": 1, "customer_lifetime_value": 1},
        "11": {"overdue": 1},
        "12": {"collected": 1},
    }
    assert found["days_to_pay|all|day|2026-03-12T00:00:00+00:00"]["value"] == 10 * 86_400_000


def test_account_with_the_id_of_a_lead_is_another_journey() -> None:
    issued = {**ISSUED, "id": "e1", "subject": "lead-1"}
    created = {**event("lead.created", "lead-1", "2026-03-02T09:00:00Z"), "id": "e1"}
    kpis = {record["kpi"] for record in reported([issued, created]).values()}
    assert {"lead_count", "receivables"} <= kpis


VOIDED = event("invoice.voided", "acme", "2026-03-04T09:00:00Z", {"invoice": "i1"})
MARCH = "|all|month|2026-03-01T00:00:00+00:00"


def test_corrected_amount_holds_from_the_first_issue_on() -> None:
    events = [
        change("issued", "2026-11-01T09:00:00Z", "100"),
        change("issued", "2026-11-05T09:00:00Z", "80"),
        change("paid", "2026-11-11T09:00:00Z", "80"),
    ]
    found = reported(events, "2026-11-20T12:00:00Z")
    november = MARCH.replace("-03-", "-11-")
    assert found[f"collected{november}"]["value"] == "80.00"
    assert found[f"receivables{november}"]["value"] == "0.00"
    assert found[f"days_to_pay{november}"]["value"] == 10 * 86_400_000
    first = found["receivables|all|day|2026-11-01T00:00:00+00:00"]
    assert first["value"] == "80.00"


def test_corrected_due_day_holds_from_the_first_issue_on() -> None:
    later = change("issued", "2026-03-12T09:00:00Z", "100") | {"due": "2026-03-15"}
    assert values(reported([ISSUED, later]), "overdue|all|day|2026-03-") == {
        "16T00:00:00+00:00": "100.00",
        "20T00:00:00+00:00": "100.00",
    }


def test_invoice_paid_before_it_was_issued_took_no_time() -> None:
    issued = change("issued", "2026-03-10T09:00:00Z", "80")
    paid = change("paid", "2026-03-05T09:00:00Z", "80")
    assert reported([issued, paid])[f"days_to_pay{MARCH}"]["value"] == 0


def test_invoice_issued_again_after_it_was_voided_is_owed_since_then() -> None:
    again = [
        change("issued", "2026-03-06T09:00:00Z", "70"),
        change("issued", "2026-03-08T09:00:00Z", "75"),
    ]
    assert not values(reported([ISSUED, VOIDED]), "receivables")
    assert values(reported([ISSUED, VOIDED, *again]), "receivables|all|day|2026-03-") == {
        "06T00:00:00+00:00": "75.00",
        "20T00:00:00+00:00": "75.00",
    }


def test_payment_stays_with_the_rep_of_the_last_issue_when_that_is_voided_too() -> None:
    again = change("issued", "2026-03-06T09:00:00Z", "70") | {"rep": None}
    known = account("2026-01-01T00:00:00Z", {"rep": "bob"})
    paid = change("paid", "2026-03-07T09:00:00Z", "70")
    voided_again = VOIDED | {"id": "again", "at": "2026-03-08T09:00:00Z"}
    for events in ([], [voided_again]):
        found = reported([known, ISSUED, VOIDED, again, paid, *events])
        assert values(found, "collected|rep=bob|month")
        assert not values(found, "collected|rep=ann")


def test_invoice_without_a_rep_is_its_accounts() -> None:
    issued = ISSUED | {"rep": None}
    known = account("2026-01-01T00:00:00Z", {"rep": "bob"})
    found = reported([issued, HALF, known])
    for kpi in ("receivables", "collected", "customer_lifetime_value", "overdue"):
        assert values(found, f"{kpi}|rep=bob|month"), kpi
