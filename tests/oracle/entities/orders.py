"""Orders of an account: whether they came when promised, and how long until the next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from tests.oracle.entities.facts import (
    Dimensions,
    Fact,
    Reporting,
    share,
)
from tests.oracle.history.events import (
    Event,
    first_of,
    histories,
    last_of,
)


@dataclass(frozen=True)
class Order:
    """An order that was placed and not cancelled."""

    name: str
    placed: Event
    delivered: int | None

    @property
    def product(self) -> str | None:
        """What was ordered; None where it does not say."""
        return self.placed.text("product") or None


def order_facts(account: str, events: Sequence[Event], reporting: Reporting) -> Iterator[Fact]:
    """List what the orders of one account add."""
    orders = orders_of(events)
    for order in orders:
        yield from delivery(order, reporting)
    yield from gaps(orders, {"account": account}, ("all", "account"))
    for product in sorted({order.product for order in orders if order.product}):
        of_product = [order for order in orders if order.product == product]
        yield from gaps(of_product, {"product": product}, ("product",))


def orders_of(events: Sequence[Event]) -> list[Order]:
    """Read an account's orders in the order they were placed; at one instant, by their ids."""
    found = []
    for history in histories(events, "order"):
        placed = last_of(event for event in history if event.type == "order.placed")
        if placed is None or any(event.type == "order.cancelled" for event in history):
            continue
        delivered = first_of(event for event in history if event.type == "order.delivered")
        found.append(
            Order(placed.fields["order"], placed, delivered.at if delivered else None),
        )
    return sorted(found, key=lambda order: (order.placed.at, order.name))


def delivery(order: Order, reporting: Reporting) -> Iterator[Fact]:
    """A promise is kept if the order came before the promised day was over."""
    promised = order.placed.text("promised")
    if promised is None or order.delivered is None:
        return
    dimensions = {"rep": order.placed.text("rep"), "product": order.product}
    over = reporting.calendar.day_end(date.fromisoformat(promised))
    yield share("on_time_delivery", order.delivered, dimensions, order.delivered < over)


def gaps(
    orders: Sequence[Order], dimensions: Dimensions, only_in: tuple[str, ...]
) -> Iterator[Fact]:
    """The time from each order to the next."""
    for i in range(1, len(orders)):
        at = orders[i].placed.at
        parts = {"sum": at - orders[i - 1].placed.at, "count": 1}
        yield Fact("reorder_interval", at, dimensions, parts, only_in=only_in)
