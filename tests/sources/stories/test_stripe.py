"""Stripe's invoices as its events tell of them, and as canonical events."""

from typing import Any

import pytest

from streams.sources.delivery import Delivery
from tests.kpis.story import credited, invoice, paid, said
from tests.sources.stories.comparing import check_same, seconds, single
from tests.sources.translated import delivery, outcome

ACME = "stripe:customer:cus_1"
BASIL, OLD = "2026-05-27.dahlia", "2024-06-20"


def sent(number: int, kind: str, at: str, thing: dict[str, Any], version: str = BASIL) -> Delivery:
    """An event with the snapshot of what it is about."""
    event = {"id": f"evt_{number}", "object": "event", "api_version": version}
    return delivery(
        "stripe", event | {"type": kind, "created": seconds(at), "data": {"object": thing}}
    )


def bill(name: str, total: int, due: str | None = "03-31 12:00", **fields: Any) -> dict[str, Any]:
    """The snapshot of an invoice to Acme, in cents."""
    usual = {
        "id": name,
        "object": "invoice",
        "customer": "cus_1",
        "currency": "eur",
        "total": total,
        "amount_paid": 0,
        "due_date": due and seconds(due),
        "status_transitions": {"finalized_at": None, "paid_at": None},
        "metadata": {"rep": "ann"},
    }
    return usual | fields


def part(name: str, of: str, amount: int, at: str) -> dict[str, Any]:
    """The snapshot of one payment of an invoice: it does not know the customer."""
    return {
        "id": name,
        "object": "invoice_payment",
        "invoice": of,
        "currency": "eur",
        "amount_paid": amount,
        "status": "paid",
        "status_transitions": {"paid_at": seconds(at)},
    }


def note(name: str, of: str, amount: int, at: str) -> dict[str, Any]:
    """The snapshot of a credit note."""
    return {
        "id": name,
        "object": "credit_note",
        "invoice": of,
        "customer": "cus_1",
        "currency": "eur",
        "amount": amount,
        "created": seconds(at),
    }


STORY = [
    sent(1, "invoice.created", "03-01 09:00", bill("in_1", 125_050)),
    sent(2, "invoice.finalized", "03-02 09:00", bill("in_1", 125_050)),
    sent(3, "invoice_payment.paid", "03-10 09:00", part("inpay_1", "in_1", 40_000, "03-10 09:00")),
    sent(4, "credit_note.created", "03-12 09:00", note("cn_1", "in_1", 5_050, "03-12 09:00")),
    sent(5, "invoice_payment.paid", "04-20 09:00", part("inpay_2", "in_1", 80_000, "04-20 09:00")),
    sent(6, "invoice.paid", "04-20 09:00", bill("in_1", 125_050, amount_paid=120_000)),
    sent(7, "invoice.finalized", "03-05 09:00", bill("in_2", 20_000)),
    sent(8, "invoice.voided", "03-06 09:00", bill("in_2", 20_000)),
    sent(9, "invoice.finalized", "03-07 09:00", bill("in_3", 30_000)),
    sent(10, "credit_note.created", "03-08 09:00", note("cn_2", "in_3", 30_000, "03-08 09:00")),
    sent(11, "credit_note.voided", "03-09 09:00", note("cn_2", "in_3", 30_000, "03-08 09:00")),
]
CANONICAL = [
    invoice("03-02 09:00", "1250.50", "03-31", "in_1", subject=ACME, rep="ann"),
    paid("03-10 09:00", "400", "in_1", subject=ACME),
    credited("03-12 09:00", "50.50", "in_1") | {"subject": ACME},
    paid("04-20 09:00", "800", "in_1", subject=ACME),
    invoice("03-05 09:00", "200", "03-31", "in_2", subject=ACME, rep="ann"),
    said("invoice.voided", "03-06 09:00", subject=ACME, invoice="in_2"),
    invoice("03-07 09:00", "300", "03-31", "in_3", subject=ACME, rep="ann"),
    credited("03-09 09:00", "0", "in_3") | {"subject": ACME},
]


def test_invoices_give_the_kpis_of_the_same_invoices_as_canonical_events() -> None:
    check_same("stripe", STORY, CANONICAL)


def test_invoice_of_an_older_version_is_paid_at_once() -> None:
    old: dict[str, Any] = {"charge": None}
    settled: dict[str, Any] = {"charge": "ch_1", "amount_paid": 125_050}
    times: dict[str, Any] = {"status_transitions": {"paid_at": seconds("03-10 09:00")}}
    story = [
        sent(1, "invoice.finalized", "03-02 09:00", bill("in_1", 125_050, **old), OLD),
        sent(2, "invoice.paid", "03-10 09:00", bill("in_1", 125_050, **settled, **times), OLD),
        sent(3, "invoice.payment_succeeded", "03-10 09:00", bill("in_1", 125_050, **settled), OLD),
    ]
    canonical = [
        invoice("03-02 09:00", "1250.50", "03-31", "in_1", subject=ACME, rep="ann"),
        paid("03-10 09:00", "1250.50", "in_1", subject=ACME),
    ]
    check_same("stripe", story, canonical)


def test_invoice_of_a_newer_version_is_paid_by_its_parts_alone() -> None:
    assert outcome("stripe", STORY[5].body).ignored == 1


@pytest.mark.parametrize(
    ("currency", "total", "amount"),
    [("jpy", 1250, "1250"), ("kwd", 1250500, "1250.500"), ("isk", 125000, "1250.00")],
)
def test_minor_units_are_those_of_stripe(currency: str, total: int, amount: str) -> None:
    thing = bill("in_1", total, currency=currency, charge=None)
    found = single("stripe", sent(1, "invoice.finalized", "03-02 09:00", thing).body)
    assert (found["amount"], found["currency"]) == (amount, currency.upper())


def test_invoice_that_is_charged_at_once_is_due_on_its_day() -> None:
    thing = bill("in_1", 100, due=None, charge=None)
    found = single("stripe", sent(1, "invoice.finalized", "03-02 09:00", thing).body)
    assert found["due"] == "2026-03-02"


def test_thin_event_about_an_invoice_is_a_dead_letter() -> None:
    thin = {"id": "evt_1", "object": "v2.core.event", "type": "v1.invoice.paid"}
    related = {"related_object": {"id": "in_1", "type": "invoice"}}
    (found,) = outcome("stripe", thin | related | {"created": "2026-03-02T09:00:00Z"}).unmapped
    assert found.reason.startswith("a thin event has no invoice in it")
