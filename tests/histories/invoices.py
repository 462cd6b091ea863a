"""Invoices of an account, paid in full, in parts, late, in other money or never."""

from datetime import timedelta
from decimal import Decimal

from tests.histories.reference import PRODUCTS
from tests.histories.scribe import (
    CURRENCIES,
    DAY_MS,
    EPOCH,
    EventDict,
    Scribe,
)


def add_invoice(scribe: Scribe, account: str, invoice: str, rep: str | None) -> None:
    """Tell the whole story of one invoice."""
    issued = scribe.moment()
    currency = scribe.currency()
    amount = scribe.amount(currency)
    due = (
        EPOCH + timedelta(milliseconds=issued) + timedelta(days=scribe.random.choice((-1, 14, 30)))
    )
    fields: EventDict = {
        "invoice": invoice,
        "amount": amount,
        "currency": currency,
        "due": due.date().isoformat(),
    }
    if rep is not None:
        fields["rep"] = rep
    if scribe.chance(0.7):
        fields["product"] = scribe.random.choice(PRODUCTS)
    if not scribe.chance(0.02):
        scribe.write("invoice.issued", account, issued, fields)
    if scribe.chance(0.04):
        again = {**fields, "amount": scribe.amount(currency)}
        scribe.write("invoice.issued", account, scribe.after(issued, DAY_MS), again)
    add_settlement(scribe, account, issued, fields)
    if scribe.chance(0.04):
        voided = scribe.after(issued, 10 * DAY_MS)
        scribe.write("invoice.voided", account, voided, {"invoice": invoice})


def add_settlement(scribe: Scribe, account: str, issued: int, invoice: EventDict) -> None:
    """Pay the invoice: at once, in parts, too little, too much, or before it was issued."""
    at = issued - 2 * DAY_MS if scribe.chance(0.03) else issued
    remaining = Decimal(invoice["amount"])
    smallest = Decimal(1).scaleb(-CURRENCIES[invoice["currency"]][0])
    for payment in range(scribe.random.choices((0, 1, 2, 3), (20, 50, 20, 10))[0]):
        part = remaining if payment or scribe.chance(0.6) else remaining * Decimal("0.4")
        part = part.quantize(smallest)
        if payment and scribe.chance(0.3):
            part += smallest
        remaining -= part
        at = scribe.after(at, 15 * DAY_MS)
        fields: EventDict = {
            "invoice": invoice["invoice"],
            "amount": str(part),
            "currency": invoice["currency"],
        }
        if scribe.chance(0.06):
            fields["currency"] = scribe.currency()
            fields["amount"] = scribe.amount(fields["currency"])
        kind = "invoice.credited" if scribe.chance(0.12) else "invoice.paid"
        scribe.write(kind, account, at, fields)
