"""Money in: what each invoice of an account still owes, when it is overdue and what was paid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.oracle.entities.facts import (
    Fact,
    Reporting,
    mean,
    step,
    unpriced,
)
from tests.oracle.history.events import (
    Event,
    histories,
    last_of,
)
from tests.oracle.history.money import round_half_up


@dataclass(frozen=True)
class Invoice:
    """An invoice that is issued and not voided; `entries` are its issue, payments and credits."""

    account: str
    issue: Event
    entries: Sequence[Event]

    @property
    def dimensions(self) -> dict[str, str | None]:
        """The dimensions of what the invoice owes."""
        return {
            "rep": self.issue.text("rep"),
            "product": self.issue.text("product"),
            "account": self.account,
        }

    @property
    def settlements(self) -> list[Event]:
        """The payments and credits, in order."""
        return [entry for entry in self.entries if entry.type != "invoice.issued"]

    @property
    def is_in_one_currency(self) -> bool:
        """Tell whether nothing has to be converted to compare."""
        return {entry.fields["currency"] for entry in self.entries} == {
            self.issue.fields["currency"]
        }


def invoice_facts(account: str, events: Sequence[Event], reporting: Reporting) -> Iterator[Fact]:
    """List what the invoices of one account add to the KPIs of money in."""
    for history in histories(events, "invoice"):
        yield from collected(history, issue_of(history), reporting)
    for invoice in invoices_of(account, events):
        yield from owed(invoice, reporting)
        yield from days_to_pay(invoice, reporting)


def invoices_of(account: str, events: Sequence[Event]) -> list[Invoice]:
    """Read the invoices of an account that are issued and not voided."""
    found = []
    for history in histories(events, "invoice"):
        issue = issue_of(history)
        if issue is None or any(event.type == "invoice.voided" for event in history):
            continue
        payments = [e for e in history if e.type in ("invoice.paid", "invoice.credited")]
        entries = sorted([issue, *payments], key=lambda event: event.order)
        found.append(Invoice(account, issue, entries))
    return found


def issue_of(history: Sequence[Event]) -> Event | None:
    """Give the issue that stands: the last one."""
    return last_of(event for event in history if event.type == "invoice.issued")


def collected(
    history: Sequence[Event], issue: Event | None, reporting: Reporting
) -> Iterator[Fact]:
    """Every payment counts when it is made, whatever became of the invoice."""
    by = {"rep": issue.text("rep") if issue else None}
    for paid in history:
        if paid.type != "invoice.paid":
            continue
        day = reporting.local_date(paid.at)
        minor = reporting.rates.minor(paid.fields["amount"], paid.fields["currency"], day)
        if minor is None:
            yield unpriced("collected", paid.at)
        else:
            yield Fact("collected", paid.at, by, {"sum": minor})


def owed(invoice: Invoice, reporting: Reporting) -> Iterator[Fact]:
    """The steps of what is owed, and of what is owed too long."""
    day = reporting.local_date(invoice.issue.at)
    amounts: list[tuple[Event, Fraction]] = []
    for entry in invoice.entries:
        exact = reporting.rates.exact(entry.fields["amount"], entry.fields["currency"], day)
        if exact is None:
            yield from owed_unpriced(invoice, reporting)
            return
        amounts.append((entry, signed(entry, exact)))
    yield from receivable_steps(invoice, amounts)
    yield from overdue_steps(invoice, amounts, overdue_from(invoice, reporting))


def signed(entry: Event, amount: Fraction) -> Fraction:
    """Owed more by the issue, less by a payment or a credit."""
    return amount if entry.type == "invoice.issued" else -amount


def overdue_from(invoice: Invoice, reporting: Reporting) -> int:
    """Find when the invoice begins to be overdue: its due day is over, and it is issued."""
    due = date.fromisoformat(invoice.issue.fields["due"])
    return max(reporting.calendar.day_end(due), invoice.issue.at)


def receivable_steps(invoice: Invoice, amounts: list[tuple[Event, Fraction]]) -> Iterator[Fact]:
    """One step for each move: the change of the rounded balance, 0 included."""
    balance = Fraction(0)
    for entry, amount in amounts:
        before = round_half_up(balance)
        balance += amount
        change = round_half_up(balance) - before
        yield step("receivables", entry.at, invoice.dimensions, change)


def overdue_steps(
    invoice: Invoice, amounts: list[tuple[Event, Fraction]], begins: int
) -> Iterator[Fact]:
    """What is owed at the beginning, then each change of what is owed; no steps of 0."""
    balance = sum((amount for entry, amount in amounts if entry.at <= begins), start=Fraction(0))
    owing = max(0, round_half_up(balance))
    if owing != 0:
        yield step("overdue", begins, invoice.dimensions, owing)
    for entry, amount in amounts:
        if entry.at <= begins:
            continue
        balance += amount
        change = max(0, round_half_up(balance)) - owing
        owing += change
        if change != 0:
            yield step("overdue", entry.at, invoice.dimensions, change)


def owed_unpriced(invoice: Invoice, reporting: Reporting) -> Iterator[Fact]:
    """Count the invoice as unpriced, where its first step up would be."""
    yield unpriced("receivables", invoice.issue.at)
    begins = overdue_from(invoice, reporting)
    if not invoice.is_in_one_currency:
        # Whether anything is still owed cannot be told, so the step is taken to exist.
        yield unpriced("overdue", begins)
        return
    later = [entry.at for entry in invoice.entries if entry.at > begins]
    for instant in [begins, *later]:
        own_amounts = [(entry, Fraction(entry.fields["amount"])) for entry in invoice.entries]
        if sum(signed(entry, amount) for entry, amount in own_amounts if entry.at <= instant) > 0:
            yield unpriced("overdue", instant)
            return


def days_to_pay(invoice: Invoice, reporting: Reporting) -> Iterator[Fact]:
    """From the issue to the first payment or credit that leaves nothing open."""
    if not any(entry.type == "invoice.paid" for entry in invoice.settlements):
        return
    day = reporting.local_date(invoice.issue.at)
    amounts: list[tuple[Event, Fraction]] = []
    for entry in [invoice.issue, *invoice.settlements]:
        amount = comparable(invoice, entry, day, reporting)
        if amount is None:
            return
        amounts.append((entry, amount))
    remaining = amounts[0][1]
    for settlement, amount in amounts[1:]:
        remaining -= amount
        if remaining <= 0:
            duration = settlement.at - invoice.issue.at
            yield mean("days_to_pay", settlement.at, invoice.dimensions, duration)
            return


def comparable(invoice: Invoice, entry: Event, day: date, reporting: Reporting) -> Fraction | None:
    """Give the amount in a currency that all moves share; None where a rate is missing."""
    if invoice.is_in_one_currency:
        return Fraction(entry.fields["amount"])
    return reporting.rates.exact(entry.fields["amount"], entry.fields["currency"], day)
