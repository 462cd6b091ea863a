"""An account with its invoices, orders and tickets."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from streams.engine.aggregate.entry import Entry
from streams.engine.algebra.money import Money
from streams.engine.calendars.calendar import milliseconds
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.dimensions import NO_OWN, Dimensions, OwnValues, dimensions
from streams.engine.catalogue.kpi import UNPRICED, Unpriced
from streams.engine.catalogue.patched_records import AccountRecord
from streams.events import SubjectMerged
from streams.journeys.invoices import Invoice, invoices
from streams.journeys.orders import Order, orders
from streams.journeys.own_values import first_custom, own_values
from streams.journeys.tickets import (
    Ticket,
    risk,
    tickets,
)


class Account:
    """One account with its invoices, orders and tickets, from entries in their order.

    What it does not know itself it knows of the accounts merged into it, the first merged first.
    """

    dimensions: Dimensions

    def __init__(self, account: str, entries: Sequence[Entry], context: EvaluationContext) -> None:
        self.context = context
        topics: dict[str, list[Entry]] = {}
        merges: list[tuple[int, str, str]] = []
        for entry in entries:
            event = entry.event
            if type(event) is SubjectMerged:
                merges.append((entry.at, entry.order, event.subject))
            else:
                topics.setdefault(event.topic, []).append(entry)
        self._records = [*_records(account, merges, context)]
        self._rep = next((record.rep for record in self._records if record.rep), "")
        self.dimensions = dimensions(account=account, own=self._own_values())
        # What its invoices, orders and tickets have without values of their own.
        usual = self.dimensions.with_rep(self._rep)
        self.invoices: list[Invoice] = list(invoices(topics.get("crm.invoice", ()), usual, context))
        self.orders: list[Order] = list(orders(topics.get("crm.order", ()), usual, context))
        self.tickets: list[Ticket] = tickets(topics.get("crm.ticket", ()), usual)

    def _own_values(self) -> OwnValues:
        if not self.context.definitions.own_dimensions:
            return NO_OWN
        custom = first_custom([record.custom for record in self._records])
        return own_values(self.context.definitions, {"account": custom})

    @cached_property
    def potential(self) -> int | Unpriced | None:
        """What it could buy in a year, in minor units at the rate of its record's date.

        None where it is not known.
        """
        record = next((record for record in self._records if record.potential), None)
        if record is None or not record.potential:
            return None
        if not record.currency:
            return UNPRICED
        day = self.context.calendar.day(milliseconds(record.at))
        minor = self.context.rates.priced(Money(record.potential, record.currency), day)
        return UNPRICED if minor is None else minor

    @property
    def owner(self) -> str:
        """Its rep, else the rep of the latest ticket that names one."""
        return self._rep or next((it.rep for it in reversed(self.tickets) if it.rep), "")

    def risk(self) -> Iterator[tuple[int, int]]:
        """Give (instant, 1 or -1) whenever its churn risk begins or ends."""
        definitions = self.context.definitions
        return risk(self.tickets, definitions.churn_weights, definitions.churn_threshold)

    def reorders(self) -> Iterator[tuple[int, int, str]]:
        """Give (instant, gap in ms, product) of each order after another.

        Once for the gap to the order before (product ""), and once for the gap to the one before
        of the same product.
        """
        of: dict[str, list[int]] = {}
        for order in self.orders:
            for product in ("", order.product) if order.product else ("",):
                of.setdefault(product, []).append(order.placed)
        for product, instants in of.items():
            for before, at in pairwise(instants):
                yield at, at - before, product


def _records(
    account: str, merges: Iterable[tuple[int, str, str]], context: EvaluationContext
) -> Iterator[AccountRecord]:
    """What is known of an account, then of those merged into it, the first merged first.

    Merges as instant, order and pseudonym.
    """
    own = context.accounts.get(account)
    if own is not None:
        yield own
    losers = [
        (at, order, *found)
        for at, order, pseudonym in merges
        if (found := context.accounts.merged(pseudonym)) is not None
    ]
    # Of two merges with one time and id the greater subject's is the later.
    for _, _, _, record in sorted(losers, key=lambda loser: loser[:3]):
        yield record
