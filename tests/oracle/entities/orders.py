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
    histories,
    latest,
    since_last,
)


@dataclass(frozen=True)
class Order:
    """An order that was placed and not cancelled, or placed again since."""

    name: str
    placed: int
    rep: str | None
    product: str | None
    promised: str | None
    delivered: int | None


def order_facts(account: str, events: Sequence[Event], reporting: Reporting) -> Iterator[Fact]:
    """List what the orders of one account add."""
    orders = orders_of(events, reporting.accounts.rep(account))
    for order in orders:
        yield from delivery(order, reporting)
    yield from gaps(orders, {"account": account}, ("all", "account"))
    for product in sorted({order.product for order in orders if order.product}):
        of_product = [order for order in orders if order.product == product]
        yield from gaps(of_product, {"product": product}, ("product",))


def orders_of(events: Sequence[Event], account_rep: str | None) -> list[Order]:
    """An account's orders in the order they were placed; at one instant, by their ids."""
    found = []
    for history in histories(events, "order"):
        live = since_last(history, "order.cancelled")
        placed = [event for event in live if event.type == "order.placed"]
        if not placed:
            continue
        deliveries = [event.at for event in history if event.type == "order.delivered"]
        order = Order(
            name=placed[0].fields["order"],
            placed=placed[0].at,
            rep=latest(placed, "rep") or account_rep,
            product=latest(placed, "product"),
            promised=latest(placed, "promised"),
            delivered=min(deliveries, default=None),
        )
        found.append(order)
    return sorted(found, key=lambda order: (order.placed, order.name))


def delivery(order: Order, reporting: Reporting) -> Iterator[Fact]:
    """A promise is kept if the order came before the promised day was over."""
    if order.promised is None or order.delivered is None:
        return
    dimensions = {"rep": order.rep, "product": order.product}
    over = reporting.calendar.day_end(date.fromisoformat(order.promised))
    yield share("on_time_delivery", order.delivered, dimensions, order.delivered < over)


def gaps(
    orders: Sequence[Order], dimensions: Dimensions, only_in: tuple[str, ...]
) -> Iterator[Fact]:
    """The time from each order to the next."""
    for i in range(1, len(orders)):
        at = orders[i].placed
        parts = {"sum": at - orders[i - 1].placed, "count": 1}
        yield Fact("reorder_interval", at, dimensions, parts, only_in=only_in)
