"""What is owed, what is late, what came in: by hand."""

import pytest

from tests.kpis.story import (
    DAY,
    account,
    credited,
    invoice,
    member,
    paid,
    rate,
    said,
    told,
)


def test_receivables_are_issued_less_paid_and_credited() -> None:
    found = told(
        invoice("03-02 09:00", "1000", due="03-31", rep="ann"),
        paid("03-05 09:00", "300"),
        credited("03-06 09:00", "50"),
        invoice("03-02 09:00", "200", due="03-31", name="invoice-2"),
    )
    assert found["receivables"] == "850.00"
    assert found["receivables", "rep=ann"] == "650.00"
    assert found["receivables", "account=acme"] == "850.00"


def test_receivables_of_a_past_day_are_what_was_owed_at_its_end() -> None:
    found = told(invoice("03-02 09:00", "1000", due="03-31"), paid("03-05 09:00", "300"))
    days = {day: found["receivables", "all", "day", f"2026-03-{day}"] for day in ("02", "05")}
    assert days == {"02": "1000.00", "05": "700.00"}


def test_voided_invoice_was_never_owed_but_its_money_came_in() -> None:
    found = told(
        invoice("03-02 09:00", "1000", due="03-03"),
        paid("03-05 09:00", "1000"),
        said("invoice.voided", "03-06 09:00", subject="acme", invoice="invoice-1"),
    )
    assert not {"receivables", "overdue", "days_to_pay"} & {r["kpi"] for r in found.records}
    assert found["collected"] == "1000.00"


@pytest.mark.parametrize(
    ("now", "late_by_utc", "late_in_tehran"),
    [
        ("2026-03-10T20:29:59.999Z", False, False),
        # Midnight in Tehran, three and a half hours ahead.
        ("2026-03-10T20:30:00Z", False, True),
        ("2026-03-10T23:59:59.999Z", False, True),
        ("2026-03-11T00:00:00Z", True, True),
    ],
)
def test_invoice_is_overdue_when_its_due_day_ends_where_the_firm_reports(
    now: str, late_by_utc: bool, late_in_tehran: bool
) -> None:
    due = invoice("03-02 09:00", "1000", due="03-10")
    assert ("overdue" in told(due, now=now)) is late_by_utc
    assert ("overdue" in told(due, now=now, timezone="Asia/Tehran")) is late_in_tehran


def test_overdue_is_the_part_still_unpaid() -> None:
    found = told(
        invoice("03-02 09:00", "1000", due="03-10", rep="ann"),
        paid("03-05 09:00", "300"),
        paid("03-12 09:00", "500"),
        member("ann", team="north"),
    )
    days = {day: found["overdue", "all", "day", f"2026-03-{day}"] for day in ("11", "12")}
    # 1,000 less 300 before the due day ended, then less 500.
    assert days == {"11": "700.00", "12": "200.00"}
    assert found["overdue", "team=north"] == "200.00"


def test_invoice_paid_in_time_is_never_overdue() -> None:
    found = told(invoice("03-02 09:00", "1000", due="03-10"), paid("03-10 23:59", "1000"))
    assert "overdue" not in found


def test_invoice_overpaid_is_overdue_by_nothing_and_owed_less_than_nothing() -> None:
    found = told(invoice("03-02 09:00", "1000", due="03-10"), paid("03-12 09:00", "1200"))
    assert found["overdue"] == "0.00"
    assert found["receivables"] == "-200.00"


def test_invoice_issued_after_its_due_day_is_overdue_at_once() -> None:
    found = told(invoice("03-12 09:00", "1000", due="03-10"))
    assert found["overdue", "all", "day", "2026-03-12"] == "1000.00"
    assert ("overdue", "all", "day", "2026-03-11") not in found


def test_collected_is_all_money_that_came_in_whatever_for() -> None:
    found = told(
        invoice("02-02 09:00", "1000", due="03-10", rep="ann"),
        paid("02-10 09:00", "300.10"),
        paid("03-05 09:00", "700.20"),
        paid("03-06 09:00", "5", "never issued"),
        credited("03-07 09:00", "50"),
    )
    assert found["collected", "all", "month", "2026-02"] == "300.10"
    assert found["collected"] == "705.20"
    assert found["collected", "rep=ann"] == "700.20"


def test_days_to_pay_run_until_payments_and_credits_cover_the_invoice() -> None:
    found = told(
        invoice("03-02 09:00", "1000", due="03-10"),
        paid("03-05 09:00", "600"),
        credited("03-06 09:00", "100"),
        paid("03-12 09:00", "300"),
        paid("03-14 09:00", "1"),
    )
    # 600 + 100 + 300 covers it on the tenth day after.
    assert found["days_to_pay"] == 10 * DAY
    assert found["days_to_pay", "account=acme"] == 10 * DAY
    assert ("days_to_pay", "all", "day", "2026-03-12") in found


def test_days_to_pay_have_mean_and_nearest_ranks() -> None:
    waits = {"invoice-1": "03-03", "invoice-2": "03-04", "invoice-3": "03-11"}
    record = told(
        *(invoice("03-02 09:00", "10", due="03-10", name=name) for name in waits),
        *(paid(f"{day} 09:00", "10", name) for name, day in waits.items()),
    ).record("days_to_pay")
    assert record is not None
    assert record["value"] == (1 + 2 + 9) * DAY // 3
    assert record["percentiles"]["p50"] == pytest.approx(2 * DAY, rel=0.01)
    assert record["percentiles"]["p90"] == pytest.approx(9 * DAY, rel=0.01)


