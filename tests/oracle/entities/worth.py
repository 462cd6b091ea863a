"""What an account is worth: all it was invoiced, and how much of its potential that is."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from tests.oracle.entities.facts import (
    Dimensions,
    Fact,
    Level,
    Reporting,
    Standing,
    unpriced,
)
from tests.oracle.entities.invoices import Invoice, balances_of, invoices_of
from tests.oracle.history.events import Event

YEAR_MS = 365 * 86_400_000


def worth_facts(
    account: str, events: Sequence[Event], reporting: Reporting
) -> Iterator[Fact | Level]:
    """List what one account adds to the KPIs of customers' worth."""
    invoices = invoices_of(account, events, reporting)
    yield from lifetime_value(invoices, reporting)
    yield from wallet_share(account, invoices, reporting)


def lifetime_value(invoices: Sequence[Invoice], reporting: Reporting) -> Iterator[Fact | Level]:
    """Everything issued less credited, over the accounts; an account counts from its first issue.

    For a rep or a product, it counts from the first of the invoices that name them.
    """
    kpi = "customer_lifetime_value"
    counted = []
    for invoice in invoices:
        amounts = value_of(invoice, reporting)
        if amounts is None:
            yield unpriced(kpi, invoice.issue.at)
            continue
        counted.append(invoice)
        standings = [
            Standing(start, end, invoice.dimensions, {"numerator": value})
            for start, end, value in balances_of(amounts)
        ]
        yield Level(kpi, standings)
    if counted:
        yield account_from(kpi, counted, {}, "all")
    for dimension in ("rep", "product"):
        for name in {it.dimensions[dimension] for it in counted}:
            of_name = [it for it in counted if it.dimensions[dimension] == name]
            yield account_from(kpi, of_name, {dimension: name}, dimension)


def account_from(
    kpi: str, invoices: Sequence[Invoice], dimensions: Dimensions, dimension: str
) -> Level:
    """One account more, from the first of its invoices on."""
    first = min(invoice.issue.at for invoice in invoices)
    return Level(kpi, [Standing(first, None, dimensions, {"denominator": 1})], (dimension,))


def value_of(invoice: Invoice, reporting: Reporting) -> list[tuple[int, Fraction]] | None:
    """What was issued less what was credited, and when; None where a rate is missing."""
    day = reporting.local_date(invoice.issue.at)
    amounts = []
    for entry in invoice.entries:
        if entry.kind != "invoice.paid":
            exact = reporting.rates.exact(entry.amount, entry.currency, day)
            if exact is None:
                return None
            amounts.append((entry.at, entry.sign * exact))
    return amounts


def wallet_share(
    account: str, invoices: Sequence[Invoice], reporting: Reporting
) -> Iterator[Fact | Level]:
    """What was invoiced in the last 365 days, over the potential of an account that has one."""
    kpi = "wallet_share"
    dimensions: Dimensions = {"account": account}
    known = reporting.accounts.potential(account)
    if known is None or not invoices:
        return
    amount, currency, at = known
    potential = reporting.rates.minor(amount, currency, reporting.local_date(at))
    if potential is None:
        yield unpriced(kpi, min(invoice.issue.at for invoice in invoices))
        return
    if potential <= 0:
        return
    firsts = []
    for invoice in invoices:
        issue = invoice.issue
        day = reporting.local_date(issue.at)
        minor = reporting.rates.minor(issue.amount, issue.currency, day)
        if minor is None:
            yield unpriced(kpi, issue.at)
            continue
        firsts.append(issue.at)
        end = issue.at + YEAR_MS
        yield Level(kpi, [Standing(issue.at, end, dimensions, {"numerator": minor})])
    if firsts:
        parts = {"denominator": potential}
        yield Level(kpi, [Standing(min(firsts), None, dimensions, parts)])
