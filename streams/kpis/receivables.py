"""What is owed, what is late, what came in?"""

from collections.abc import Iterator

from streams.engine.algebra.measures import (
    LEVEL,
    SPREAD,
    SUM,
)
from streams.engine.catalogue.kpi import (
    UNPRICED,
    Fact,
    Unpriced,
    kpi,
)
from streams.journeys import Invoice
from streams.journeys.invoices import balance_steps


@kpi(
    "receivables",
    measure=LEVEL,
    unit="money",
    scopes=("rep", "team", "account"),
    better="lower",
    formula="issued − paid − credited",
    source="accounts receivable, accounting's term",
)
def receivables(invoice: Invoice) -> Iterator[Fact[int]]:
    """Issued less paid and credited, voided invoices left out; at the issue date's rate."""
    if invoice.issued is None or not invoice.is_owed:
        return
    balances = invoice.balances
    if isinstance(balances, Unpriced):
        yield Fact(invoice.issued, UNPRICED)
        return
    for at, step in balance_steps(balances):
        yield Fact(at, step)


@kpi(
    "overdue",
    measure=LEVEL,
    unit="money",
    scopes=("rep", "team", "account"),
    better="lower",
    formula="unpaid part of invoices past their due day",
    source="past-due receivables, accounting's term",
)
def overdue(invoice: Invoice) -> Iterator[Fact[int]]:
    """What is unpaid of an invoice once its due day has ended in the reporting zone."""
    if invoice.is_owed:
        for at, step in invoice.overdue():
            yield Fact(at, step)


@kpi(
    "collected",
    measure=SUM,
    unit="money",
    scopes=("rep", "team"),
    formula="sum of payments",
    source="cash collections, accounting's term",
)
def collected(invoice: Invoice) -> Iterator[Fact[int]]:
    """Money that came in, at the rate of the day it came."""
    for at, money in invoice.payments:
        minor = invoice.context.rates.priced(money, invoice.context.calendar.day(at))
        yield Fact(at, UNPRICED if minor is None else minor)


@kpi(
    "days_to_pay",
    measure=SPREAD,
    unit="ms",
    scopes=("rep", "team", "account"),
    better="lower",
    formula="mean, p50, p90 of (full payment − issue)",
    source=(
        "average days to pay, accounting's term: per invoice what days sales outstanding (DSO)"
        " is for the total"
    ),
)
def days_to_pay(invoice: Invoice) -> Fact[int] | None:
    """From an invoice's issue until payments and credits covered it.

    An invoice that was paid before it was issued took no time.
    """
    paid = invoice.paid_in_full() if invoice.is_owed else None
    if paid is None or invoice.issued is None:
        return None
    return Fact(paid, max(0, paid - invoice.issued))
