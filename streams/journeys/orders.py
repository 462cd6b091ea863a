"""Orders of an account: placed, promised, delivered."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from streams.engine.aggregate.entry import Entry
from streams.engine.catalogue.context import EvaluationContext
from streams.engine.catalogue.dimensions import Dimensions, dimensions
from streams.events import (
    OrderCancelled,
    OrderDelivered,
    OrderPlaced,
)


class Order(Struct, frozen=True, gc=False):
    """An order that is not cancelled; instants in ms, None where there is none.

    `promise_ends` is the end of the promised day in the reporting zone.
    """

    name: str
    placed: int
    delivered: int | None
    promise_ends: int | None
    product: str
    dimensions: Dimensions


def orders(entries: Sequence[Entry], account: str, context: EvaluationContext) -> Iterator[Order]:
    """Give an account's orders, earliest first, those of one instant by name."""
    placed: dict[str, tuple[int, OrderPlaced]] = {}
    delivered: dict[str, int] = {}
    cancelled: set[str] = set()
    for at, _, event in entries:
        if isinstance(event, OrderPlaced):
            placed[event.order] = (at, event)
        elif isinstance(event, OrderDelivered):
            delivered.setdefault(event.order, at)
        elif isinstance(event, OrderCancelled):
            cancelled.add(event.order)
    for at, name, event in sorted((at, name, event) for name, (at, event) in placed.items()):
        if name not in cancelled:
            product = event.product or ""
            yield Order(
                name,
                at,
                delivered.get(name),
                context.calendar.end_of(event.promised) if event.promised else None,
                product,
                dimensions(event.rep or "", product=product, account=account),
            )
