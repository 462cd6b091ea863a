"""An account with its invoices, orders and tickets."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from streams.engine.aggregate.entry import Entry
from streams.engine.algebra.money import Money
from streams.engine.calendars.calendar import milliseconds
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.dimensions import Dimensions, dimensions
from streams.journeys.invoices import Invoice, invoices
from streams.journeys.orders import Order, orders
from streams.journeys.tickets import (
    Ticket,
    risk,
    tickets,
)


class Account:
    """One account with its invoices, orders and tickets, from entries by (at, id)."""

    dimensions: Dimensions

    def __init__(self, account: str, entries: Sequence[Entry], context: EvaluationContext) -> None:
        self.context = context
        self.dimensions = dimensions(account=account)
        self._record = context.accounts.get(account)
        self._rep = (self._record.rep or "") if self._record else ""
        topics: dict[str, list[Entry]] = {}
        for entry in entries:
            topics.setdefault(entry.event.topic, []).append(entry)
        self.invoices: list[Invoice] = list(
            invoices(topics.get("crm.invoice", ()), account, context)
        )
        self.orders: list[Order] = list(orders(topics.get("crm.order", ()), account, context))
        self.tickets: list[Ticket] = tickets(topics.get("crm.ticket", ()), account, self._rep)

    @cached_property
    def potential(self) -> int | None:
        """What it could buy in a year, in minor units at the rate of its record's date.

        None where it is not known or has no rate.
        """
        record = self._record
        if record is None or record.potential is None or record.currency is None:
            return None
        day = self.context.calendar.day(milliseconds(record.at))
        return self.context.rates.priced(Money(record.potential, record.currency), day)

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
