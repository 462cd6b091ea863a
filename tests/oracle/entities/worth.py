"""What an account is worth: all it was invoiced, and how much of its potential that is."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from tests.oracle.entities.facts import (
    Dimensions,
    Fact,
    Reporting,
    unpriced,
)
from tests.oracle.entities.invoices import Invoice, invoices_of
from tests.oracle.history.events import Event
from tests.oracle.history.money import round_half_up

YEAR_MS = 365 * 86_400_000


def worth_facts(account: str, events: Sequence[Event], reporting: Reporting) -> Iterator[Fact]:
    """List what one account adds to the KPIs of customers' worth."""
    invoices = invoices_of(account, events)
    yield from lifetime_value(invoices, reporting)
    yield from wallet_share(account, invoices, reporting)


def lifetime_value(invoices: Sequence[Invoice], reporting: Reporting) -> Iterator[Fact]:
    """Everything issued less credited, over the accounts; an account counts from its first issue.

    For a rep or a product, it counts from the first of the invoices that name them.
    """
    kpi = "customer_lifetime_value"
    counted = []
    for invoice in invoices:
        steps = value_steps(invoice, reporting)
        if steps is None:
            yield unpriced(kpi, invoice.issue.at)
            continue
        counted.append(invoice)
        for at, entry in steps:
            yield Fact(kpi, at, invoice.dimensions, {"numerator": entry})
    one = {"denominator": 1}
    if counted:
        yield Fact(kpi, min(it.issue.at for it in counted), {}, one, only_in=("all",))
    for dimension in ("rep", "product"):
        for value in {it.dimensions[dimension] for it in counted}:
            first = min(it.issue.at for it in counted if it.dimensions[dimension] == value)
            yield Fact(kpi, first, {dimension: value}, one, only_in=(dimension,))


def value_steps(invoice: Invoice, reporting: Reporting) -> list[tuple[int, int]] | None:
    """Give the changes of what was issued less credited; None where a rate is missing."""
    day = reporting.local_date(invoice.issue.at)
    balance = Fraction(0)
    steps = []
    for entry in invoice.entries:
        if entry.type == "invoice.paid":
            continue
        exact = reporting.rates.exact(entry.fields["amount"], entry.fields["currency"], day)
        if exact is None:
            return None
        before = round_half_up(balance)
        balance += exact if entry.type == "invoice.issued" else -exact
        steps.append((entry.at, round_half_up(balance) - before))
    return steps


def wallet_share(account: str, invoices: Sequence[Invoice], reporting: Reporting) -> Iterator[Fact]:
    """What was invoiced in the last 365 days, over the potential of an account that has one."""
    kpi = "wallet_share"
    dimensions: Dimensions = {"account": account}
    potential = potential_of(account, reporting)
    if potential is None or potential <= 0:
        return
    firsts = []
    for invoice in invoices:
        issue = invoice.issue
        day = reporting.local_date(issue.at)
        minor = reporting.rates.minor(issue.fields["amount"], issue.fields["currency"], day)
        if minor is None:
            yield unpriced(kpi, issue.at)
            continue
        firsts.append(issue.at)
        yield Fact(kpi, issue.at, dimensions, {"numerator": minor})
        yield Fact(kpi, issue.at + YEAR_MS, dimensions, {"numerator": -minor})
    if firsts:
        yield Fact(kpi, min(firsts), dimensions, {"denominator": potential})


def potential_of(account: str, reporting: Reporting) -> int | None:
    """Give what the account could buy in a year, at the rate of the day that was recorded."""
    known = reporting.accounts.get(account)
    amount, currency = (known.text(it) if known else None for it in ("potential", "currency"))
    if known is None or amount is None or currency is None:
        return None
    return reporting.rates.minor(amount, currency, reporting.local_date(known.at))