def test_invoice_only_credited_was_not_paid() -> None:
    found = told(invoice("03-02 09:00", "1000", due="03-10"), credited("03-05 09:00", "1000"))
    assert "days_to_pay" not in found
    assert found["receivables"] == "0.00"


def test_invoice_in_a_foreign_currency_leaves_nothing_behind_when_it_is_paid() -> None:
    found = told(
        invoice("03-02 09:00", "33.33", due="03-10", currency="USD"),
        paid("03-05 09:00", "11.11", currency="USD"),
        paid("03-06 09:00", "22.22", currency="USD"),
        rate("USD", "03-01", "0.8765"),
        rate("USD", "03-06", "0.9999"),
    )
    # Owed at the rate of the issue date: 33.33 x 0.8765 = 29.213745, less 11.11 x 0.8765.
    assert found["receivables", "all", "day", "2026-03-02"] == "29.21"
    assert found["receivables", "all", "day", "2026-03-05"] == "19.48"
    assert found["receivables"] == "0.00"
    # Collected at the rate of each payment's day: 9.737915 and 22.217778.
    assert found["collected", "all", "day", "2026-03-05"] == "9.74"
    assert found["collected", "all", "day", "2026-03-06"] == "22.22"


def test_correction_of_an_invoice_holds_from_its_first_issue_on() -> None:
    found = told(
        invoice("2025-11-01T09:00:00Z", "100", due="12-01", rep="ann"),
        invoice("2025-11-05T09:00:00Z", "80", due="12-01"),
        paid("2025-11-11T09:00:00Z", "80"),
        now="2025-11-20T12:00:00Z",
    )
    assert found["receivables", "all", "day", "2025-11-01"] == "80.00"
    assert found["collected", "rep=ann"] == "80.00"
    assert found["receivables", "rep=ann"] == "0.00"
    assert found["days_to_pay"] == 10 * DAY


def test_corrected_due_day_holds_from_the_first_issue_on() -> None:
    found = told(
        invoice("03-02 09:00", "100", due="03-10"), invoice("03-12 09:00", "100", due="03-18")
    )
    assert ("overdue", "all", "day", "2026-03-12") not in found
    assert found["overdue", "all", "day", "2026-03-19"] == "100.00"


def test_invoice_paid_five_days_before_its_issue_took_no_time() -> None:
    found = told(paid("03-05 09:00", "100"), invoice("03-10 09:00", "100", due="03-31"))
    assert found["days_to_pay"] == 0
    assert found["receivables"] == "0.00"


def test_invoice_issued_again_after_it_was_voided_is_owed() -> None:
    void = said("invoice.voided", "03-05 09:00", subject="acme", invoice="invoice-1")
    found = told(
        invoice("03-02 09:00", "100", due="03-10", rep="ann"),
        void,
        invoice("03-08 09:00", "70", due="03-18"),
        invoice("03-09 09:00", "60", due="03-19"),
    )
    # Of what was before the void nothing is left: neither its instant, nor its rep.
    assert found.scopes("receivables") == {"all", "account=acme"}
    assert ("receivables", "all", "day", "2026-03-05") not in found
    assert found["receivables", "all", "day", "2026-03-08"] == "60.00"
    assert found["overdue", "all", "day", "2026-03-20"] == "60.00"


def test_payment_stays_with_the_rep_of_the_last_issue_when_that_is_voided_too() -> None:
    void = {"subject": "acme", "invoice": "invoice-1"}
    found = told(
        account(rep="bob"),
        invoice("03-02 09:00", "100", due="03-10", rep="ann"),
        said("invoice.voided", "03-05 09:00", **void),
        invoice("03-08 09:00", "70", due="03-18"),
        paid("03-09 09:00", "70"),
        said("invoice.voided", "03-10 09:00", **void),
    )
    assert found.scopes("collected") == {"all", "rep=bob"}


def test_payment_before_a_void_counts_towards_the_invoice_issued_again() -> None:
    found = told(
        invoice("03-02 09:00", "100", due="03-10"),
        paid("03-04 09:00", "40"),
        said("invoice.voided", "03-05 09:00", subject="acme", invoice="invoice-1"),
        invoice("03-08 09:00", "100", due="03-31"),
    )
    assert found["receivables"] == "60.00"
    assert found["collected"] == "40.00"


def test_invoice_without_a_rep_is_its_accounts() -> None:
    found = told(
        account(rep="bob"),
        invoice("03-02 09:00", "100", due="03-10"),
        invoice("03-02 09:00", "7", due="03-31", name="invoice-2", rep="ann"),
        paid("03-04 09:00", "40"),
    )
    assert found["receivables", "rep=bob"] == found["overdue", "rep=bob"] == "60.00"
    assert found["receivables", "rep=ann"] == "7.00"
    assert found["collected", "rep=bob"] == "40.00"


def test_balance_that_is_the_same_after_an_instant_has_no_step_there() -> None:
    found = told(
        invoice("03-02 09:00", "100", due="03-31"),
        paid("03-04 09:00", "30"),
        credited("03-04 09:00", "-30"),
        invoice("03-05 09:00", "70", due="03-31", name="invoice-2"),
        paid("03-05 09:00", "70", name="invoice-2"),
    )
    days = [
        record["start"][:10]
        for record in found.records
        if (record["kpi"], record["window"], record["scope"]) == ("receivables", "day", {})
    ]
    # The second invoice is owed from its issue on, if nothing of it; the rest is of today.
    assert days[:2] == ["2026-03-02", "2026-03-05"]
    assert found["receivables"] == "100.00"
