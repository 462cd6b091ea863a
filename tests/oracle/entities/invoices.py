"""Money in: what each invoice of an account still owes, when it is overdue and what was paid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.oracle.entities.facts import (
    Fact,
    Level,
    Reporting,
    Standing,
    mean,
    unpriced,
)
from tests.oracle.history.events import (
    Event,
    histories,
    latest,
    since_last,
)
from tests.oracle.history.money import round_half_up


@dataclass(frozen=True)
class Entry:
    """What changes the balance of an invoice: its issue, a payment or a credit."""

    kind: str
    at: int
    amount: str
    currency: str | None

    @property
    def sign(self) -> int:
        """Whether it is owed more by it (1) or less (-1)."""
        return 1 if self.kind == "invoice.issued" else -1


@dataclass(frozen=True)
class Invoice:
    """An invoice that is issued and not voided, or issued again since.

    `issue` has the date of the first issue since the last void, with the latest amount;
    `entries` are the issue and all payments and credits, in order.
    """

    issue: Entry
    due: date
    dimensions: dict[str, str | None]
    entries: Sequence[Entry]

    @property
    def is_in_one_currency(self) -> bool:
        """Whether nothing has to be converted to compare."""
        return {entry.currency for entry in self.entries} == {self.issue.currency}


def invoice_facts(
    account: str, events: Sequence[Event], reporting: Reporting
) -> Iterator[Fact | Level]:
    """List what the invoices of one account add to the KPIs of money in."""
    for history in histories(events, "invoice"):
        yield from collected(account, history, reporting)
    for invoice in invoices_of(account, events, reporting):
        yield from owed(invoice, reporting)
        yield from days_to_pay(invoice, reporting)


def invoices_of(account: str, events: Sequence[Event], reporting: Reporting) -> list[Invoice]:
    """The invoices of an account that are issued and not voided."""
    found = [invoice_of(account, it, reporting) for it in histories(events, "invoice")]
    return [invoice for invoice in found if invoice is not None]


def invoice_of(account: str, history: Sequence[Event], reporting: Reporting) -> Invoice | None:
    """An invoice by its history; None unless it is issued since it was last voided."""
    issues = [it for it in since_last(history, "invoice.voided") if it.type == "invoice.issued"]
    if not issues:
        return None
    amount, due = latest(issues, "amount"), latest(issues, "due")
    assert amount is not None
    assert due is not None
    issue = Entry("invoice.issued", issues[0].at, amount, latest(issues, "currency"))
    entries = []
    for event in history:
        if event is issues[0]:
            entries.append(issue)
        elif event.type in ("invoice.paid", "invoice.credited"):
            amount = event.fields["amount"]
            entries.append(Entry(event.type, event.at, amount, event.text("currency")))
    dimensions = {
        "rep": latest(issues, "rep") or reporting.accounts.rep(account),
        "product": latest(issues, "product"),
        "account": account,
    }
    return Invoice(issue, date.fromisoformat(due), dimensions, entries)


def collected(account: str, history: Sequence[Event], reporting: Reporting) -> Iterator[Fact]:
    """Every payment counts when it is made, whatever became of the invoice.

    Its rep is that of the invoice as it was issued last: a void takes back what came before it
    once the invoice is issued again, and a void after that changes nothing of whose it was.
    """
    by = {"rep": latest(last_issues(history), "rep") or reporting.accounts.rep(account)}
    for paid in history:
        if paid.type != "invoice.paid":
            continue
        day = reporting.local_date(paid.at)
        minor = reporting.rates.minor(paid.fields["amount"], paid.text("currency"), day)
        if minor is None:
            yield unpriced("collected", paid.at)
        else:
            yield Fact("collected", paid.at, by, {"sum": minor})


def last_issues(history: Sequence[Event]) -> list[Event]:
    """The issues of an invoice since it was voided before the last one."""
    numbers = [number for number, it in enumerate(history) if it.type == "invoice.issued"]
    lived = since_last(history[: numbers[-1] + 1] if numbers else [], "invoice.voided")
    return [it for it in lived if it.type == "invoice.issued"]


def owed(invoice: Invoice, reporting: Reporting) -> Iterator[Fact | Level]:
    """What is owed, and what is owed too long."""
    day = reporting.local_date(invoice.issue.at)
    amounts = []
    for entry in invoice.entries:
        exact = reporting.rates.exact(entry.amount, entry.currency, day)
        if exact is None:
            yield from owed_unpriced(invoice, reporting)
            return
        amounts.append((entry.at, entry.sign * exact))
    balances = list(balances_of(amounts))
    yield Level(
        "receivables",
        [Standing(start, end, invoice.dimensions, {"level": it}) for start, end, it in balances],
    )
    begins = overdue_from(invoice, reporting)
    late = [(max(start, begins), end, balance) for start, end, balance in balances if balance > 0]
    owing = [
        Standing(start, end, invoice.dimensions, {"level": balance}) for start, end, balance in late
    ]
    yield Level("overdue", [standing for standing in owing if standing.is_real])


def balances_of(
    amounts: Sequence[tuple[int, Fraction]],
) -> Iterator[tuple[int, int | None, int]]:
    """Since when, until when and how much is owed, in rounded minor units."""
    instants = sorted({at for at, _ in amounts})
    for start, end in zip(instants, [*instants[1:], None], strict=True):
        balance = sum((amount for at, amount in amounts if at <= start), start=Fraction(0))
        yield start, end, round_half_up(balance)


def overdue_from(invoice: Invoice, reporting: Reporting) -> int:
    """When the invoice begins to be overdue: its due day is over, and it is issued."""
    return max(reporting.calendar.day_end(invoice.due), invoice.issue.at)


def owed_unpriced(invoice: Invoice, reporting: Reporting) -> Iterator[Fact]:
    """The invoice as unpriced, where its first step up would be."""
    yield unpriced("receivables", invoice.issue.at)
    begins = overdue_from(invoice, reporting)
    if not invoice.is_in_one_currency:
        # Whether anything is still owed is not known, so the step is taken to exist.
        yield unpriced("overdue", begins)
        return
    later = [entry.at for entry in invoice.entries if entry.at > begins]
    own = [(entry.at, entry.sign * Fraction(entry.amount)) for entry in invoice.entries]
    for instant in [begins, *later]:
        if sum(amount for at, amount in own if at <= instant) > 0:
            yield unpriced("overdue", instant)
            return


def days_to_pay(invoice: Invoice, reporting: Reporting) -> Iterator[Fact]:
    """From the issue to the first payment or credit that leaves nothing open."""
    settlements = [entry for entry in invoice.entries if entry is not invoice.issue]
    if not any(entry.kind == "invoice.paid" for entry in settlements):
        return
    remaining = comparable(invoice, invoice.issue, reporting)
    paid = [comparable(invoice, entry, reporting) for entry in settlements]
    if remaining is None or None in paid:
        return
    for settlement, amount in zip(settlements, paid, strict=True):
        assert amount is not None
        remaining -= amount
        if remaining <= 0:
            waited = max(0, settlement.at - invoice.issue.at)
            yield mean("days_to_pay", settlement.at, invoice.dimensions, waited)
            return


def comparable(invoice: Invoice, entry: Entry, reporting: Reporting) -> Fraction | None:
    """The amount in a currency that all entries share; None where a rate is missing."""
    if invoice.is_in_one_currency:
        return Fraction(entry.amount)
    day = reporting.local_date(invoice.issue.at)
    return reporting.rates.exact(entry.amount, entry.currency, day)
