"""An invoice of an account: issue, due day, payments, credits."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from streams.engine.aggregate.entry import Entry, latest
from streams.engine.algebra.money import Money, round_half_up
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.dimensions import Dimensions
from streams.engine.catalogue.kpi import UNPRICED, Unpriced
from streams.events import (
    InvoiceCredited,
    InvoiceIssued,
    InvoicePaid,
    InvoiceVoided,
)

Step = tuple[int, int]


def _own_amount(money: Money) -> Fraction | None:
    return Fraction(money.amount)


class BalanceChange(NamedTuple):
    """A change of a balance: the issue (sign 1), a payment or a credit (sign -1)."""

    at: int
    sign: int
    money: Money
    is_payment: bool = False


def balance_steps(balances: Iterable[Step]) -> Iterator[Step]:
    """The steps of a balance in minor units, from its values; it begins with one, be it of 0."""
    before: int | None = None
    for at, balance in balances:
        if balance != before:
            yield at, balance - (before or 0)
        before = balance


class Invoice:
    """One invoice from its own entries, in their order; without an issue it has payments only.

    Issued again after it was voided it is owed again. It was issued when it first was since then;
    what later issues carry holds from that instant on.

    Its balance is exact, in the reporting currency at the rates of the issue date, and rounded
    only where it is read: an invoice paid in full leaves no remainder.
    """

    dimensions: Dimensions

    def __init__(
        self, usual: Dimensions, entries: Sequence[Entry], context: EvaluationContext
    ) -> None:
        """`usual` are the account's dimensions with its rep, for an invoice that names none."""
        self.name: str = entries[0].event.invoice  # type: ignore[attr-defined]  # its account sorted them
        self.context = context
        self.payments: list[tuple[int, Money]] = []
        self._changes: list[BalanceChange] = []
        issues: list[Entry] = []
        is_void = False
        for entry in entries:
            at, event = entry.at, entry.event
            if isinstance(event, InvoiceIssued):
                if is_void:
                    issues.clear()
                    is_void = False
                issues.append(entry)
            elif isinstance(event, InvoiceVoided):
                is_void = True
            elif isinstance(event, (InvoicePaid, InvoiceCredited)):
                money = Money(event.amount, event.currency)
                is_payment = isinstance(event, InvoicePaid)
                self._changes.append(BalanceChange(at, -1, money, is_payment))
                if is_payment:
                    self.payments.append((at, money))
        self.issued: int | None = issues[0].at if issues else None
        self._issue: InvoiceIssued | None = issues[-1].event if issues else None  # type: ignore[assignment]  # see above
        if issues:
            self._insert_issue(entries, issues[0])
        last = self._issue
        # Nearly all name them in their last issue.
        self.rep = (last and last.rep) or latest(issues, "rep") or usual.values[0]
        self.product = (last and last.product) or latest(issues, "product")
        self.dimensions = usual.with_rep_and_product(self.rep, self.product)
        self.is_owed = bool(issues) and not is_void

    def _insert_issue(self, entries: Sequence[Entry], first: Entry) -> None:
        """Insert the amount among the changes, where the invoice was first issued."""
        assert self._issue is not None  # noqa: S101 - for the type checker: there is a first issue
        before = 0
        for entry in entries:
            if entry is first:
                break
            before += isinstance(entry.event, (InvoicePaid, InvoiceCredited))
        money = Money(self._issue.amount, self._issue.currency)
        self._changes.insert(before, BalanceChange(first.at, 1, money))

    def _exact(self, money: Money) -> Fraction | None:
        assert self.issued is not None  # noqa: S101 - for the type checker: callers asked is_owed
        minor = self.context.rates.minor(money, self.context.calendar.day(self.issued))
        return None if minor is None else Fraction(*minor)

    @property
    def _is_in_one_currency(self) -> bool:
        return len({change.money.currency for change in self._changes}) == 1

    @cached_property
    def balances(self) -> list[Step] | Unpriced:
        """The balance in minor units from each instant on, earliest first, each instant once."""
        return self._running(self._changes)

    @cached_property
    def billed(self) -> list[Step] | Unpriced:
        """Issued less credited, in minor units, from each instant on."""
        if not self.payments:
            return self.balances
        return self._running([change for change in self._changes if not change.is_payment])

    def amount(self) -> int | Unpriced:
        """Give the amount issued in minor units."""
        assert self._issue is not None  # noqa: S101 - for the type checker: callers asked is_owed
        exact = self._exact(Money(self._issue.amount, self._issue.currency))
        return UNPRICED if exact is None else round_half_up(exact.numerator, exact.denominator)

    def _running(self, changes: Sequence[BalanceChange]) -> list[Step] | Unpriced:
        total = Fraction(0)
        found: dict[int, int] = {}
        for at, sign, money, _ in changes:
            exact = self._exact(money)
            if exact is None:
                return UNPRICED
            total += sign * exact
            # The last one of an instant: what is taken back at once was never owed.
            found[at] = round_half_up(total.numerator, total.denominator)
        return list(found.items())

    @property
    def due(self) -> int:
        """The instant from which the unpaid part is overdue; not before the issue."""
        assert self._issue is not None  # noqa: S101 - for the type checker: callers asked is_owed
        assert self.issued is not None  # noqa: S101 - likewise
        return max(self.context.calendar.end_of(self._issue.due), self.issued)

    def overdue(self) -> Iterator[tuple[int, int | Unpriced]]:
        """Give (instant, change of the overdue amount in minor units), earliest first.

        Without rates only the first step is given, as unpriced, if there is an unpaid part.
        """
        steps = self._steps
        if steps is None:
            # Without rates the unpaid part is unknown, and assumed.
            yield self.due, UNPRICED
        elif not isinstance(self.balances, Unpriced):
            for at, step in steps:
                yield at, int(step)
        elif steps:
            yield steps[0][0], UNPRICED

    def unpaid(self) -> Iterator[tuple[int, int | None]]:
        """Give (instant, overdue amount from then on in minor units), earliest first.

        None: an amount is overdue, but it has no rate.
        """
        steps = self._steps
        if steps is None:
            yield self.due, None
            return
        is_priced = not isinstance(self.balances, Unpriced)
        unpaid: int | Fraction = 0
        for at, step in steps:
            unpaid += step
            yield at, int(unpaid) if is_priced or not unpaid else None

    @cached_property
    def _steps(self) -> list[tuple[int, int | Fraction]] | None:
        """Instants and changes of the overdue amount; without rates, in its own currency.

        None where it has several currencies and no rates.
        """
        balances = self.balances
        if not isinstance(balances, Unpriced):
            return list(self._unpaid_steps(balances))
        return list(self._unpaid_steps(self._own_balances())) if self._is_in_one_currency else None

    def _own_balances(self) -> Sequence[tuple[int, Fraction]]:
        """Give balances in the invoice's own currency, if it has only one."""
        changes = (change.sign * Fraction(change.money.amount) for change in self._changes)
        instants = (change.at for change in self._changes)
        return list(dict(zip(instants, accumulate(changes), strict=True)).items())

    def _unpaid_steps(
        self, balances: Sequence[tuple[int, int | Fraction]]
    ) -> Iterator[tuple[int, int | Fraction]]:
        due = self.due
        running: int | Fraction = 0
        at_due = [balance for at, balance in balances if at <= due]
        later = [(at, balance) for at, balance in balances if at > due]
        for at, balance in [(due, at_due[-1] if at_due else 0), *later]:
            unpaid = max(0, balance)
            if unpaid != running:
                yield at, unpaid - running
            running = unpaid

    def paid_in_full(self) -> int | None:
        """Give when payments and credits first covered the amount.

        None without a payment, and where one of several currencies has no rate.
        """
        value = _own_amount if self._is_in_one_currency else self._exact
        amounts = [(at, sign, value(money)) for at, sign, money, _ in self._changes]
        known = [(at, sign, amount) for at, sign, amount in amounts if amount is not None]
        if not self.payments or len(known) < len(amounts):
            return None
        owed = sum((amount for _, sign, amount in known if sign > 0), Fraction(0))
        for at, sign, amount in known:
            if sign < 0:
                owed -= amount
                if owed <= 0:
                    return at
        return None


def invoices(
    entries: Sequence[Entry], usual: Dimensions, context: EvaluationContext
) -> Iterator[Invoice]:
    """Give an account's invoices from the entries of its invoices, in their order."""
    own: dict[str, list[Entry]] = {}
    for entry in entries:
        own.setdefault(entry.event.invoice, []).append(entry)  # type: ignore[attr-defined]  # the topic says so
    for found in own.values():
        yield Invoice(usual, found, context)
