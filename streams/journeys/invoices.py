"""An invoice of an account: issued, due, paid, credited."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from streams.engine.aggregate.entry import Entry
from streams.engine.algebra.money import Money, round_half_up
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.dimensions import Dimensions, dimensions
from streams.engine.catalogue.kpi import UNPRICED, Unpriced
from streams.events import (
    InvoiceCredited,
    InvoiceIssued,
    InvoicePaid,
    InvoiceVoided,
)

Step = tuple[int, int]


def _own(money: Money) -> Fraction | None:
    return Fraction(money.amount)


class LedgerEntry(NamedTuple):
    """What changes a balance: the issue (sign 1), or a payment or credit (sign -1)."""

    at: int
    sign: int
    money: Money
    is_payment: bool = False


class Invoice:
    """One invoice with its payments; one without an issue has payments only.

    Its balance is kept exact in the reporting currency at the rates of the issue date, so that
    an invoice paid in full leaves nothing behind, and rounded only where it is read.
    """

    dimensions: Dimensions

    def __init__(self, account: str, entries: Sequence[Entry], context: EvaluationContext) -> None:
        """Take the invoice's own entries, by (at, id), at least one."""
        self.name: str = entries[0].event.invoice  # type: ignore[attr-defined]  # the row sorted them
        self.context = context
        self.issued: int | None = None
        self._issue: InvoiceIssued | None = None
        self.payments: list[tuple[int, Money]] = []
        self._payments_and_credits: list[LedgerEntry] = []
        is_void = False
        for at, _, event in entries:
            if isinstance(event, InvoiceIssued):
                self.issued, self._issue = at, event
            elif isinstance(event, InvoiceVoided):
                is_void = True
            elif isinstance(event, (InvoicePaid, InvoiceCredited)):
                money = Money(event.amount, event.currency)
                is_payment = isinstance(event, InvoicePaid)
                self._payments_and_credits.append(LedgerEntry(at, -1, money, is_payment))
                if is_payment:
                    self.payments.append((at, money))
        self._insert_issue(entries)
        self.rep = self._issue.rep or "" if self._issue else ""
        self.product = self._issue.product or "" if self._issue else ""
        self.dimensions = dimensions(self.rep, product=self.product, account=account)
        self.is_owed = self._issue is not None and not is_void

    def _insert_issue(self, entries: Sequence[Entry]) -> None:
        """Put the issue among the moves where (at, id) wants it."""
        if self._issue is None or self.issued is None:
            return
        money = Money(self._issue.amount, self._issue.currency)
        before = 0
        for entry in entries:
            if entry.event is self._issue:
                break
            before += isinstance(entry.event, (InvoicePaid, InvoiceCredited))
        self._payments_and_credits.insert(before, LedgerEntry(self.issued, 1, money))

    def _exact(self, money: Money) -> Fraction | None:
        assert self.issued is not None  # noqa: S101 - for the type checker: callers asked is_owed
        minor = self.context.rates.minor(money, self.context.calendar.day(self.issued))
        return None if minor is None else Fraction(*minor)

    @property
    def _is_in_one_currency(self) -> bool:
        return len({move.money.currency for move in self._payments_and_credits}) == 1

    @cached_property
    def balances(self) -> list[Step] | Unpriced:
        """Instants, and the balance in minor units from each on, earliest first."""
        return self._running(self._payments_and_credits)

    @cached_property
    def billed(self) -> list[Step] | Unpriced:
        """Instants, and what was issued less credited in minor units from each on."""
        if not self.payments:
            return self.balances
        return self._running([move for move in self._payments_and_credits if not move.is_payment])

    def amount(self) -> int | Unpriced:
        """Give the amount issued in minor units."""
        assert self._issue is not None  # noqa: S101 - for the type checker: callers asked is_owed
        exact = self._exact(Money(self._issue.amount, self._issue.currency))
        return UNPRICED if exact is None else round_half_up(exact.numerator, exact.denominator)

    def _running(self, attribution: Sequence[LedgerEntry]) -> list[Step] | Unpriced:
        total, found = Fraction(0), []
        for at, sign, money, _ in attribution:
            exact = self._exact(money)
            if exact is None:
                return UNPRICED
            total += sign * exact
            found.append((at, round_half_up(total.numerator, total.denominator)))
        return found

    @property
    def due(self) -> int:
        """From when on what is unpaid is overdue: its due day has ended, and it was issued."""
        assert self._issue is not None  # noqa: S101 - for the type checker: callers asked is_owed
        assert self.issued is not None  # noqa: S101 - likewise
        return max(self.context.calendar.end_of(self._issue.due), self.issued)

    def overdue(self) -> Iterator[tuple[int, int | Unpriced]]:
        """Give (instant, change of the overdue amount in minor units), earliest first.

        Without rates only the first step is given, as unpriced, if anything is unpaid then.
        """
        steps = self._steps
        if steps is None:
            # Whether anything is left unpaid cannot be told; it is taken to be.
            yield self.due, UNPRICED
        elif not isinstance(self.balances, Unpriced):
            for at, step in steps:
                yield at, int(step)
        elif steps:
            yield steps[0][0], UNPRICED

    def unpaid(self) -> Iterator[tuple[int, int | None]]:
        """Give (instant, what is overdue from then on in minor units), earliest first.

        None: something is, but there is no rate to say how much.
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
        """Instants and changes of what is overdue, without rates in its own currency.

        None where it has several and no rates.
        """
        balances = self.balances
        if not isinstance(balances, Unpriced):
            return list(self._unpaid_steps(balances))
        return list(self._unpaid_steps(self._own_balances())) if self._is_in_one_currency else None

    def _own_balances(self) -> Sequence[tuple[int, Fraction]]:
        """Give balances in the invoice's own currency, where it has but one."""
        changes = (move.sign * Fraction(move.money.amount) for move in self._payments_and_credits)
        return list(
            zip((move.at for move in self._payments_and_credits), accumulate(changes), strict=True)
        )

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

        None unless some money came, and where a currency among several has no rate.
        """
        value = _own if self._is_in_one_currency else self._exact
        attribution = [
            (at, sign, value(money)) for at, sign, money, _ in self._payments_and_credits
        ]
        known = [(at, sign, amount) for at, sign, amount in attribution if amount is not None]
        if not self.payments or len(known) < len(attribution):
            return None
        owed = sum((amount for _, sign, amount in known if sign > 0), Fraction(0))
        for at, sign, amount in known:
            if sign < 0:
                owed -= amount
                if owed <= 0:
                    return at
        return None


def invoices(
    entries: Sequence[Entry], account: str, context: EvaluationContext
) -> Iterator[Invoice]:
    """Give an account's invoices from the entries of its invoices, by (at, id)."""
    own: dict[str, list[Entry]] = {}
    for entry in entries:
        own.setdefault(entry.event.invoice, []).append(entry)  # type: ignore[attr-defined]  # the topic says so
    for found in own.values():
        yield Invoice(account, found, context)
